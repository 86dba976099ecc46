"""Recounting due dates and looking for what is stuck, at a terminal."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.problems import Invalid
from motcua.files import write_to
from motcua.progress import bar
from motcua.settings import CliSettings
from services.kit import logs
from services.kit.clock import VIETNAM, Now
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.routing.domain.recomputation import Recomputation
from services.routing.domain.stuck import Finding, StuckKind
from services.routing.open_cases import count_open
from services.routing.recompute import Recompute, Row
from services.routing.stuck import find_stuck, limited
from services.routing.stuck_messages import stuck_messages

MOST_SHOWN = 200
COLUMNS = ("code", "before", "after", "explained", "error")
KINDS = {
    StuckKind.UNPLACED: "chờ xếp cơ quan",
    StuckKind.WITHOUT_OWNER: "không ai giữ",
    StuckKind.WITHOUT_TIMER: "không hẹn giờ",
    StuckKind.TIMER_LATE: "hẹn giờ trễ",
    StuckKind.NOT_ACCEPTED: "quá hạn nhận",
    StuckKind.WAITING: "chờ quá lâu",
    StuckKind.PARKED: "tin bị giữ",
    StuckKind.NOT_SENT: "tin chưa gửi",
    StuckKind.DEAD_LETTER: "tin hỏng",
    StuckKind.UNREADABLE: "bản ghi hỏng",
}


recompute = App(name="recompute", help="Tính lại hạn trả của hồ sơ đang mở theo lịch đang dùng; có lưu vết.")
stuck = App(name="stuck", help="Hồ sơ và tin đang kẹt: nguyên nhân và cách xử lý.")
out = Console()


@recompute.default
async def recompute_command(
    *,
    dry_run: bool = False,
    by: str = "",
    reason: str = "",
    resume: str | None = None,
    report: Path | None = None,
) -> None:
    """Tính lại hạn trả của hồ sơ đang mở theo lịch đang dùng; có lưu vết. Mã thoát 1 khi có hồ sơ không tính được.

    Parameters
    ----------
    dry_run
        Chỉ cho xem hạn trước, hạn sau và cách tính; không lưu.
    by
        Tài khoản của người chạy, không phải họ tên.
    reason
        Lý do, ví dụ số quyết định đổi lịch.
    resume
        Mã lần tính lại bị ngắt giữa chừng, để chạy tiếp.
    report
        Ghi từng hồ sơ đổi hạn ra tệp CSV này.
    """
    logs.configure("motcua", "ERROR")
    settings = CliSettings()
    mongo = settings.mongo("routing")
    await mongo.ping()
    found = await recount(mongo, settings.clock().now, Wanted(dry_run, by, reason, resume))
    await mongo.close()
    show_recount(out, found)
    if report is not None:
        write_to(report, found.as_csv().encode())
    sys.exit(1 if found.failed else 0)


@stuck.default
async def stuck_command(*, json: bool = False) -> None:
    """Hồ sơ và tin đang kẹt: nguyên nhân và cách xử lý. Chỉ đọc. Mã thoát 1 khi có.

    Parameters
    ----------
    json
        In kết quả dạng JSON.
    """
    settings = CliSettings()
    databases = {service: settings.mongo(service) for service in ("routing", "intake", "notify")}
    found = await all_stuck(databases, settings.clock().now())
    for mongo in databases.values():
        await mongo.close()
    if json:
        sys.stdout.buffer.write(orjson.dumps(stuck_as_data(found), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        show_stuck(out, found)
    sys.exit(1 if found else 0)


@dataclass(frozen=True)
class Wanted:
    """What a recount is asked to do."""

    dry_run: bool = False
    by: str = ""
    reason: str = ""
    resume: str | None = None
    """Id of a run that was interrupted."""


@dataclass
class Recounted:
    """What a recount did, or would do."""

    job: Recomputation | None
    """None: a dry run."""
    looked_at: int = 0
    rows: list[Row] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum("error" in row for row in self.rows)

    def as_csv(self) -> str:
        """With a byte order mark, for Excel."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in self.rows:
            moments = {name: _local(row[name]) for name in ("before", "after") if name in row}
            writer.writerow({**row, **moments})
        return "\ufeff" + text.getvalue()


