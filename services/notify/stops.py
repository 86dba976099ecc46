"""Channels and templates that rest because the gateway said they are not in order.

Kept in this process only: after a restart the first call finds out again, which costs one refused call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.types import NoticeChannel, NoticeKind
from services.kit import logs
from services.kit.clock import Now
from services.notify.domain.results import STOPS_CHANNEL, Result, Verdict

log = logs.get("notify.stops")


@dataclass
class Stops:
    """Until when each channel, or one kind of notice on it, rests."""

    now: Now
    pause: timedelta
    _until: dict[tuple[NoticeChannel, NoticeKind | None], datetime] = field(default_factory=dict)

    def heed(self, channel: NoticeChannel, kind: NoticeKind, result: Result) -> None:
        """Take note of an answer."""
        if result.verdict in STOPS_CHANNEL:
            self._stop(channel, None, result)
        elif result.verdict is Verdict.TEMPLATE:
            self._stop(channel, kind, result)
        elif result.verdict is Verdict.TAKEN:
            self._until.pop((channel, None), None)
            self._until.pop((channel, kind), None)

    def closed(self, kind: NoticeKind) -> dict[NoticeChannel, datetime]:
        """The channels that rest for this kind, and until when."""
        now = self.now()
        closed: dict[NoticeChannel, datetime] = {}
        for (channel, stopped_kind), until in self._until.items():
            if until > now and stopped_kind in (None, kind):
                closed[channel] = max(until, closed.get(channel, until))
        return closed

    def _stop(self, channel: NoticeChannel, kind: NoticeKind | None, result: Result) -> None:
        now = self.now()
        if self._until.get((channel, kind), now) <= now:
            log.error(
                "channel.stopped",
                channel=channel,
                kind=kind or "all",
                verdict=result.verdict,
                gateway_code=result.gateway_code,
                pause_s=self.pause.total_seconds(),
            )
        self._until[(channel, kind)] = now + self.pause
