"""A CSV file to a calendar table: whole, or refused whole with every faulty line named.

Half a calendar would count some dossiers by the old decision and some by the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from contracts.problems import Invalid
from services.kit.file_text import SPREADSHEET, csv_rows, utf8
from services.kit.worktime import CalendarTable, DayRow, HoursRow
from services.routing.calendar import cells as cell
from services.routing.calendar.words import COLUMNS, DAY, REQUIRED, ROWS, USED, plain

MOST_DAYS: Final = 3000
MOST_HOURS: Final = 1500
"""As the contract of `calendar.published` has them."""
MOST_FAULTS: Final = 50


@dataclass(frozen=True)
class Fault:
    """Why a line is refused."""

    line: int
    slug: str
    reason: str


@dataclass
class _Found:
    days: dict[tuple[str, date], tuple[int, DayRow]] = field(default_factory=dict)
    hours: dict[tuple[str, date], tuple[int, HoursRow]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_calendar(content: bytes) -> CalendarTable:
    """Read a file; rows in the order of unit and date, whatever their order in the file.

    Raises:
        Invalid `file-not-utf8`, `file-malformed`, `file-empty`, `file-too-long`, `column-missing`, `column-unknown`,
            `column-repeated`.
        Invalid `calendar-refused`: `faults` names every line with its slug: `row-kind-unknown`, `cell-unexpected`,
            `unit-code-malformed`, `date-missing`, `date-malformed`, `date-impossible`, `date-out-of-calendar`,
            `day-kind-unknown`, `day-repeated`, `legal-basis-missing`, `text-too-long`, `windows-malformed`,
            `windows-overlap`, `validity-reversed`, `hours-repeated`.
    """
    found = _Found()
    for line, cells in csv_rows(utf8(content, SPREADSHEET), _columns, name="Tệp lịch"):
        try:
            _take(line, cells, found)
        except Invalid as error:
            found.faults.append(Fault(line, error.slug, error.message))
    if found.faults:
        raise _refused(found.faults)
    if not found.days and not found.hours:  # published, it would take every decision out of force
        raise Invalid("file-empty", "Tệp lịch không có dòng nào.")
    if len(found.days) > MOST_DAYS or len(found.hours) > MOST_HOURS:
        words = f"Tệp lịch có hơn {MOST_DAYS} ngày hoặc hơn {MOST_HOURS} dòng giờ làm việc. Hãy bỏ các năm đã qua."
        raise Invalid("file-too-long", words)
    return CalendarTable(
        0,
        tuple(row for _, (_, row) in sorted(found.days.items(), key=lambda item: item[0])),
        tuple(row for _, (_, row) in sorted(found.hours.items(), key=lambda item: item[0])),
    )


def _refused(faults: list[Fault]) -> Invalid:
    first = faults[0]
    more = f" Còn {len(faults) - 1} dòng khác." if len(faults) > 1 else ""
    told = [{"line": fault.line, "slug": fault.slug, "reason": fault.reason} for fault in faults[:MOST_FAULTS]]
    words = f"Tệp lịch bị từ chối cả tệp. Dòng {first.line}: {first.reason}{more}"
    return Invalid("calendar-refused", words, faults=told, count=len(faults))


def _columns(headers: list[str]) -> list[str]:
    while headers and not headers[-1]:
        headers.pop()
    columns = [COLUMNS.get(plain(header), "") for header in headers]
    unknown = [header for header, column in zip(headers, columns, strict=True) if not column]
    if unknown:
        raise Invalid("column-unknown", f"Tệp lịch không có cột nào tên là “{unknown[0][:40]}”.", columns=unknown[:20])
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise Invalid("column-repeated", f"Cột bị lặp: {', '.join(repeated)}. Mỗi cột chỉ được có một lần.")
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        raise Invalid("column-missing", f"Tệp lịch thiếu cột bắt buộc: {', '.join(missing)}.", columns=missing)
    return columns


def _take(line: int, cells: cell.Cells, found: _Found) -> None:
    kind = ROWS.get(plain(cells.get("row", "")))
    if kind is None:
        raise Invalid("row-kind-unknown", "Cột loại dòng phải là day (ngày) hoặc hours (giờ làm việc).")
    surplus = sorted(column for column, text in cells.items() if text and column not in USED[kind])
    if surplus:
        words = "Dòng này có ô thừa, không dùng cho loại dòng đã ghi."
        raise Invalid("cell-unexpected", f"{words} Cột: {', '.join(surplus) or '…'}.", columns=surplus)
    unit = cell.unit(cells)
    if kind == DAY:
        _keep_day(line, DayRow(cell.day(cells), unit), found)
    else:
        _keep_hours(line, HoursRow(cell.hours(cells), unit), found)


def _keep_day(line: int, row: DayRow, found: _Found) -> None:
    place = (row.unit, row.day.date)
    if place in found.days:
        words = f"Ngày {row.day.date:%d/%m/%Y} của {row.unit or 'mọi đơn vị'} đã có ở dòng {found.days[place][0]}."
        raise Invalid("day-repeated", words)
    found.days[place] = (line, row)


def _keep_hours(line: int, row: HoursRow, found: _Found) -> None:
    place = (row.unit, row.hours.valid_from)
    if place in found.hours:
        first = f"{row.hours.valid_from:%d/%m/%Y}"
        words = f"Giờ làm việc từ ngày {first} của {row.unit or 'mọi đơn vị'} đã có ở dòng {found.hours[place][0]}."
        raise Invalid("hours-repeated", words)
    found.hours[place] = (line, row)
