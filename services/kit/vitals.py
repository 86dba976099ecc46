"""When a worker counts as ill, from what was seen of it; pure, so that a test can let an hour pass.

Readiness names what keeps the work from going on: a consumer that stands still, a batch without end, an outbox that
grows, commits that fail. Liveness names only what a restart cures.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.kit.kafka import Partition
from services.kit.settings import HealthSettings


@dataclass
class Vitals:
    """What was seen of one worker, over time. Each question is answered with what is wrong, or with nothing."""

    limits: HealthSettings = field(default_factory=HealthSettings)
    clock: Callable[[], float] = time.monotonic
    _behind_since: float | None = None
    _rejoining_since: float | None = None
    _short_since: dict[Partition, float] = field(default_factory=dict)
    _progress_at: float = 0.0
    _ages: deque[tuple[float, float]] = field(default_factory=deque)
    """Moment and age of the oldest waiting event, over the latest `outbox_s`."""

    def saw_lag(self, lag: int | None, *, paused: bool, progress_at: float) -> None:
        """How many records wait; None: nobody could say. `progress_at`: the latest part of a batch that was applied."""
        self._progress_at = progress_at
        if not lag or paused:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = self.clock()

    def saw_outbox(self, age_s: float | None) -> None:
        """Age of the oldest waiting event, 0 for none; None: nobody could look."""
        now = self.clock()
        if not age_s:
            self._ages.clear()
            return
        self._ages.append((now, age_s))
        while len(self._ages) > 1 and now - self._ages[1][0] >= self.limits.outbox_s:
            self._ages.popleft()

    def saw_short_logs(self, places: Iterable[Partition]) -> frozenset[Partition]:
        """Partitions whose log ends below their fence. Returns: those of which that has been so for `log_s`."""
        now = self.clock()
        self._short_since = {place: self._short_since.get(place, now) for place in places}
        return frozenset(place for place, since in self._short_since.items() if now - since >= self.limits.log_s)

    def saw_rejoining(self, rejoining: bool, *, coordinator_answers: bool) -> None:
        """A rejoin waits for the group's coordinator as long as that is away; a restart is no cure then."""
        if not rejoining or not coordinator_answers:
            self._rejoining_since = None
        elif self._rejoining_since is None:
            self._rejoining_since = self.clock()

    @property
    def idle_s(self) -> float:
        """How long nothing was applied although records wait."""
        if self._behind_since is None:
            return 0.0
        return self.clock() - max(self._behind_since, self._progress_at)

    def stuck(self) -> str:
        return f"records wait, none applied for {self.idle_s:.0f} s" if self.idle_s > self.limits.stuck_s else ""

    def batch_without_end(self, batch_since: float | None, progress_at: float) -> str:
        if batch_since is None:
            return ""
        standing = self.clock() - max(batch_since, progress_at)
        return f"a batch has stood still for {standing:.0f} s" if standing > self.limits.batch_s else ""

    def outbox_grows(self) -> str:
        """Old, and no younger than it was `outbox_s` ago: a backlog that is being sent (a republish) is no illness."""
        if not self._ages:
            return ""
        (then, was), (now, age) = self._ages[0], self._ages[-1]
        grows = now - then >= self.limits.outbox_s and age > self.limits.outbox_s and age >= was
        return f"the oldest event has waited {age:.0f} s and nothing gets younger" if grows else ""

    def offsets_not_committed(self, failing_s: float, committing_since: float | None) -> str:
        waiting = 0.0 if committing_since is None else self.clock() - committing_since
        worst = max(failing_s, waiting)
        return f"Kafka has taken no offsets for {worst:.0f} s" if worst > self.limits.commits_s else ""

    def rejoin_pending(self) -> str:
        pending = 0.0 if self._rejoining_since is None else self.clock() - self._rejoining_since
        return f"out of the group for {pending:.0f} s" if pending > self.limits.rejoin_s else ""

    def poll_loop_dead(self, since_poll_s: float) -> str:
        return f"no poll for {since_poll_s:.0f} s" if since_poll_s > self.limits.rejoin_s else ""
