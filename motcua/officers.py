"""Officers' contacts at a terminal: who of a unit is told, and what a new file changes. No phone is ever shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.problems import Invalid
from contracts.types import NoticeKind
from motcua.calendar import show_faults
from motcua.files import content_of
from motcua.settings import CliSettings
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.work import Cause, Item
from services.notify.officers.entries import sealed_officers
from services.notify.officers.officer import OfficerContact, UnitOfficers
from services.notify.officers.read import Units, read_officers
from services.notify.officers.replace_officers import ReplaceOfficers
from services.notify.officers.store import OFFICERS

_KINDS: Mapping[NoticeKind, str] = {NoticeKind.DUE_SOON: "sắp đến hạn", NoticeKind.OVERDUE: "quá hạn"}

app = App(name="officers", help="Đầu mối của từng đơn vị nhận thông báo hồ sơ sắp đến hạn, quá hạn.")
out = Console()


@dataclass(frozen=True)
class Imported:
    """A unit before and after."""

    before: UnitOfficers
    after: UnitOfficers

    @property
    def gone(self) -> Sequence[OfficerContact]:
        """Roles that are told no more."""
        stays = {officer.id for officer in self.after.officers}
        return [officer for officer in self.before.officers if officer.id not in stays]


@app.command(name="show")
async def show_command(unit: str) -> None:
    """Xem đầu mối của một đơn vị: chức danh và loại thông báo; không bao giờ hiện số điện thoại.

    Parameters
    ----------
    unit
        Mã định danh của đơn vị.
    """
    mongo = CliSettings().mongo("notify")
    found = await OFFICERS.read(mongo, unit) or UnitOfficers(unit)
    await mongo.close()
    _print(out, [("", unit, officer) for officer in found.officers])
    if not found.officers:
        out.print(f"Đơn vị {escape(unit)} chưa có đầu mối nào.")


@app.command(name="import")
async def import_command(file: Path, *, dry_run: bool = False) -> None:
    """Nạp đầu mối từ tệp CSV, cả tệp hoặc không gì cả; mỗi đơn vị có trong tệp được thay cả danh sách. Mã thoát 2 khi
    tệp bị từ chối. Cần NOTIFY_PUBLIC_KEY: số điện thoại được niêm phong ngay khi nạp.

    Parameters
    ----------
    file
        Tệp CSV (UTF-8), các cột unit, label, phone, channel, kinds (đơn vị, chức danh, điện thoại, kênh, loại).
    dry_run
        Chỉ kiểm tra và cho xem điều gì đổi; không lưu.
    """
    settings = CliSettings()
    try:
        units = read_officers(content_of(file))
    except Invalid as error:
        show_faults(out, error)
        raise
    mongo = settings.mongo("notify")
    await mongo.ping()
    imported = await import_officers(mongo, settings.clock().now, units, settings.notify_public_key, dry_run=dry_run)
    await mongo.close()
    show_imported(out, imported, dry_run=dry_run)


async def import_officers(
    mongo: Mongo, now: Now, units: Units, public_key: str, *, dry_run: bool = False
) -> list[Imported]:
    """Put the contacts of all units in place in one transaction, or compare only.

    Raises: Off `officers-off`.
    """
    sealed = [sealed_officers(unit, entries, public_key) for unit, entries in units.items()]
    items = [Item(ReplaceOfficers(unit, dry_run), Cause(new_id())) for unit in sealed]
    before = await Committer(mongo, "/notify", now).run_all(items)
    return [Imported(old, new) for old, new in zip(before, sealed, strict=True)]


def show_imported(console: Console, imported: Sequence[Imported], *, dry_run: bool) -> None:
    """Every contact of the units named, and those that are told no more."""
    rows: list[tuple[str, str, OfficerContact]] = []
    for unit in imported:
        known = {officer.id for officer in unit.before.officers}
        rows += (("" if o.id in known else "[green]thêm[/]", unit.after.unit, o) for o in unit.after.officers)
        rows += (("[red]bỏ[/]", unit.after.unit, officer) for officer in unit.gone)
    _print(console, rows)
    if dry_run:
        console.print("Chưa lưu gì (chạy thử).")
    else:
        console.print(f"[green]Đã nạp đầu mối của {len(imported)} đơn vị.[/green] Số điện thoại đã được niêm phong.")


def _print(console: Console, rows: Sequence[tuple[str, str, OfficerContact]]) -> None:
    if not rows:
        return
    table = Table()
    for column in ("", "Đơn vị", "Mã", "Chức danh", "Nhận thông báo"):
        table.add_column(column)
    for mark, unit, officer in rows:
        kinds = ", ".join(_KINDS.get(kind, kind.value) for kind in officer.kinds)
        table.add_row(mark, escape(unit), officer.id, escape(officer.label), kinds)
    console.print(table)
