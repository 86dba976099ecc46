"""Gateways and templates that rest because the gateway said they are not in order.

Kept in this process only: after a restart the first call finds out again, which costs one refused call.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.types import NoticeKind
from services.kit import logs
from services.kit.clock import Now
from services.notify.domain.policy import midnight
from services.notify.domain.results import STOPS_GATEWAY, Result, Verdict

log = logs.get("notify.stops")

MOST_SILENT = 20
"""After so many calls in a row without an answer each further one only costs its notice minutes."""


@dataclass
class Stops:
    """Until when each gateway, or one kind of notice on it, rests."""

    now: Now
    pause: timedelta
    _until: dict[tuple[str, NoticeKind | None], datetime] = field(default_factory=dict)
    _silent: Counter[str] = field(default_factory=Counter)
    """Calls in a row without an answer."""
    _why: dict[str, Verdict] = field(default_factory=dict)

    def heed(self, provider: str, kind: NoticeKind, result: Result) -> None:
        """Take note of an answer."""
        if result.verdict is not Verdict.NO_ANSWER:
            self._silent[provider] = 0
        if result.quota_left == 0 or result.verdict is Verdict.DAY_QUOTA:
            self.quota_used_up(provider, result.gateway_code)
        elif result.verdict in STOPS_GATEWAY:
            self._stop(provider, None, result.verdict, result.gateway_code, self.now() + self.pause)
        elif result.verdict is Verdict.TEMPLATE:
            self._stop(provider, kind, result.verdict, result.gateway_code, self.now() + self.pause)
        elif result.verdict is Verdict.NO_ANSWER:
            self._silent[provider] += 1
            if self._silent[provider] >= MOST_SILENT:
                self._stop(provider, None, result.verdict, result.gateway_code, self.now() + self.pause)
        elif result.verdict is Verdict.TAKEN:
            self._until.pop((provider, None), None)
            self._until.pop((provider, kind), None)

    def quota_used_up(self, provider: str, gateway_code: str = "") -> None:
        """Nothing more today; the hour of the reset is published nowhere, midnight in Viet Nam is assumed."""
        self._stop(provider, None, Verdict.DAY_QUOTA, gateway_code, midnight(self.now()))

    def quota_is_back(self, provider: str) -> None:
        """The gateway says that there is quota again; what rests for another reason goes on resting."""
        if self._why.get(provider) is Verdict.DAY_QUOTA:
            self._until.pop((provider, None), None)

    def closed(self, kind: NoticeKind) -> dict[str, datetime]:
        """The gateways that rest for this kind, and until when."""
        now = self.now()
        closed: dict[str, datetime] = {}
        for (provider, stopped_kind), until in self._until.items():
            if until > now and stopped_kind in (None, kind):
                closed[provider] = max(until, closed.get(provider, until))
        return closed

    def all_closed(self) -> dict[str, datetime]:
        """The gateways that rest altogether, and until when."""
        return {provider: until for (provider, kind), until in self._until.items() if kind is None}

    def _stop(
        self, provider: str, kind: NoticeKind | None, verdict: Verdict, gateway_code: str, until: datetime
    ) -> None:
        now = self.now()
        if self._until.get((provider, kind), now) <= now:
            log.error(
                "gateway.stopped",
                provider=provider,
                kind=kind or "all",
                verdict=verdict,
                gateway_code=gateway_code,
                pause_s=round((until - now).total_seconds()),
            )
        self._until[(provider, kind)] = until
        if kind is None:
            self._why[provider] = verdict
