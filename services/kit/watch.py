"""A worker looks at itself every few seconds: pause, lag, outbox; for health, metrics and the document that tells the
APIs, which have no connection to Kafka."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pymongo
from pymongo import ASCENDING, IndexModel

from services.kit import logs, metrics
from services.kit.batch import FENCES, fence_id
from services.kit.consumer import Consumer
from services.kit.kafka import KafkaUnreachable, Partition, Subscription, coordinator_answers
from services.kit.lease import Lease
from services.kit.leased_loop import pause as wait
from services.kit.lost_logs import mark
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.kit.outbox import OUTBOX
from services.kit.pauses import Pause, pause_of
from services.kit.settings import Settings
from services.kit.vitals import Vitals

WORKERS = "workers"
GONE_AFTER_S = 15.0
"""A worker whose document is older is no more."""
INDEXES: Mapping[str, tuple[IndexModel, ...]] = {
    WORKERS: (IndexModel([("at", ASCENDING)], name="ttl", expireAfterSeconds=86_400),)
}
MOST_COUNTED = 1000
CALL_S = 3.0
UNKNOWN = float("nan")
log = logs.get("kit.watch")


def wall() -> datetime:
    """The machines' time, which a demonstration does not move."""
    return datetime.now(UTC)


@dataclass
class Watch:
    """One worker's look at itself."""

    process: str
    mongo: Mongo
    consumer: Consumer
    subscription: Subscription
    lease: Lease
    settings: Settings
    every_s: float = 3.0
    pause_every_s: float = 1.0
    held: Pause | None = None
    lags: Mapping[Partition, int | None] = field(default_factory=dict)
    _started_at: datetime = field(default_factory=wall)

    def __post_init__(self) -> None:
        self.limits = self.settings.health
        self.vitals = Vitals(self.limits)
        self._ends: Mapping[Partition, int] = {}
        self._next: Mapping[Partition, int] = {}
        self._lost: Mapping[Partition, int | None] = {}
        """Assigned partitions whose log is not the one that was read, and where it ends."""

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`. An engine that is away leaves what it would have told unknown."""
        looked_at = 0.0
        while not stop.is_set():
            with suppress(PyMongoError):
                await self.look_for_pause()
            if time.monotonic() - looked_at >= self.every_s:
                await self.look()
                looked_at = time.monotonic()
            await wait(stop, self.pause_every_s)
        with suppress(PyMongoError), pymongo.timeout(CALL_S):
            await self.mongo.collection(WORKERS).delete_one({"_id": self.lease.holder})

    async def look_for_pause(self) -> None:
        """Hold the consumer, or let it go, as the database says. Raises: PyMongoError: it stays as it is."""
        with pymongo.timeout(CALL_S):
            held = await pause_of(self.mongo, self.consumer.group)
        if (held is None) != (self.held is None):
            log.info("consumer.paused" if held else "consumer.resumed", group=self.consumer.group)
        self.held = held
        self.subscription.pause(held is not None)
        metrics.gauge("consumer_paused", float(held is not None))

    async def look(self) -> None:
        """One round."""
        await self._see_lag()
        await self._see_membership()
        await self._see_outbox()
        with suppress(PyMongoError), pymongo.timeout(CALL_S):
            what = self.told()
            await self.mongo.collection(WORKERS).update_one({"_id": self.lease.holder}, {"$set": what}, upsert=True)

    async def _see_lag(self) -> None:
        assigned = self.subscription.assigned
        topics = {topic.name for topic in self.subscription.topics}
        try:
            # The fences first: a log that is the one they stand in cannot end below them then.
            fences = await self._fences(assigned)
            self._ends = await self.subscription.ends()
            await self._mark_lost(fences)
        except (KafkaUnreachable, PyMongoError):
            self.lags = dict.fromkeys(assigned)
            self.vitals.saw_lag(None, paused=self.held is not None, progress_at=self.consumer.progress_at)
            for topic in topics:
                metrics.gauge("consumer_lag", UNKNOWN, topic=topic)
            metrics.gauge("consumer_idle_seconds", UNKNOWN)
            return
        self._next = self._read_to(fences)
        self.lags = {place: self._lag(place) for place in assigned}
        known = [lag for lag in self.lags.values() if lag is not None]
        self.vitals.saw_lag(sum(known), paused=self.held is not None, progress_at=self.consumer.progress_at)
        for topic in topics:
            waiting = sum(lag or 0 for (name, _), lag in self.lags.items() if name == topic)
            metrics.gauge("consumer_lag", float(waiting), topic=topic)
        metrics.gauge("consumer_partitions", float(len(assigned)))
        metrics.gauge("consumer_idle_seconds", self.vitals.idle_s)

    def _lag(self, place: Partition) -> int | None:
        if place not in self._ends:
            return None  # assigned just now
        return max(0, self._ends[place] - self._next.get(place, 0))

    async def _fences(self, assigned: frozenset[Partition]) -> dict[Partition, dict[str, Any]]:
        ids = {self._fence_id(place): place for place in assigned}
        with pymongo.timeout(CALL_S):
            found = self.mongo.collection(FENCES).find({"_id": {"$in": list(ids)}})
            return {ids[fence["_id"]]: fence async for fence in found}

    def _fence_id(self, place: Partition) -> str:
        return fence_id(self.consumer.group, place, self.consumer.epoch)

    async def _mark_lost(self, fences: Mapping[Partition, Mapping[str, Any]]) -> None:
        """A log that is empty again gives nothing that the consumer could notice."""
        short = {}
        if self.settings.kafka.tells_ends:
            ends = self._ends
            short = {place: ends[place] for place in fences.keys() & ends if ends[place] < fences[place]["next"]}
        for_long = self.vitals.saw_short_logs(short)
        with pymongo.timeout(CALL_S):
            await mark(self.mongo, FENCES, {self._fence_id(place): short[place] for place in for_long}, wall())
        self._lost = {place: fence["lost_end"] for place, fence in fences.items() if "lost_at" in fence}
        self.subscription.leave_alone(self._lost)

    def _read_to(self, fences: Mapping[Partition, Mapping[str, Any]]) -> dict[Partition, int]:
        """The next offset by the fences. Where no batch is under way the member's own place counts too: compaction and
        retention leave gaps at the end that no batch ever moves a fence over."""
        read_to = {place: int(fence["next"]) for place, fence in fences.items()}
        if not self.subscription.pulse.in_hand:
            for place, position in self.subscription.positions().items():
                read_to[place] = max(read_to.get(place, 0), position)
        return read_to

    async def _see_membership(self) -> None:
        rejoining = self.subscription.rejoining
        answers = rejoining and await coordinator_answers(
            self.settings.kafka.bootstrap, self.consumer.group, (self.subscription.topics[0].name, 0)
        )
        self.vitals.saw_rejoining(rejoining, coordinator_answers=answers)

    async def _see_outbox(self) -> None:
        """Every worker looks, though only who leads sends: where nobody leads, somebody must see it grow."""
        depth, age = UNKNOWN, UNKNOWN
        try:
            with pymongo.timeout(CALL_S):
                depth, age = await self._outbox()
            self.vitals.saw_outbox(age)
        except PyMongoError:
            self.vitals.saw_outbox(None)
        metrics.gauge("outbox_pending", depth)
        metrics.gauge("outbox_oldest_seconds", age)

    async def _outbox(self) -> tuple[float, float]:
        outbox = self.mongo.collection(OUTBOX)
        depth = await outbox.count_documents({"pending": True}, limit=MOST_COUNTED)
        oldest = outbox.find({"pending": True}, {"created_at": 1}).sort("_id", ASCENDING).limit(1)
        age = [(self.consumer.now() - document["created_at"]).total_seconds() async for document in oldest]
        return depth, max(0.0, *age) if age else 0.0

    def told(self) -> dict[str, Any]:
        """This worker as the APIs show it."""
        pulse = self.subscription.pulse
        since = pulse.batch_since
        return {
            "process": self.process,
            "host": platform.node(),
            "version": version("motcua"),
            "group": self.consumer.group,
            "epoch": self.consumer.epoch,
            "leads": self.lease.held,
            "paused": self.held is not None,
            "assigned": [
                {"topic": topic, "partition": number, "next": self._next.get((topic, number)),
                 "end": self._ends.get((topic, number)), "lag": self.lags.get((topic, number))}
                for topic, number in sorted(self.subscription.assigned)
            ],
            "batch_s": None if since is None else round(time.monotonic() - since, 1),
            "progress_s": round(time.monotonic() - self.consumer.progress_at, 1),
            "idle_s": round(self.vitals.idle_s, 1),
            "rebalances": pulse.rebalances,
            "offset_commits_failing_s": round(pulse.commits.lasts_s(self.limits.commits_s), 1),
            "started_at": self._started_at,
            "at": wall(),
        }  # fmt: skip

    # --- checks, for services.kit.health ---

    async def consumer_goes_on(self) -> None:
        """Raises: RuntimeError."""
        pulse = self.subscription.pulse
        _complain(
            self.vitals.stuck(),
            self.vitals.batch_without_end(pulse.batch_since, self.consumer.progress_at),
        )

    async def offsets_are_committed(self) -> None:
        """Raises: RuntimeError."""
        pulse = self.subscription.pulse
        failing = pulse.commits.lasts_s(self.limits.commits_s)
        _complain(self.vitals.offsets_not_committed(failing, pulse.committing_since))

    async def logs_are_those_read_before(self) -> None:
        """Raises: RuntimeError."""
        _complain(*(self._lost_words(*place) for place in sorted(self._lost)))

    def _lost_words(self, topic: str, number: int) -> str:
        end = self._lost[topic, number]
        what = "holds other records" if end is None else f"ended at {end}"
        read = self._next.get((topic, number))
        more = f" (and {len(self._lost) - 1} more)" if len(self._lost) > 1 else ""
        return f"kafka-log-lost: {topic}/{number}{more} {what}, though {read} were read; waits for a new KAFKA_EPOCH"

    async def outbox_drains(self) -> None:
        """Raises: RuntimeError."""
        _complain(self.vitals.outbox_grows())

    async def member_lives(self) -> None:
        """Raises: RuntimeError."""
        idle = self.subscription.pulse.since_poll_s() if self.subscription.joined else 0.0
        _complain(self.vitals.poll_loop_dead(idle), self.vitals.rejoin_pending())

    def note(self) -> str:
        """What is no illness and good to know. Nothing of who or why: this is shown without a key."""
        if self.held is not None:
            return f"paused by hand since {self.held['since']:%Y-%m-%dT%H:%M:%SZ}"
        if self.subscription.joined and not self.subscription.assigned:
            return "no partitions: another worker of the group has them all"
        return ""


def _complain(*wrong: str) -> None:
    for words in wrong:
        if words:
            raise RuntimeError(words)
