"""Workflows at a terminal: what is in force, and what a new file changes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.problems import Invalid
from motcua.files import content_of
from motcua.settings import CliSettings
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.routing.commands.import_workflows import import_workflows
from services.routing.queries.workflows import workflow_in_version
from services.routing.workflows import (
    ImportReport,
    WorkflowFile,
    as_data,
    as_mermaid,
    as_yaml,
    kind_of_suffix,
    read_workflows,
)

_WORDS = {"refused": "[red]từ chối[/red]", "changed": "[green]đổi[/green]", "unchanged": "giữ nguyên"}

app = App(name="workflows", help="Quy trình nội bộ của từng thủ tục: ai làm, sau ai, trong phần nào của thời hạn.")
out = Console()


@app.command(name="show")
async def show_command(
    code: str,
    *,
    version: int | None = None,
    as_: Annotated[Literal["yaml", "mermaid", "json"], Parameter(name="--as")] = "yaml",
) -> None:
    """Xem quy trình đang dùng của một thủ tục. Bản YAML sửa được rồi nạp lại.

    Parameters
    ----------
    code
        Mã thủ tục.
    version
        Phiên bản thủ tục; mặc định là phiên bản đang dùng.
    as_
        Dạng in ra: yaml, mermaid (sơ đồ) hoặc json.
    """
    mongo = CliSettings().mongo("routing")
    workflow = await workflow_in_version(mongo, code, version)
    await mongo.close()
    if as_ == "json":
        sys.stdout.write(orjson.dumps(as_data(workflow), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(as_yaml(workflow) if as_ == "yaml" else as_mermaid(workflow))


@app.command(name="import")
async def import_command(file: Path, *, dry_run: bool = False) -> None:
    """Nạp quy trình từ tệp YAML hoặc CSV, cả tệp hoặc không gì cả; chạy lại không đổi gì. Mã thoát 2 khi tệp có lỗi.

    Parameters
    ----------
    file
        Tệp .yaml, .yml hoặc .csv (UTF-8).
    dry_run
        Chỉ kiểm tra và báo cáo, không lưu.
    """
    settings = CliSettings()
    with Console(stderr=True).status("Đang đọc và so sánh …"):
        read = read_workflows(content_of(file), kind_of_suffix(file.suffix))
        mongo = settings.mongo("routing")
        await mongo.ping()
        report = await load_workflows(mongo, settings.clock().now, read, dry_run=dry_run)
        await mongo.close()
    show_report(out, report)
    if report.refused:
        raise Invalid("rows-refused", f"Tệp có {report.refused} lỗi nên không nạp gì. Hãy sửa tệp rồi nạp lại.")


async def load_workflows(mongo: Mongo, now: Now, file: WorkflowFile, *, dry_run: bool = False) -> ImportReport:
    """Put the workflows of a read file in place, all of them or none; the report's `stored` says which."""
    return await import_workflows(Committer(mongo, "/routing", now), file, dry_run=dry_run)


def show_report(console: Console, report: ImportReport) -> None:
    """Each workflow, or each fault, then what became of all."""
    table = Table()
    for column in ("Dòng", "Thủ tục", "Kết quả", "Chi tiết"):
        table.add_column(column, justify="right" if column == "Dòng" else "left")
    for row in report.rows:
        detail = f"{row.slug}: {row.reason}" if row.slug else f"{row.steps} bước, lần {row.revision}"
        procedure = row.procedure if row.version is None else f"{row.procedure}, phiên bản {row.version}"
        table.add_row(str(row.line), escape(procedure), _WORDS[row.outcome], escape(detail))
    console.print(table)
    if report.refused > len(report.rows):
        console.print(f"… và {report.refused - len(report.rows)} lỗi nữa.")
    if report.refused:
        console.print("[red]Chưa lưu gì.[/red]")
        return
    console.print(f"Đổi {report.count('changed')}, giữ nguyên {report.count('unchanged')}.")
    if report.dry_run:
        console.print("Chưa lưu gì (chạy thử).")
    elif report.count("changed"):
        console.print("[green]Đã nạp.[/green] Hồ sơ đang giải quyết giữ quy trình của mình.")
