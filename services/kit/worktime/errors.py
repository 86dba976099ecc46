"""Errors of the working-time module.

::

    WorktimeError (ValueError)
    ├── NaiveMomentError      worktime.naive_moment      a moment without time zone
    ├── CalendarError         worktime.calendar          the calendar cannot answer (year, hours, table)
    │   └── NotWorkingDayError  worktime.not_working_day   closing time asked for a day off
    ├── LimitError            worktime.limit             a time limit that cannot be read or has no meaning
    └── DeadlineError         worktime.deadline          dates in the wrong order, bad shares

None is retryable: the same input always gives the same error. They derive from ``ValueError`` because the module
may not import the project's own error tree; the ports map them by ``slug``.
"""

from __future__ import annotations

from typing import ClassVar


class WorktimeError(ValueError):
    """Base of every error raised by this package."""

    slug: ClassVar[str] = "worktime"
    retryable: ClassVar[bool] = False


class NaiveMomentError(WorktimeError):
    """A moment was given without a time zone."""

    slug = "worktime.naive_moment"


class CalendarError(WorktimeError):
    """The calendar has no answer: year out of range, no office hours in force, or contradictory rows."""

    slug = "worktime.calendar"


class NotWorkingDayError(CalendarError):
    """The closing time of a day off was asked for."""

    slug = "worktime.not_working_day"


class LimitError(WorktimeError):
    """A time limit cannot be read, or its value makes no sense for its unit."""

    slug = "worktime.limit"


class DeadlineError(WorktimeError):
    """Moments are in the wrong order, or the shares of the steps do not describe a division."""

    slug = "worktime.deadline"
