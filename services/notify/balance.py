"""Chooses between SMS gateways by points that follow how they do; kept over restarts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from services.kit import logs, metrics
from services.kit.mongo import Mongo
from services.notify.domain.results import Result
from services.notify.domain.weights import Shift, Weights, Why, at_rest, resting_points
from services.notify.health import Health
from services.notify.store import SENDER

log = logs.get("notify.balance")
BALANCE = "balance"


@dataclass
class Balance:
    """Lives in the process that sends. Whoever takes the lead loads it first; only the one that leads saves it."""

    mongo: Mongo
    health: Health
    wanted: Mapping[str, int]
    """How many of a hundred texts each SMS gateway that is set up gets at rest; the shares count."""
    resting: Mapping[str, int] = field(init=False)
    weights: Weights = field(init=False)

    def __post_init__(self) -> None:
        self.resting = resting_points(self.wanted, self.wanted)
        self.weights = at_rest(self.resting)

    def heed(self, provider: str, result: Result, seconds: float) -> None:
        """Take note of a call's outcome."""
        self.health.heed(provider, result, seconds)

    def arrived(self, provider: str, waited: timedelta) -> None:
        """A receipt came, good or bad, so long after the text was handed over."""
        self.health.arrived(provider, waited)

    def order(self, dice: float) -> list[str]:
        """The gateways for one message, best first."""
        return self.weights.order(dice)

    def tick(self) -> None:
        """Let the points follow what was noted."""
        before, now = self.weights, self.health.now()
        failing = {name for name in self.resting if self.health.failing(name)}
        slow = {name for name in self.resting if self.health.slow(name)}
        self.weights = before.away(failing, now, Why.ERRORS).away(slow, now, Why.SLOW)
        if self.weights is before:
            self.weights = before.back(now)
        for name, points in self.weights.points.items():
            if points != before.points[name]:
                self.health.forgive(name)
        self._report(before)

    async def load(self) -> None:
        """As it was left, unless the gateways or their resting points are others now."""
        document = await self.mongo.collection(SENDER).find_one({"_id": BALANCE})
        if document is None:
            return
        for name, at in document["receipts"].items():
            self.health.providers[name].receipt_at = at
        if document["resting"] == dict(self.resting):
            shifts = {name: Shift(shift["at"], Why(shift["why"])) for name, shift in document["shifts"].items()}
            self.weights = Weights(document["points"], dict(self.resting), shifts)
        self._gauge()

    async def save(self) -> None:
        shifts = {name: {"at": shift.at, "why": shift.why.value} for name, shift in self.weights.shifts.items()}
        known = self.health.providers.items()
        document = {
            "points": dict(self.weights.points),
            "resting": dict(self.resting),
            "shifts": shifts,
            "receipts": {name: provider.receipt_at for name, provider in known if provider.receipt_at is not None},
        }
        await self.mongo.collection(SENDER).replace_one({"_id": BALANCE}, document, upsert=True)

    def _report(self, before: Weights) -> None:
        after = self.weights
        for name, points in after.points.items():
            if points == before.points[name]:
                continue
            why = after.shifts[name].why
            metrics.count("provider_shifts_total", provider=name, reason=why)
            say = log.info if why is Why.BACK else log.warning
            say("provider.shifted", provider=name, reason=why, points=points, before=before.points[name])
        if after is not before:
            self._gauge()

    def _gauge(self) -> None:
        for name, points in self.weights.points.items():
            metrics.gauge("provider_points", points, provider=name)
