"""Trying the records of a parked key: which of them can be applied now, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.problems import Invalid, Missing, NotYet, Refused
from services.kit.batch import BUG, cause_of
from services.kit.consumer import Consumer
from services.kit.decoding import Decoded, Poison, decode, event_id
from services.kit.errors import Stale, Unavailable
from services.kit.failures import stored_record
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.kit.replies import Rejection, Settled, answer
from services.kit.work import Item, Work, decide_all

LOOK_AHEAD = 20
"""How many records of one key are tried for the one that its head waits for."""
Row = dict[str, Any]
"""A parked record. One of a dead letter that is applied again has `letter` and `operation`."""


class Undecodable(Invalid):
    """A parked record that this release cannot read."""


class Skipped(Missing):
    """An operator drops the record."""

    def __init__(self, by: str, operation: str) -> None:
        words = "Người vận hành đã xem và bỏ qua lệnh này. Hãy liên hệ người vận hành."
        super().__init__("skipped-by-operator", words)
        self.detail = f"{by}, operation {operation}"
        """For the dead letter and its copy on Kafka: the reason stays with the operation, nobody wrote it for readers
        of a topic."""


@dataclass(frozen=True)
class Tried:
    """What came of trying a parked record."""

    row: Row
    item: Decoded | Poison
    error: Exception | None = None
    result: Any = None
    ours: bool = True
    """False: this release does nothing about such messages."""
    skipped: bool = False

    @property
    def of_letter(self) -> bool:
        return "letter" in self.row

    @property
    def taken(self) -> str | None:
        """Its event id; the inbox knows it since it was parked."""
        envelope = self.item.envelope
        return None if envelope is None else event_id(envelope)

    @property
    def slug(self) -> str:
        return self.error.slug if isinstance(self.error, Refused) else BUG

    @property
    def detail(self) -> str:
        if isinstance(self.error, Skipped):
            return self.error.detail
        return self.error.message if isinstance(self.error, Refused) else type(self.error).__name__


@dataclass(frozen=True)
class Trying:
    """Tries records with the rules of one consumer."""

    mongo: Mongo
    consumer: Consumer

    async def first_that_can(self, work: Work, rows: Sequence[Row]) -> Tried:
        """The head; but while it waits for a fact, the first behind it that need not wait: it may be that fact.

        Order is promised per topic and source only: an agency's action may be read before the dossier it acts on, and
        a broker that lost its log is filled again by two services, each in its own order. Behind a closed head the
        fact would wait for ever. What changes nothing is no such fact and keeps its place: a withdrawal finds no case
        to withdraw as long as the head has not opened it. A letter that fails there keeps its place too: it may only
        be early.
        """
        first: Tried | None = None
        for row in rows[:LOOK_AHEAD]:
            tried = await self._apply(work, row)
            idle = first is not None and tried.error is None and tried.ours and not work.has_changes
            early = first is not None and tried.of_letter and tried.error is not None
            if not idle and not early and not isinstance(tried.error, NotYet):
                return tried
            first = first or tried
        assert first is not None
        return first

    def skipped(self, row: Row) -> Tried:
        """A record that an operator drops: nobody tries it."""
        error = Skipped(row["skip"]["by"], row["skip"]["operation"])
        return Tried(row, decode(stored_record(row)), error, skipped=True)

    def is_settled(self, tried: Tried) -> bool:
        """Whether it need not wait any more: applied, dropped, unreadable, or refused for good.

        A command that is now refused for good becomes a dead letter, as it would have been at once. A letter goes back
        to the dead ones whatever it is refused for, also a bug: before somebody tried it, nobody waited behind it.
        """
        error = tried.error
        if error is None or tried.skipped or isinstance(error, Undecodable):
            return True
        if isinstance(error, Refused):
            return not error.retryable and (tried.of_letter or tried.row["topic"] in self.consumer.command_topics)
        return tried.of_letter

    def answer(self, work: Work, tried: Tried) -> None:
        """What waited is settled now: who sent it hears of it. Who was told that a letter's command is refused hears
        no second refusal, but hears when it is done after all."""
        item, reply = tried.item, self.consumer.reply
        if reply is None or not tried.ours or item.envelope is None or (tried.of_letter and tried.error is not None):
            return
        if item.record.topic not in self.consumer.command_topics:
            return
        message = item.message if isinstance(item, Decoded) else None
        rejection = Rejection(tried.error.slug, tried.error.message) if isinstance(tried.error, Refused) else None
        answer(work, reply, Settled(item.record, item.envelope, message, tried.result, rejection))

    async def _apply(self, work: Work, row: Row) -> Tried:
        item = decode(stored_record(row))
        if isinstance(item, Poison):
            # Parked by a newer release and then rolled back, say: this one cannot read it, so a person must.
            return Tried(row, item, Undecodable(item.slug, item.detail))
        decision = self.consumer.decision_for(item)
        if decision is None:
            return Tried(row, item, ours=False)
        try:
            [result] = await decide_all(self.mongo, work, [Item(decision, cause_of(item))], Exception)
        except Exception as error:  # noqa: BLE001 - what the decision needs cannot even be loaded: as good as refused
            result = error
        if isinstance(result, PyMongoError | Stale | Unavailable):
            raise result  # says nothing about the record
        return Tried(row, item, result) if isinstance(result, Exception) else Tried(row, item, result=result)
