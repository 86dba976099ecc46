"""The working calendar as files bring it, and what a new file changes."""

from __future__ import annotations

from services.routing.calendar.changes import Changes, compare
from services.routing.calendar.read import read_calendar

__all__ = ["Changes", "compare", "read_calendar"]
