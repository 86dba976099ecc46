"""Kafka -> state: decode each record, decide each, ONE transaction with the fence and the inbox, then Kafka's commit.

What makes the effect happen once, whatever is redelivered:
- the fence `<group>/<topic>@<epoch>/<partition>` holds the next offset and moves in the same transaction as the state:
  a record below it is done, and a zombie with an old fence aborts;
- the inbox holds the ids of applied events: a relay that sends a row twice makes two offsets, one effect.
The commit to Kafka is only a hint where to read on.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Message
from services.kit import logs, metrics, telemetry
from services.kit.batch import BadRecordLimit, Batch, Group, Repeated, Unsplit
from services.kit.clock import Now
from services.kit.decoding import Decoded, decode
from services.kit.errors import DocumentRefused, Stale
from services.kit.kafka import Record
from services.kit.mongo import Mongo, Session, transact
from services.kit.replies import Reply
from services.kit.store import Ref
from services.kit.work import Decision, Work

log = logs.get("kit.consumer")
MOST_TOGETHER = 500
MOST_COMMANDS_TOGETHER = 16
ATTEMPTS = 3
"""Of one part of a batch; after that the part is made smaller."""
ATTEMPTS_ALONE = 12
Handler = Callable[[Any, Envelope], "Decision[Any] | None"]
"""Makes the decision for a message; None: nothing to do for us."""


@dataclass(frozen=True)
class Refusal:
    """The decision of a handler that could not even read its message."""

    error: Exception

    def needs(self) -> Iterable[Ref]:
        return ()

    def decide(self, work: Work, now: datetime) -> None:
        raise self.error


@dataclass
class Consumer:
    """One consumer group of one service."""

    group: str
    mongo: Mongo
    source: str
    now: Now
    handlers: Mapping[type[Message], Handler]
    command_topics: frozenset[str] = frozenset()
    """Topics of partners' commands: a refused command is a dead letter with its slug. On event topics it parks its key:
    the fact has happened, and only its order can be wrong."""
    epoch: str = "0"
    limit: BadRecordLimit = field(default_factory=BadRecordLimit)
    reply: Reply | None = None
    """Answers partners' commands, each in the transaction of its effect."""
    on_events: Callable[[], None] = lambda: None
    before: Callable[[], Awaitable[None]] | None = None
    """Called before each batch, for what handlers must know at once."""
    last_batch_at: float = field(default_factory=time.monotonic)
    _together: int = 64

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch. Returns only when its effects are committed.

        Raises: FailStop: too many bad records. Stale, Unavailable: nothing was applied, deliver it again.
        """
        if not records:
            return
        started = time.monotonic()
        topic = records[0].topic
        if self.before is not None:
            await self.before()
        with telemetry.span("consume", topic=topic, records=len(records)):
            commands = [record for record in records if record.topic in self.command_topics]
            facts = [record for record in records if record.topic not in self.command_topics]
            # Order is promised within a partition, so the two may go one after the other. Commands meet people's
            # requests at the same documents (a counter's running number): short transactions make them rarely wait.
            await self._in_parts(facts, MOST_TOGETHER)
            await self._in_parts(commands, MOST_COMMANDS_TOGETHER)
        self.last_batch_at = time.monotonic()
        metrics.observe("batch_seconds", self.last_batch_at - started, topic=topic)
        metrics.observe("batch_records", len(records), topic=topic)

    async def _in_parts(self, records: list[Record], most: int) -> None:
        left = records
        while left:
            size = min(most, self._together)
            part, left = left[:size], left[size:]
            try:
                await self._apply_part(part)
            except (Stale, Unsplit, DocumentRefused):
                if len(part) == 1:
                    raise
                # A long transaction loses every conflict against short ones (a clerk's request on one of its
                # dossiers): take fewer records together until it gets through, then slowly more again.
                self._together = max(1, len(part) // 4)
                left = part + left
            else:
                self._together = min(MOST_TOGETHER, self._together + max(1, self._together // 4))

    async def _apply_part(self, records: Sequence[Record]) -> None:
        try:
            await self._apply(records, known=False)
        except Repeated:
            await self._apply(records, known=True)

    async def _apply(self, records: Sequence[Record], *, known: bool) -> None:
        decoded = [decode(record) for record in records]
        # Made once: attempts of the transaction may repeat, and a handler may have opened a sealed box.
        decisions = {id(item): self.decision_for(item) for item in decoded if isinstance(item, Decoded)}

        group = Group(self.group, self.source, self.epoch, self.command_topics, self.limit, self.reply)

        async def body(session: Session) -> Batch:
            batch = Batch(group, self.mongo, session, self.now(), decisions)
            await batch.run(decoded, look_up_inbox=known)
            return batch

        batch = await transact(self.mongo, body, attempts=ATTEMPTS if len(records) > 1 else ATTEMPTS_ALONE)
        batch.report()
        if batch.work.has_events:
            self.on_events()

    def decision_for(self, item: Decoded) -> Decision[Any] | None:
        handler = self.handlers.get(type(item.message))
        try:
            return handler(item.message, item.envelope) if handler else None
        except Exception as error:  # noqa: BLE001 - a bug with one message parks its key, never the partition
            return Refusal(error)
