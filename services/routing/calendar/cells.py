"""Cells of a calendar file: codes, dates, kinds and windows. Each reader says what is wrong in one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Final

from contracts.problems import Invalid
from contracts.types import UNIT_CODE_PATTERN
from services.kit.worktime import EVERYBODY, FIRST_YEAR, LAST_YEAR, CalendarDay, CalendarError, WorkingHours
from services.routing.calendar.words import KINDS, plain

MOST_TEXT: Final = 500
MOST_WINDOWS: Final = 4
MOST_CODE: Final = 35
"""All as the contract of `calendar.published` has them."""
_UNIT = re.compile(UNIT_CODE_PATTERN)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_VIETNAMESE = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
_WINDOW = re.compile(r"([0-9]{1,2})[:h]([0-9]{2})\s*[-–]\s*([0-9]{1,2})[:h]([0-9]{2})")

Cells = Mapping[str, str]


def unit(cells: Cells) -> str:
    """A code; empty: everybody."""
    text = cells.get("unit", "")
    if not text:
        return EVERYBODY
    if len(text) > MOST_CODE or not _UNIT.fullmatch(text):
        raise Invalid("unit-code-malformed", f"Mã đơn vị không đúng dạng, ví dụ H12.970: {text[:40]}.")
    return text


def _basis(cells: Cells) -> str:
    text = cells.get("legal_basis", "")
    if not text:
        raise Invalid("legal-basis-missing", "Thiếu căn cứ: số, ngày của thông báo hoặc quyết định.")
    return _short(text)


def _short(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise Invalid("text-too-long", f"Ô chữ dài quá {MOST_TEXT} ký tự.")
    return text


def day(cells: Cells) -> CalendarDay:
    """One day of its kind."""
    basis = _basis(cells)
    kind = KINDS.get(plain(cells.get("kind", "")))
    if kind is None:
        words = "Loại ngày phải là nghỉ lễ, nghỉ bù, nghỉ hoán đổi, làm bù hoặc ngừng làm việc."
        raise Invalid("day-kind-unknown", words, known=sorted({kind.value for kind in KINDS.values()}))
    return CalendarDay(_date(cells.get("date", ""), "ngày"), kind, basis, _short(cells.get("name", "")))


def hours(cells: Cells) -> WorkingHours:
    """Office hours between two dates."""
    basis = _basis(cells)
    windows = _windows(cells.get("windows", ""))
    first = _date(cells.get("valid_from", ""), "từ ngày")
    until = cells.get("valid_until", "")
    last = _date(until, "đến ngày") if until else None
    if last is not None and last < first:
        raise Invalid("validity-reversed", "Ngày hết hiệu lực trước ngày bắt đầu hiệu lực.")
    try:
        return WorkingHours(windows, first, last, basis)
    except CalendarError:
        words = "Các khung giờ phải theo thứ tự, không chồng và không chạm nhau."
        raise Invalid("windows-overlap", words) from None


def _windows(text: str) -> tuple[tuple[time, time], ...]:
    """`07:00-11:00 13:00-17:00`."""
    found = list(_WINDOW.finditer(text))
    rest = _WINDOW.sub("", text).strip(" ;,")
    words = f"Khung giờ phải viết như 07:00-11:00 13:00-17:00, tối đa {MOST_WINDOWS} khung: “{text[:40]}”."
    if not found or rest or len(found) > MOST_WINDOWS:
        raise Invalid("windows-malformed", words)
    try:
        return tuple((time(int(window[1]), int(window[2])), time(int(window[3]), int(window[4]))) for window in found)
    except ValueError:
        raise Invalid("windows-malformed", words) from None


def _date(text: str, column: str) -> date:
    if not text:
        raise Invalid("date-missing", f"Thiếu cột {column}.")
    iso, vietnamese = _ISO.fullmatch(text), _VIETNAMESE.fullmatch(text)
    if iso is None and vietnamese is None:
        words = f"Cột {column} phải viết như 25/11/2026 hoặc 2026-11-25: “{text[:20]}”."
        raise Invalid("date-malformed", words)
    year, month, day = iso.groups() if iso else reversed(vietnamese.groups()) if vietnamese else ()
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        raise Invalid("date-impossible", f"Không có ngày {text[:20]}.") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        words = f"Lịch chỉ tính được các năm từ {FIRST_YEAR} đến {LAST_YEAR}."
        raise Invalid("date-out-of-calendar", words)
    return found
