"""Kafka -> state: decode each record, decide each, ONE transaction with the fence and the inbox, then Kafka's commit.

What makes the effect happen once, whatever is redelivered:
- the fence `<group>/<topic>@<epoch>/<partition>` holds the next offset and moves in the same transaction as the state:
  a record below it is done, and a zombie with an old fence aborts;
- the inbox holds the ids of applied events: a relay that sends a row twice makes two offsets, one effect.
The commit to Kafka is only a hint where to read on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Message
from services.kit import logs, metrics, points, telemetry
from services.kit.batch import FENCES, BadRecordLimit, Batch, Group, Repeated, Unsplit, fence_id
from services.kit.clock import Now
from services.kit.decoding import Decoded, decode
from services.kit.errors import DocumentRefused, Stale
from services.kit.kafka import LogLost, Partition, Record
from services.kit.lost_logs import Below, Ends, Replaced, mark, too_short
from services.kit.mongo import Mongo, Session, transact
from services.kit.replies import Reply
from services.kit.store import Ref
from services.kit.work import Decision, Work

log = logs.get("kit.consumer")
MOST_TOGETHER = 500
MOST_COMMANDS_TOGETHER = 128
COMMANDS_HOLD_S = 0.1
"""So long commands hold what people's requests want (a counter's running number): a request that loses against them is
begun anew within its second."""
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
class Pace:
    """How many records share a transaction: ever more while that goes well, far fewer after a lost race."""

    size: int
    most: int
    hold_s: float = math.inf
    """How long one may take; a machine that is busy elsewhere takes fewer together."""

    def held(self, records: int, seconds: float) -> None:
        """A transaction of so many was committed."""
        if seconds > self.hold_s:
            self.size = max(1, min(self.size, records) * 3 // 4)
        elif records >= self.size and seconds <= self.hold_s / 2:
            self.size = min(self.most, self.size + max(1, self.size // 4))

    def lost(self, records: int) -> None:
        """A long transaction loses every conflict against short ones (a clerk's request on one of its dossiers)."""
        self.size = max(1, records // 4)


def _commands() -> Pace:
    return Pace(16, MOST_COMMANDS_TOGETHER, COMMANDS_HOLD_S)


def _facts() -> Pace:
    return Pace(64, MOST_TOGETHER)


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
    log_ends: Ends | None = None
    """Asked where records below a fence come; None: the broker does not tell where its log ends."""
    progress_at: float = field(default_factory=time.monotonic)
    """When something new was last applied, or a batch came to its end. What is delivered again in front of a record
    that cannot be applied is neither, however often it passes."""
    _facts: Pace = field(default_factory=_facts)
    _commands: Pace = field(default_factory=_commands)

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch. Returns only when its effects are committed.

        Raises: FailStop: too many bad records. LogLost: these partitions are to be left alone. Stale, Unavailable:
            nothing was applied, deliver it again.
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
            await self._in_parts(facts, self._facts)
            await self._in_parts(commands, self._commands)
        self.progress_at = time.monotonic()
        metrics.observe("batch_seconds", time.monotonic() - started, topic=topic)
        metrics.observe("batch_records", len(records), topic=topic)

    async def _in_parts(self, records: list[Record], pace: Pace) -> None:
        left = records
        while left:
            part, left = left[: pace.size], left[pace.size :]
            started = time.monotonic()
            try:
                fresh = await self._apply_part(part)
            except (Stale, Unsplit, DocumentRefused):
                if len(part) == 1:
                    raise
                # Fewer together until it gets through, then slowly more again.
                pace.lost(len(part))
                left = part + left
            else:
                now = time.monotonic()
                self.progress_at = now if fresh else self.progress_at
                pace.held(len(part), now - started)

    async def _apply_part(self, records: Sequence[Record]) -> bool:
        """Returns: whether anything of it was new."""
        known = False
        reaches: dict[Partition, int] = {}
        while True:
            try:
                return await self._apply(records, known=known, reaches=reaches)
            except Repeated:
                known = True
            except Below as below:
                await self._give_up(await too_short(self.log_ends, below.fences) if self.log_ends else {})
                reaches |= below.fences
            except Replaced as lost:
                await self._give_up(dict.fromkeys(lost.places))

    async def _give_up(self, places: Mapping[Partition, int | None]) -> None:
        """Raises: LogLost, where there are any."""
        if places:
            ids = {fence_id(self.group, place, self.epoch): end for place, end in places.items()}
            await mark(self.mongo, FENCES, ids, self.now())
            raise LogLost(places)

    async def _apply(self, records: Sequence[Record], *, known: bool, reaches: Mapping[Partition, int]) -> bool:
        decoded = [decode(record) for record in records]
        # Made once: attempts of the transaction may repeat, and a handler may have opened a sealed box.
        decisions = {id(item): self.decision_for(item) for item in decoded if isinstance(item, Decoded)}

        group = Group(
            self.group, self.source, self.epoch, self.command_topics, self.limit, self.reply,
            reaches=None if self.log_ends is None else reaches,
        )  # fmt: skip

        async def body(session: Session) -> Batch:
            batch = Batch(group, self.mongo, session, self.now(), decisions)
            await batch.run(decoded, look_up_inbox=known)
            await points.reached("consumer-before-commit")
            return batch

        await points.reached("consumer-before-transaction")
        batch = await transact(self.mongo, body, attempts=ATTEMPTS if len(records) > 1 else ATTEMPTS_ALONE)
        await points.reached("consumer-after-commit")
        batch.report()
        if batch.work.has_events:
            self.on_events()
        return batch.fresh

    def decision_for(self, item: Decoded) -> Decision[Any] | None:
        handler = self.handlers.get(type(item.message))
        try:
            return handler(item.message, item.envelope) if handler else None
        except Exception as error:  # noqa: BLE001 - a bug with one message parks its key, never the partition
            return Refusal(error)
