"""Working time and deadlines of Vietnamese administrative procedures.

Pure: no input or output, no clock, nothing else of the project. Every moment is passed in with a time zone, every
rule is applied on the Vietnamese wall clock, every moment comes back in UTC with whole milliseconds.
"""

from services.kit.worktime.calendar import FIRST_YEAR, LAST_YEAR, WorkCalendar
from services.kit.worktime.days import CalendarDay, DayKind, WorkingHours
from services.kit.worktime.deadline import Deadline, Outcome, due, outcome, provisional, resume, split
from services.kit.worktime.edition import CalendarEdition, from_message, table_of, to_message
from services.kit.worktime.errors import (
    CalendarError,
    DeadlineError,
    LimitError,
    NaiveMomentError,
    NotWorkingDayError,
    WorktimeError,
)
from services.kit.worktime.limits import LimitUnit, TimeLimit
from services.kit.worktime.table import EVERYBODY, NATIONAL_TABLE, CalendarTable, DayRow, HoursRow, calendar_for
from services.kit.worktime.trail import TrailKind, TrailStep, explain
from services.kit.worktime.zone import VIET_NAM, moment_vi

__all__ = [
    "EVERYBODY",
    "FIRST_YEAR",
    "LAST_YEAR",
    "NATIONAL_TABLE",
    "VIET_NAM",
    "CalendarDay",
    "CalendarEdition",
    "CalendarError",
    "CalendarTable",
    "DayKind",
    "DayRow",
    "Deadline",
    "DeadlineError",
    "HoursRow",
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
    "calendar_for",
    "due",
    "explain",
    "from_message",
    "moment_vi",
    "outcome",
    "provisional",
    "resume",
    "split",
    "table_of",
    "to_message",
]
