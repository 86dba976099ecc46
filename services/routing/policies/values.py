"""The single values of a policy file: hours, names, triggers, accounts, dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from services.routing.domain.case import TimerKind
from services.routing.domain.policy import Trigger
from services.routing.workflows.entries import Cell, RefusedRow
from services.routing.workflows.text import meant, number_vi, quoted

LONGEST_HOURS = 2000
"""A year of working time."""
A_DAY = 8.0
LEAST_HOURS: Mapping[str, float] = {
    "accept_hours": 0.25,
    "hours": 0.25,
    "due_soon_hours": 0.0,
    "step_due_soon_hours": 0.0,
    "apology_hours": A_DAY,
    "extension_hours": 1.0,
    "reminder_hours": 1.0,
    "after_hours": 0.0,
}
"""By key. Reminders come again and again, so they are never minutes apart."""
_HOURS = re.compile(r"(-?[0-9]{1,6}(?:[.,][0-9]{1,4})?)\s*(?:giờ)?")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_VIETNAMESE = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
LONGEST_NAME = 60
RESERVED = TimerKind.REMINDER.value
"""What reminders call themselves where an escalation names its rule."""


@dataclass
class Values:
    """Reads values and notes those that cannot be."""

    refused: list[RefusedRow] = field(default_factory=list)

    def hours(self, cell: Cell, key: str) -> float | None:
        found = _HOURS.fullmatch(cell.text.casefold())
        hours = float(Decimal(found[1].replace(",", "."))) if found else -1.0
        least = LEAST_HOURS[key]
        if least <= hours <= LONGEST_HOURS:
            return hours
        if key == "apology_hours" and 0 <= hours < least:
            words = (
                f"Dòng {cell.line}: {key} phải từ {number_vi(least)} giờ: phiếu xin lỗi có chậm nhất một ngày trước "
                "ngày hẹn trả (NĐ 61/2018 Điều 19 khoản 9)."
            )
            self.refused.append(RefusedRow(cell.line, "policy-apology-too-late", words))
            return None
        words = (
            f"Dòng {cell.line}: {key} phải là số giờ làm việc từ {number_vi(least)} đến {LONGEST_HOURS}; không nhận "
            f"{quoted(cell.text)}."
        )
        self.refused.append(RefusedRow(cell.line, "policy-hours-malformed", words))
        return None

    def name(self, cell: Cell) -> str | None:
        """Of a rule."""
        if cell.text != RESERVED and len(cell.text) <= LONGEST_NAME and _NAME.fullmatch(cell.text):
            return cell.text
        words = f"name phải là chữ thường không dấu, số, gạch nối, tối đa {LONGEST_NAME} ký tự, khác {RESERVED}"
        self._malformed(cell, words)
        return None

    def trigger(self, cell: Cell) -> Trigger | None:
        known = [trigger.value for trigger in Trigger]
        if cell.text in known:
            return Trigger(cell.text)
        words = f"Dòng {cell.line}: không có {quoted(cell.text)}; when là {', '.join(known)}.{meant(cell.text, known)}"
        self.refused.append(RefusedRow(cell.line, "policy-trigger-unknown", words))
        return None

    def account(self, cell: Cell, key: str) -> str | None:
        """Of an officer."""
        if _ACCOUNT.fullmatch(cell.text):
            return cell.text
        self._malformed(cell, f"{key} phải là tài khoản (chữ không dấu, số, dấu chấm, gạch), không phải họ tên")
        return None

    def day(self, cell: Cell, key: str) -> date | None:
        iso, vietnamese = _ISO.fullmatch(cell.text), _VIETNAMESE.fullmatch(cell.text)
        groups = iso.groups() if iso else vietnamese.groups()[::-1] if vietnamese else ()
        try:
            year, month, day = map(int, groups)
            return date(year, month, day)
        except ValueError:
            self._malformed(cell, f"{key} phải là một ngày có thật, viết như 25/11/2026 hoặc 2026-11-25")
            return None

    def _malformed(self, cell: Cell, wanted: str) -> None:
        words = f"Dòng {cell.line}: {wanted}; không nhận {quoted(cell.text)}."
        self.refused.append(RefusedRow(cell.line, "policy-value-malformed", words))
