"""The working calendar that every due date is counted on, on the compacted topic `calendar.v1`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.events.base import NAMESPACE, Message
from contracts.types import Count, Moment, ShortText, UnitCode

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Wall clock in Viet Nam, `07:00`."""
DayKind = Literal["public_holiday", "holiday_in_lieu", "swapped_rest", "make_up_work", "emergency_closure"]
"""Nghỉ lễ, nghỉ bù, nghỉ hoán đổi, làm bù, ngừng làm việc do thiên tai."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    unit: UnitCode | None = None
    """The unit and everything below it by code; absent: everybody. The longest code wins."""
    legal_basis: ShortText
    """Notice or decision, as it is quoted to citizens."""


class CalendarDayRow(_Row):
    """One day that differs from its weekday."""

    day: date
    kind: DayKind
    name: ShortText | None = None


class OfficeHoursRow(_Row):
    """Office hours in force between two dates (giờ làm việc)."""

    windows: tuple[tuple[ClockTime, ClockTime], ...] = Field(min_length=1, max_length=4)
    """Opening and closing times in order, `[["07:00", "11:00"], ["13:00", "17:00"]]`."""
    valid_from: date
    valid_until: date | None = None
    """Last day, inclusive; absent: in force until another row."""


class CalendarPublished(Message):
    """A version of the working calendar: everything beside the national rules that the software knows by itself.

    The whole of it in one message, which replaces the one before. New dossiers follow it at once; open ones only by
    an audited job (`due-changed`).
    """

    TYPE: ClassVar[str] = f"{NAMESPACE}.calendar.published.v1"

    version: Count
    published_at: Moment
    days: tuple[CalendarDayRow, ...] = Field(default=(), max_length=3000)
    hours: tuple[OfficeHoursRow, ...] = Field(default=(), max_length=1500)
