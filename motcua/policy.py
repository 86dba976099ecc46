"""The policy at a terminal: what is in force, and what a new file changes."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

from cyclopts import App
from rich.console import Console

from contracts.problems import Invalid
from motcua.calendar import show_faults
from motcua.files import content_of
from motcua.progress import bar
from motcua.settings import CliSettings
from services.kit import logs
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.work import Cause
from services.routing.commands.import_policy import ImportPolicy, PolicyImported
from services.routing.domain.policy import PolicyRevision
from services.routing.open_cases import count_open, reschedule
from services.routing.policies import PolicyFile, as_yaml, read_policy
from services.routing.store import POLICIES, THE_POLICY

app = App(name="policy", help="Quy định về thời gian và trách nhiệm: giờ nhận, cảnh báo, đôn đốc, người thay thế.")
out = Console()


@app.command(name="show")
async def show_command() -> None:
    """In quy định đang dùng, dạng YAML sửa được rồi nạp lại."""
    mongo = CliSettings().mongo("routing")
    revision = await POLICIES.read(mongo, THE_POLICY) or PolicyRevision()
    await mongo.close()
    sys.stdout.write(as_yaml(revision.policy))


@app.command(name="import")
async def import_command(file: Path, *, dry_run: bool = False) -> None:
    """Nạp quy định từ tệp YAML, cả tệp hoặc không gì cả, rồi lập lại hẹn giờ của hồ sơ đang mở. Mã thoát 2 khi có lỗi.

    Parameters
    ----------
    file
        Tệp YAML (UTF-8); khóa không nêu thì dùng mặc định.
    dry_run
        Chỉ cho xem điều gì đổi; không lưu.
    """
    logs.configure("motcua", "ERROR")
    settings = CliSettings()
    read = read_policy(content_of(file))
    mongo = settings.mongo("routing")
    await mongo.ping()
    try:
        imported = await import_policy(mongo, settings.clock().now, read, dry_run=dry_run)
    except Invalid as error:
        show_faults(out, error)
        raise
    show_change(out, imported)
    if not dry_run:
        await _reschedule(mongo, settings.clock().now)
    await mongo.close()


@app.command(name="apply")
async def apply_command() -> None:
    """Lập lại hẹn giờ của mọi hồ sơ đang mở theo quy định và lịch đang dùng; chạy lại không đổi gì."""
    logs.configure("motcua", "ERROR")
    settings = CliSettings()
    mongo = settings.mongo("routing")
    await mongo.ping()
    await _reschedule(mongo, settings.clock().now)
    await mongo.close()


async def import_policy(mongo: Mongo, now: Now, file: PolicyFile, *, dry_run: bool = False) -> PolicyImported:
    """Put a read policy in force, or compare only. Raises: Invalid `policy-refused`."""
    return await Committer(mongo, "/routing", now).run(ImportPolicy(file, dry_run), cause=Cause(new_id()))


def show_change(console: Console, imported: PolicyImported) -> None:
    """The lines that differ, and whether they are in force."""
    before, after = (as_yaml(revision.policy).splitlines() for revision in (imported.before, imported.after))
    for line in list(unified_diff(before, after, lineterm="", n=1))[2:]:
        style = {"+": "green", "-": "red"}.get(line[0], "dim")
        console.print(line, style=style, markup=False, highlight=False)
    if not imported.changed:
        console.print("Quy định không đổi.")
    elif imported.stored:
        console.print(f"[green]Đã dùng quy định mới, lần sửa {imported.after.revision}.[/green]")
    else:
        console.print("Chưa lưu gì (chạy thử).")


async def _reschedule(mongo: Mongo, now: Now) -> None:
    """Also where the policy is as before: an import that was interrupted is finished by the next."""
    with bar("Lập lại hẹn giờ", await count_open(mongo)) as advance:
        moved, failed = await reschedule(mongo, Committer(mongo, "/routing", now), advance)
    out.print(f"Hẹn giờ đã đổi ở {moved} hồ sơ đang mở.")
    if failed:
        out.print(f"[red]{failed} hồ sơ không lập lại được hẹn giờ; xem nhật ký ở trên.[/red]")
        sys.exit(1)
