"""The working calendar at a terminal: what is in force, and what a new file changes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.problems import Invalid
from motcua.files import content_of
from motcua.settings import CliSettings
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.work import Cause
from services.kit.worktime import CalendarTable, DayRow, HoursRow, table_of
from services.routing.calendar import read_calendar
from services.routing.commands.publish_calendar import PublishCalendar, Published
from services.routing.store import CALENDARS, THE_CALENDAR

MOST_SHOWN = 200
Mark = Literal["", "thêm", "đổi", "bỏ"]
_COLOURS: dict[Mark, str] = {"": "", "thêm": "green", "đổi": "yellow", "bỏ": "red"}

app = App(name="calendar", help="Lịch làm việc: ngày nghỉ, ngày làm bù, giờ làm việc của từng đơn vị.")
out = Console()


@app.command(name="show")
async def show_command(*, unit: str | None = None) -> None:
    """Xem lịch đang dùng.

    Parameters
    ----------
    unit
        Chỉ các dòng áp dụng cho đơn vị này (mã định danh).
    """
    mongo = CliSettings().mongo("routing")
    table = await calendar_in_force(mongo)
    await mongo.close()
    show_calendar(out, table, unit)


@app.command(name="import")
async def import_command(file: Path, *, dry_run: bool = False) -> None:
    """Công bố lịch từ tệp CSV: cả tệp thay lịch đang dùng; chạy lại không đổi gì. Mã thoát 2 khi tệp bị từ chối.

    Parameters
    ----------
    file
        Tệp CSV (UTF-8); dấu phẩy hoặc chấm phẩy.
    dry_run
        Chỉ cho xem dòng nào thêm, đổi, bỏ; không lưu.
    """
    settings = CliSettings()
    content = content_of(file)
    try:
        table = read_calendar(content)
    except Invalid as error:
        show_faults(out, error)
        raise
    mongo = settings.mongo("routing")
    await mongo.ping()
    published = await publish_calendar(mongo, settings.clock().now, table, dry_run=dry_run)
    await mongo.close()
    show_changes(out, published)


async def publish_calendar(mongo: Mongo, now: Now, table: CalendarTable, *, dry_run: bool = False) -> Published:
    """Put a table in force, or compare only. Raises: Invalid `calendar-too-large`."""
    return await Committer(mongo, "/routing", now).run(PublishCalendar(table, dry_run), cause=Cause(new_id()))


async def calendar_in_force(mongo: Mongo) -> CalendarTable:
    """The table in force; without rows where none was published."""
    return table_of(await CALENDARS.read(mongo, THE_CALENDAR))


def show_calendar(console: Console, table: CalendarTable, unit: str | None) -> None:
    """The rows in force, of everybody or of one unit."""
    scopes = None if unit is None else table.scopes(unit)
    rows: list[tuple[Mark, DayRow | HoursRow]] = [
        ("", row) for row in table.rows if scopes is None or row.unit in scopes
    ]
    _print(console, rows)
    console.print(f"Phiên bản {table.version}; {len(rows)} dòng. Ngày khác theo quy định chung của cả nước.")


def show_changes(console: Console, published: Published) -> None:
    """What was added, changed and removed, and whether it is in force."""
    found: list[tuple[Mark, DayRow | HoursRow]] = []
    for difference in (published.changes.days, published.changes.hours):
        found += (("thêm", row) for row in difference.added)
        found += (("đổi", after) for _, after in difference.changed)
        found += (("bỏ", row) for row in difference.removed)
    _print(console, found)
    if published.unknown_units:
        names = ", ".join(published.unknown_units[:20])
        console.print(f"[yellow]Chưa có trong danh mục cơ quan, xem lại mã:[/yellow] {names}")
    if published.stored:
        console.print(f"[green]Đã công bố lịch, phiên bản {published.version}.[/green] Hồ sơ đang giải quyết chưa đổi.")
    else:
        console.print("Chưa lưu gì (chạy thử)." if published.changes else "Lịch không đổi.")


def show_faults(console: Console, error: Invalid) -> None:
    """Every refused line of a file."""
    faults = error.facts.get("faults")
    if not isinstance(faults, list):
        return
    table = Table()
    for column in ("Dòng", "Mã lỗi", "Vì sao"):
        table.add_column(column, justify="right" if column == "Dòng" else "left")
    for fault in faults:
        table.add_row(str(fault["line"]), fault["slug"], escape(fault["reason"]))
    console.print(table)


def _print(console: Console, rows: list[tuple[Mark, DayRow | HoursRow]]) -> None:
    if not rows:
        return
    table = Table()
    for column in ("", "Đơn vị", "Ngày", "Nội dung", "Căn cứ"):
        table.add_column(column)
    for mark, row in rows[:MOST_SHOWN]:
        when, what, basis = _words(row)
        shown = f"[{_COLOURS[mark]}]{mark}[/]" if mark else ""
        table.add_row(shown, row.unit or "tất cả", when, escape(what), escape(basis))
    console.print(table)
    if len(rows) > MOST_SHOWN:
        console.print(f"… và {len(rows) - MOST_SHOWN} dòng nữa.")


def _words(row: DayRow | HoursRow) -> tuple[str, str, str]:
    if isinstance(row, DayRow):
        label = row.day.kind.label_vi
        what = f"{label}: {row.day.name}" if row.day.name else label
        return f"{row.day.date:%d/%m/%Y}", what, row.day.legal_basis
    hours = row.hours
    until = f"đến {hours.valid_until:%d/%m/%Y}" if hours.valid_until else "trở đi"
    windows = ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in hours.windows)
    return f"{hours.valid_from:%d/%m/%Y} {until}", f"giờ làm việc {windows}", hours.legal_basis
