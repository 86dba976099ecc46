"""What operators see of the gateways: written by the process that sends, read by the API."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.types import NoticeChannel
from services.kit.mongo import Mongo
from services.notify.balance import Balance
from services.notify.store import SENDER

PROVIDERS = "providers"
SAVE_EVERY_S = 5.0
AWAY_S = 6.0
"""No process loses the lead and takes it again in less."""


@dataclass
class ProviderBoard:
    """Saves a picture of all gateways every few seconds, together with the points."""

    mongo: Mongo
    balance: Balance
    channels: Mapping[str, NoticeChannel]
    """Of every gateway that is set up."""
    closed: Callable[[], Mapping[str, datetime]]
    """Which of them rest, and until when."""
    _seen_at: float = -math.inf
    _saved_at: float = -math.inf

    async def refresh(self) -> None:
        """Call it each round, in the process that leads: the points follow, and now and then all is saved.

        Who was not called for a while begins with what others saved meanwhile.
        """
        if time.monotonic() - self._seen_at > AWAY_S:
            await self.balance.load()
        self._seen_at = time.monotonic()
        self.balance.tick()
        if time.monotonic() - self._saved_at >= SAVE_EVERY_S:
            await self._save()
            self._saved_at = time.monotonic()

    async def _save(self) -> None:
        await self.balance.save()
        document = {"at": self.balance.health.now(), "providers": [self._picture(name) for name in self.channels]}
        await self.mongo.collection(SENDER).replace_one({"_id": PROVIDERS}, document, upsert=True)

    def _picture(self, name: str) -> dict[str, Any]:
        health, weights = self.balance.health, self.balance.weights
        now, known, shift = health.now(), health.providers[name], weights.shifts.get(name)
        calls = known.calls.total("calls", now)
        until = self.closed().get(name)
        return {
            "provider": name,
            "channel": self.channels[name].value,
            "points": weights.points.get(name),
            "resting": weights.resting.get(name),
            "shifted_at": None if shift is None else shift.at,
            "shifted_why": None if shift is None else shift.why.value,
            "closed_until": until if until is not None and until > now else None,
            "calls_minute": calls,
            "errors_minute": known.calls.total("errors", now),
            "mean_call_ms": round(known.calls.total("ms", now) / calls) if calls else None,
            "calls_quarter": known.texts.total("calls", now),
            "errors_quarter": known.texts.total("errors", now),
            "taken_quarter": known.texts.total("taken", now),
            "late_quarter": health.late(name),
            "quota_left": known.quota_left,
            "receipt_at": known.receipt_at,
            "error_at": known.error_at,
        }
