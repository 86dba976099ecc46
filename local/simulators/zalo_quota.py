"""Zalo's daily quotas: of the Official Account (-144) and of a template (-147), counted by the Vietnamese day.

The hour of the reset is not published; midnight in Viet Nam is assumed.
"""

from collections import Counter
from datetime import date

from local.simulators.clock import Clock, vietnam_day
from local.simulators.messages import Ledger
from local.simulators.templates import ZaloTemplate
from local.simulators.zalo_errors import ZaloRefusal


class ZaloQuota:
    """How much may still be sent today."""

    def __init__(self, clock: Clock, daily: int) -> None:
        self._clock = clock
        self._start = daily
        self._day: date | None = None
        self._used: Counter[str] = Counter()
        self.daily = daily

    def reset(self) -> None:
        """Return to the quota of the settings, unused."""
        self.daily = self._start
        self._used.clear()

    def restore(self, ledger: Ledger) -> None:
        """Count again what an earlier process sent today."""
        today = self._turn()
        for message in ledger:
            if message.provider == "zalo" and vietnam_day(message.block_from) == today:
                self._used[message.template_id or ""] += 1

    def remaining(self) -> int:
        """Return what the Official Account may still send today."""
        self._turn()
        return max(0, self.daily - self._used.total())

    def require(self, template: ZaloTemplate) -> None:
        """Check both quotas.

        Raises:
            ZaloRefusal: -147 when the template's own quota is used up, -144 when the account's is.
        """
        self._turn()
        if template.daily_quota is not None and self._used[template.template_id] >= template.daily_quota:
            raise ZaloRefusal(-147)
        if self.remaining() == 0:
            raise ZaloRefusal(-144)

    def take(self, template: ZaloTemplate) -> None:
        """Count one message."""
        self._used[template.template_id] += 1

    def _turn(self) -> date:
        today = vietnam_day(self._clock.now_ms())
        if today != self._day:
            self._day = today
            self._used.clear()
        return today
