"""What a group member does right now, as health and metrics need it; FastStream shows none of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from services.kit import logs, metrics
from services.kit.kafka.record import Partition
from services.kit.streaks import Streak

log = logs.get("kit.kafka")


@dataclass
class Pulse:
    """Signs of life of one member; times by the monotonic clock."""

    paused: bool = False
    lost: set[Partition] = field(default_factory=set)
    """Partitions that are not to be read, whoever resumes the others: see `services/kit/lost_logs.py`."""
    polling: bool = False
    polled_at: float = field(default_factory=time.monotonic)
    """When the latest poll ended."""
    in_hand: bool = False
    """The latest records polled may not be applied yet: positions are ahead of what is done."""
    batch_since: float | None = None
    """Since when the batch under way is being handled; None: none is."""
    committing_since: float | None = None
    """Since when an offset commit waits for its answer."""
    commits: Streak = field(default_factory=Streak)
    rebalances: int = 0

    def since_poll_s(self) -> float:
        """How long nobody has asked for records, though nothing stands in the way."""
        if self.polling or self.batch_since is not None or self.committing_since is not None:
            return 0.0
        return time.monotonic() - self.polled_at


class WatchedConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """aiokafka's consumer, telling a `Pulse`.

    FastStream logs a failed offset commit and goes on, so a commit is watched here.
    """

    def __init__(self, pulse: Pulse, **options: Any) -> None:
        super().__init__(**options)
        self.pulse = pulse

    def hold_if_paused(self) -> None:
        """Pause all that is assigned, or what is lost: after a rebalance partitions come without their pause."""
        lost = {place for place in self.assignment() if (place.topic, place.partition) in self.pulse.lost}
        held = self.assignment() if self.pulse.paused else lost
        self.pause(*(held - self.paused()))
        self.resume(*(self.paused() - held))

    async def getmany(self, *partitions: Any, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        self.pulse.polling, self.pulse.in_hand = True, False
        try:
            records = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
            self.pulse.in_hand = bool(records)
            return records
        finally:
            self.pulse.polling, self.pulse.polled_at = False, time.monotonic()

    async def commit(self, offsets: Any = None) -> None:
        self.pulse.committing_since = time.monotonic()
        try:
            await super().commit(offsets)
        except KafkaError as error:
            self.pulse.commits.failed(type(error).__name__)
            metrics.count("offset_commit_failures_total", reason=type(error).__name__)
            log.warning("kafka.offsets_not_committed", error=type(error).__name__)
            raise
        else:
            self.pulse.commits.succeeded()
        finally:
            self.pulse.committing_since = None

    @property
    def rejoining(self) -> bool:
        """Whether the group is to be joined anew. Private to aiokafka, and the only sign of it (its issue 1154)."""
        subscription = self._subscription.subscription
        return subscription is not None and bool(self._coordinator.need_rejoin(subscription))

    def positions(self) -> dict[Any, int]:
        """Where the next records will be asked for, as far as that is known."""
        subscription = self._subscription.subscription
        assignment = subscription.assignment if subscription is not None else None
        if assignment is None:
            return {}
        states = {place: assignment.state_value(place) for place in assignment.tps}
        return {place: state.position for place, state in states.items() if state and state.has_valid_position}
