"""Templates of notices at a terminal: what is said now, what it looks like, and what a new file changes."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path
from typing import Any

from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.problems import Invalid
from contracts.types import NoticeKind
from motcua.files import content_of
from motcua.settings import CliSettings
from services.kit import logs
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.work import Cause
from services.notify.settings import NotifySettings
from services.notify.templates.commands.save_templates import Saved, SaveTemplates
from services.notify.templates.domain.content import Content
from services.notify.templates.preview import preview
from services.notify.templates.wordings import Overrides, templates_in_force
from services.notify.templates.yaml_file import FileFault, as_yaml, read_templates

BY = "cli"
app = App(name="templates", help="Mẫu tin thông báo: nội dung trên Zalo, SMS, VNPT; phiên bản; xem trước.")
out = Console()


@app.command(name="show")
async def show_command(kind: NoticeKind | None = None) -> None:
    """Xem mẫu tin đang dùng: danh sách, hoặc nội dung của một loại tin.

    Parameters
    ----------
    kind
        Loại tin, ví dụ received.
    """
    mongo = CliSettings().mongo("notify")
    found = await templates_in_force(mongo)
    await mongo.close()
    if kind is not None:
        sys.stdout.write(as_yaml({kind: found[kind].content}))
        return
    table = Table()
    for column in ("Loại tin", "Phiên bản", "Lưu lúc", "Mẫu Zalo", "Tin nhắn"):
        table.add_column(column)
    for one, template in found.items():
        zalo, sms = _overrides().applied(one, template.content).base.zalo, template.content.base.sms
        saved = f"{template.saved_at:%d/%m/%Y}" if template.saved_at else "đi kèm phần mềm"
        text = sms.text if sms is not None else ""
        table.add_row(one, str(template.version), saved, zalo.template_id if zalo else "", escape(text))
    out.print(table)


@app.command(name="preview")
async def preview_command(kind: NoticeKind, *, file: Path | None = None) -> None:
    """Xem trước một loại tin trên từng kênh, với giá trị mẫu. Không gửi cho ai.

    Parameters
    ----------
    kind
        Loại tin, ví dụ received.
    file
        Tệp YAML chưa nạp; không nêu thì xem mẫu đang dùng.
    """
    overrides = _overrides()
    if file is not None:
        content = _read(file, overrides).get(kind)
        if content is None:
            raise Invalid("template-kind-unknown", f"Tệp không có loại tin {kind}.")
    else:
        mongo = CliSettings().mongo("notify")
        content = (await templates_in_force(mongo))[kind].content
        await mongo.close()
    shown = preview(kind, content, overrides.applied(kind, content), overrides.prefix)
    for message in shown["messages"]:
        _show_message(message)


@app.command(name="import")
async def import_command(file: Path, *, dry_run: bool = False, note: str = "") -> None:
    """Lưu mẫu tin từ tệp YAML, cả tệp hoặc không gì cả; chạy lại không đổi gì. Mã thoát 2 khi có lỗi.

    Parameters
    ----------
    file
        Tệp YAML (UTF-8); loại tin không nêu thì giữ nguyên.
    dry_run
        Chỉ cho xem điều gì đổi; không lưu.
    note
        Ghi chú của phiên bản, ví dụ số văn bản.
    """
    logs.configure("motcua", "ERROR")
    settings, overrides = CliSettings(), _overrides()
    contents = _read(file, overrides)
    mongo = settings.mongo("notify")
    await mongo.ping()
    decision = SaveTemplates(contents, overrides.prefix, BY, note, dry_run=dry_run)
    saved = await Committer(mongo, "/notify", settings.clock().now).run(decision, cause=Cause(new_id()))
    await mongo.close()
    show_changes(out, saved, dry_run=dry_run)


@app.command(name="export")
async def export_command() -> None:
    """In mọi mẫu tin đang dùng, dạng YAML sửa được rồi nạp lại."""
    mongo: Mongo = CliSettings().mongo("notify")
    found = await templates_in_force(mongo)
    await mongo.close()
    sys.stdout.write(as_yaml({kind: template.content for kind, template in found.items()}))


def show_changes(console: Console, saved: list[Saved], *, dry_run: bool) -> None:
    """The lines that differ, and whether they are in force."""
    changed = [one for one in saved if one.changed]
    for one in changed:
        before, after = (as_yaml({t.kind: t.content}).splitlines() for t in (one.before, one.after))
        for line in list(unified_diff(before, after, lineterm="", n=1))[2:]:
            style = {"+": "green", "-": "red"}.get(line[0], "dim")
            console.print(line, style=style, markup=False, highlight=False)
    if not changed:
        console.print("Mẫu tin không đổi.")
    elif dry_run:
        console.print(f"{len(changed)} mẫu tin sẽ đổi. Chưa lưu gì (chạy thử).")
    else:
        versions = ", ".join(f"{one.after.kind} phiên bản {one.after.version}" for one in changed)
        console.print(f"[green]Đã lưu:[/green] {versions}. Các tiến trình dùng mẫu mới sau vài giây.")


def _overrides() -> Overrides:
    """As the services have them: without `SMS_PREFIX` the texts would be judged too short."""
    settings = NotifySettings()
    return Overrides(settings.sms_prefix, settings.zalo_template_ids)


def _read(file: Path, overrides: Overrides) -> dict[NoticeKind, Content]:
    """Raises: Invalid `template-refused`, after every fault was shown."""
    read = read_templates(content_of(file), overrides.prefix)
    if read.faults:
        _show_faults(read.faults)
        raise Invalid("template-refused", f"Tệp mẫu tin bị từ chối cả tệp: {len(read.faults)} lỗi. Chưa lưu gì.")
    return read.contents


def _show_faults(faults: list[FileFault]) -> None:
    table = Table()
    for column in ("Dòng", "Ở đâu", "Mã lỗi", "Vì sao"):
        table.add_column(column, justify="right" if column == "Dòng" else "left")
    for row in faults:
        table.add_row(str(row.line), escape(row.fault.where), row.fault.slug, escape(row.fault.reason))
    out.print(table)


def _show_message(message: dict[str, Any]) -> None:
    """One case on every channel."""
    out.print(f"[bold]{message['case'] or 'Thông thường'}[/bold]")
    if "refused" in message:
        out.print(f"  [red]{message['refused']['slug']}[/red]: {escape(message['refused']['reason'])}")
        return
    if message["zalo"] is not None:
        out.print(f"  Zalo, mẫu {message['zalo']['template_id']}:")
        for name, value in message["zalo"]["fields"].items():
            out.print(f"    {name}: {value}", markup=False, highlight=False)
    for form, words in (("plain", "SMS không dấu"), ("accented", "SMS có dấu")):
        text = message["sms"][form]
        if text is None:
            continue
        sent = ", được gửi" if message["sms"]["sent"] == form else ""
        cost = f"{text['encoding']}, {text['characters']} ký tự, tính {text['parts']} tin{sent}"
        out.print(f"  {words} ({cost}):")
        out.print(f"    {text['text']}", markup=False, highlight=False)
    if message["vnpt"] is not None:
        out.print(f"  VNPT, mẫu {message['vnpt']['template_id']}:")
        for number, value in enumerate(message["vnpt"]["params"], start=1):
            out.print(f"    {number}: {value}", markup=False, highlight=False)
