"""Working time and deadlines of Vietnamese administrative procedures.

Pure: no input or output, no clock, nothing else of the project. Every moment is passed in with a time zone, every
rule is applied on the Vietnamese wall clock, every moment comes back in UTC with whole milliseconds.
"""

from services.kit.worktime.calendar import WorkCalendar
from services.kit.worktime.days import CalendarDay, DayKind, WorkingHours
from services.kit.worktime.deadline import Deadline, Outcome, due, outcome, resume, split
from services.kit.worktime.errors import (
    CalendarError,
    DeadlineError,
    LimitError,
    NaiveMomentError,
    NotWorkingDayError,
    WorktimeError,
)
from services.kit.worktime.limits import LimitUnit, TimeLimit
from services.kit.worktime.trail import TrailKind, TrailStep, explain
from services.kit.worktime.zone import VIET_NAM

__all__ = [
    "VIET_NAM",
    "CalendarDay",
    "CalendarError",
    "DayKind",
    "Deadline",
    "DeadlineError",
    "LimitError",
    "LimitUnit",
    "NaiveMomentError",
    "NotWorkingDayError",
    "Outcome",
    "TimeLimit",
    "TrailKind",
    "TrailStep",
    "WorkCalendar",
    "WorkingHours",
    "WorktimeError",
    "due",
    "explain",
    "outcome",
    "resume",
    "split",
]
