"""Shares of the time limit: fractions or working hours, and what a published limit is in hours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from contracts.types import LimitUnit
from services.kit.worktime import LimitUnit as WorktimeUnit
from services.kit.worktime.limits import HOURS_PER_WORKING_DAY
from services.routing.domain.workflow import StatedLimit, plain_case
from services.routing.workflows.text import number_vi

FORMS = "0,25 hoặc 25% (phần của thời hạn), hoặc 4 giờ, 0,5 ngày; bước không tính thời gian ghi 0"
_FRACTION = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,6})?)\s*(%?)")
_DURATION = re.compile(r"([0-9]{1,6}(?:[.,][0-9]{1,4})?)\s*(giờ|ngày)(?: làm việc)?")
_LEAST = Decimal("0.0001")
"""What is smaller is a slip of the pen."""
_HOURS = {"giờ": 1, "ngày": HOURS_PER_WORKING_DAY}


class Kind(StrEnum):
    """How a share is stated."""

    FRACTION = "fraction"
    HOURS = "hours"
    NONE = "none"
    """A bare 0, which fits both."""


@dataclass(frozen=True)
class Share:
    """A step's part of the limit."""

    value: float
    kind: Kind


def read_share(text: str) -> Share | None:
    """None: it cannot be read."""
    plain = text.casefold()
    if found := _DURATION.fullmatch(plain):
        hours = _number(found[1]) * _HOURS[found[2]]
        return Share(float(hours), Kind.HOURS) if hours == 0 or hours >= _LEAST else None
    if found := _FRACTION.fullmatch(plain):
        value = _number(found[1]) / (100 if found[2] else 1)
        if value == 0 and not found[2]:
            return Share(0.0, Kind.NONE)
        return Share(float(value), Kind.FRACTION) if value == 0 or _LEAST <= value <= 1 else None
    return None


def hours_of(limit: StatedLimit) -> Fraction | None:
    """A limit in working hours, 8 a day, as internal processes count; None: months have no fixed measure."""
    if limit.unit is LimitUnit.MONTHS:
        return None
    hours_a_unit = 1 if limit.unit is LimitUnit.WORKING_HOURS else HOURS_PER_WORKING_DAY
    return Fraction(str(limit.value)) * hours_a_unit


def limit_vi(limit: StatedLimit) -> str:
    """`3 ngày làm việc`."""
    label = WorktimeUnit(limit.unit.value).label_vi
    return label if limit.unit is LimitUnit.SAME_DAY else f"{number_vi(limit.value)} {label}"


def limit_for(limits: Iterable[StatedLimit], channel: str, case: str | None) -> StatedLimit | None:
    """The limit for channel and case, else for the case, else for the channel, else everybody's, as intake promises."""
    plain = None if case is None else plain_case(case)
    fitting = [
        limit
        for limit in limits
        if limit.channel in (None, channel) and (limit.case is None or plain_case(limit.case) == plain)
    ]
    return max(fitting, key=lambda limit: (limit.case is not None, limit.channel is not None), default=None)


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))
