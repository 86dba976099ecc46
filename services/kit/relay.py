"""Outbox -> Kafka: in order per key, at least once, by one leader at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pymongo import UpdateOne

from services.kit import logs, metrics
from services.kit.clock import Now
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX, pending_rows

log = logs.get("kit.relay")


class Publisher(Protocol):
    """Sends rows; keeps the order of the rows of one key."""

    async def publish(self, rows: Sequence[Mapping[str, Any]]) -> list[BaseException | None]:
        """Hand rows to the broker, in order; for each row None (acknowledged) or why not."""
        ...


@dataclass
class Relay:
    """Finds waiting rows, publishes them, marks them sent after the broker's acknowledgement.

    A crash between the two sends a row again: consumers know the event id. A paused leader that wakes up after another
    took over may repeat rows too, with the same ids.
    """

    mongo: Mongo
    publisher: Publisher
    lease: Lease
    now: Now
    batch: int = 500
    busy_pause_s: float = 0.05
    idle_pause_s: float = 0.2
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

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
                if sent >= self.batch:
                    continue
            await self._sleep(pause)

    async def once(self) -> int:
        """Send what waits, at most one batch. Returns: rows acknowledged."""
        rows = await pending_rows(self.mongo, self.batch)
        metrics.gauge("outbox_pending", len(rows))
        metrics.gauge("outbox_oldest_seconds", _age(rows, self.now()))
        if not rows or not self.lease.held:
            return 0
        results = await self.publisher.publish(rows)
        sent = _acknowledged(rows, results)
        if len(sent) < len(rows):
            failure = next(error for error in results if error is not None)
            metrics.count("relay_failures_total", len(rows) - len(sent), reason=type(failure).__name__)
            log.warning("relay.publish_failed", rows=len(rows) - len(sent), error=type(failure).__name__)
        if sent:
            await self._mark(sent)
        return len(sent)

    async def _mark(self, sent: Sequence[Mapping[str, Any]]) -> None:
        at = self.now()
        marks = [UpdateOne({"_id": row["_id"]}, {"$set": {"sent_at": at}, "$unset": {"pending": ""}}) for row in sent]
        await self.mongo.collection(OUTBOX).bulk_write(marks, ordered=False)
        for row in sent:
            metrics.count("outbox_sent_total", topic=row["topic"])

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        self._wake.clear()


def _acknowledged(
    rows: Sequence[Mapping[str, Any]], results: Sequence[BaseException | None]
) -> list[Mapping[str, Any]]:
    """Rows to mark sent: after the first failure of a key all its later rows stay, so that order is kept on resend."""
    failed_keys: set[tuple[str, bytes]] = set()
    sent = []
    for row, error in zip(rows, results, strict=True):
        place = (row["topic"], row["key"])
        if error is not None:
            failed_keys.add(place)
        elif place not in failed_keys:
            sent.append(row)
    return sent


def _age(rows: Sequence[Mapping[str, Any]], now: datetime) -> float:
    return max(0.0, (now - rows[0]["created_at"]).total_seconds()) if rows else 0.0
