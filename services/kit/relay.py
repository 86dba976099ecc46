"""Outbox -> Kafka: in order per key, at least once, by one leader at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pymongo import UpdateOne

from services.kit import logs, metrics, points
from services.kit.clock import Now
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX, pending

log = logs.get("kit.relay")


class Publisher(Protocol):
    """Sends events; keeps the order of the events of one key."""

    async def publish(self, events: Sequence[Mapping[str, Any]]) -> list[BaseException | None]:
        """Hand events to the broker, in order; for each None (acknowledged) or why not."""
        ...


@dataclass
class Relay:
    """Finds waiting events, publishes them, marks them sent after the broker's acknowledgement.

    A crash between the two sends an event again: consumers know its id. A paused leader that wakes up after another
    took over may repeat events too, with the same ids.
    """

    mongo: Mongo
    publisher: Publisher
    lease: Lease
    now: Now
    batch: int = 100
    """Outbox documents a round; each holds up to 200 events."""
    busy_pause_s: float = 0.05
    idle_pause_s: float = 0.2
    failed_pause_s: float = 1.0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _failed: bool = False
    _arrived: set[str] = field(default_factory=set)
    """Acknowledged events of documents that are not yet sent whole."""

    def wake(self) -> None:
        """Something was written just now: do not wait for the next poll. (The poll stays the truth.)"""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`; called as a background loop of the worker."""
        pause = self.idle_pause_s
        while not stop.is_set():
            if self.lease.held:
                sent = await self.once()
                pause = self.busy_pause_s if sent else min(self.idle_pause_s, pause * 2)
                if self._failed:
                    await asyncio.sleep(self.failed_pause_s)
                elif sent >= self.batch:
                    continue
            await self._sleep(pause)

    async def once(self) -> int:
        """Send what waits, at most one batch. Returns: outbox documents acknowledged."""
        waiting = await pending(self.mongo, self.batch)
        if not waiting or not self.lease.held:
            return 0
        events = [event for document in waiting for event in document["events"]]
        results = await self._publish(events)
        failures = [error for error in results if error is not None]
        if failures:
            reason = type(failures[0]).__name__
            metrics.count("relay_failures_total", len(failures), reason=reason)
            log.warning("relay.publish_failed", events=len(failures), error=reason)
        sent = acknowledged(waiting, results)
        if sent:
            await points.reached("relay-after-publish")
            await self._mark(sent)
            await points.reached("relay-after-mark")
        self._failed = bool(failures)
        marked = {event["id"] for document in sent for event in document["events"]}
        arrived = {event["id"] for event, error in zip(events, results, strict=True) if error is None}
        self._arrived = arrived - marked
        return len(sent)

    async def _publish(self, events: Sequence[Mapping[str, Any]]) -> list[BaseException | None]:
        """Publish what has not arrived yet: beside one event that fails, its neighbours are not sent again and again.

        Only events before the first failure of their key are left out; behind it, order asks for the repeat.
        """
        behind: set[tuple[str, bytes | None]] = set()
        todo = []
        for event in events:
            place = (event["topic"], event["key"])
            if event["id"] not in self._arrived:
                behind.add(place)
            if place in behind:
                todo.append(event)
        answers = dict(zip((event["id"] for event in todo), await self.publisher.publish(todo), strict=True))
        return [answers.get(event["id"]) for event in events]

    async def _mark(self, sent: Sequence[Mapping[str, Any]]) -> None:
        at = self.now()
        marks = [UpdateOne({"_id": d["_id"]}, {"$set": {"sent_at": at}, "$unset": {"pending": ""}}) for d in sent]
        await self.mongo.collection(OUTBOX).bulk_write(marks, ordered=False)
        for document in sent:
            for event in document["events"]:
                metrics.count("outbox_sent_total", topic=event["topic"])

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        self._wake.clear()


def acknowledged(
    waiting: Sequence[Mapping[str, Any]], results: Sequence[BaseException | None]
) -> list[Mapping[str, Any]]:
    """Documents to mark sent: those without a failed event and without one of a key that failed before it. A document
    that stays is sent again whole, so that the order within a key holds; what arrived already is dropped by its id."""
    failed_keys: set[tuple[str, bytes | None]] = set()
    answers = iter(results)
    sent = []
    for document in waiting:
        good = True
        for event in document["events"]:
            place = (event["topic"], event["key"])
            if next(answers) is not None:
                failed_keys.add(place)
            good = good and place not in failed_keys
        if good:
            sent.append(document)
        else:
            failed_keys.update((event["topic"], event["key"]) for event in document["events"])
    return sent