async def recount(mongo: Mongo, now: Now, wanted: Wanted) -> Recounted:
    """Run the job with a progress bar.

    Raises: Invalid `account-malformed`, `reason-missing`; Missing `recomputation-unknown`; Conflict
        `recomputation-unfinished`, `recomputation-ended`.
    """
    if wanted.dry_run and wanted.resume:
        raise Invalid("options-exclusive", "Chạy thử (--dry-run) thì không chạy tiếp (--resume).")
    job, found = Recompute(mongo, Committer(mongo, "/routing", now)), Recounted(None)
    with bar("Tính lại hạn trả", await count_open(mongo)) as advance:

        def on_page(looked_at: int, rows: Sequence[Row]) -> None:
            advance(looked_at)
            found.looked_at += looked_at
            found.rows += rows

        if wanted.dry_run:
            await job.dry_run(on_page)
        elif wanted.resume:
            found.job = await job.resume(wanted.resume, on_page)
        else:
            found.job = await job.run(wanted.by, wanted.reason, on_page)
    return found


def show_recount(console: Console, found: Recounted) -> None:
    """Before and after of each changed dossier, and what became of the run."""
    if found.rows:
        table = Table()
        for column in ("Mã hồ sơ", "Hạn trước", "Hạn sau", "Cách tính"):
            table.add_column(column)
        for row in found.rows[:MOST_SHOWN]:
            if "error" in row:
                table.add_row(row["code"], "", "", f"[red]không tính được: {escape(row['error'])}[/red]")
            else:
                table.add_row(row["code"], _local(row["before"]), _local(row["after"]), escape(row["explained"]))
        console.print(table)
    if len(found.rows) > MOST_SHOWN:
        console.print(f"… và {len(found.rows) - MOST_SHOWN} hồ sơ nữa (--report ghi hết ra tệp CSV).")
    changed = len(found.rows) - found.failed
    if found.job is None:
        console.print(f"Đã xem {found.looked_at} hồ sơ đang mở; {changed} hồ sơ sẽ đổi hạn. Chưa lưu gì (chạy thử).")
    else:
        job = found.job
        words = f"Đã xem {job.looked_at} hồ sơ đang mở; {job.changed} hồ sơ đổi hạn, {job.failed} không tính được."
        console.print(f"{words} Lần tính lại {job.id}, lịch phiên bản {job.calendar_version}.")


async def all_stuck(databases: Mapping[str, Mongo], now: datetime) -> list[tuple[str, Finding]]:
    """By service: all of routing, and the messages of the others."""
    found: list[tuple[str, Finding]] = []
    for service, mongo in databases.items():
        here = await find_stuck(mongo, now) if service == "routing" else limited(await stuck_messages(mongo, now))
        found += ((service, finding) for finding in here)
    return found


def stuck_as_data(found: Sequence[tuple[str, Finding]]) -> list[dict[str, Any]]:
    """JSON values."""
    return [
        {
            "service": service,
            "kind": finding.kind.value,
            "key": finding.key,
            "since": finding.since.isoformat(),
            "cause": finding.cause,
            "cure": finding.cure,
        }
        for service, finding in found
    ]


def show_stuck(console: Console, found: Sequence[tuple[str, Finding]]) -> None:
    """A table with cause and cure."""
    if not found:
        console.print("[green]Không có gì kẹt.[/green]")
        return
    table = Table()
    for column in ("Dịch vụ", "Loại", "Mã", "Từ lúc", "Nguyên nhân", "Cách xử lý"):
        table.add_column(column)
    for service, finding in found:
        kind = f"{KINDS[finding.kind]} ({finding.kind.value})"
        cells = (service, kind, finding.key, _local(finding.since), finding.cause, finding.cure)
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
