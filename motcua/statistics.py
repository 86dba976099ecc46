"""The statistics recounted and mended, at a terminal."""

from __future__ import annotations

import sys

from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from motcua.operations import database, noted, terminal_acting
from services.kit.operations.operation import Acting, Command
from services.routing.recount import Recount, recount

MOST_SHOWN = 100
app = App(name="statistics", help="Thống kê hồ sơ: đếm lại từ hồ sơ và nhật ký, sửa số liệu lệch.")
out = Console()


@app.command(name="recount")
async def recount_command() -> None:
    """Đếm lại và so với số liệu thống kê; chỉ đọc. Mã thoát 1 khi có số lệch."""
    found = await _recount()
    show_recount(out, found)
    sys.exit(1 if found.differences else 0)


@app.command(name="rebuild")
async def rebuild_command(*, by: str | None = None, reason: str | None = None) -> None:
    """Đếm lại và sửa mọi số lệch trong một giao dịch, cả khi hệ thống đang chạy; chạy lại không đổi gì.

    Ai sửa, vì sao và kết quả được ghi vào nhật ký thao tác.

    Parameters
    ----------
    by
        Tài khoản của người làm, không phải họ tên; mặc định là tài khoản đăng nhập máy này.
    reason
        Lý do sửa.
    """
    found = await _recount(mends=terminal_acting(by, reason))
    show_recount(out, found)
    out.print(f"Đã sửa {len(found.differences)} số liệu.")


async def _recount(mends: Acting | None = None) -> Recount:
    async with database("routing") as (mongo, now):
        with out.status("Đang đọc hồ sơ và nhật ký …"):
            if mends is None:
                return await recount(mongo, now())
            async with noted(mongo, now, Command.REBUILD, "model:statistics", mends) as numbers:
                found = await recount(mongo, now(), mend=True)
                numbers |= {"looked_at": found.cases, "changed": len(found.differences)}
                return found


def show_recount(console: Console, found: Recount) -> None:
    """What differs, figure by figure."""
    if found.differences:
        table = Table()
        for column in ("Kỳ", "Đơn vị", "Thủ tục", "Số liệu", "Đang ghi", "Đếm lại"):
            table.add_column(column)
        for one in found.differences[:MOST_SHOWN]:
            period, unit, procedure, *_ = one.sum.split("|")
            cells = (period, unit, procedure, one.path, str(one.counted), str(one.recounted))
            table.add_row(*(escape(cell) for cell in cells))
        console.print(table)
    if len(found.differences) > MOST_SHOWN:
        console.print(f"… và {len(found.differences) - MOST_SHOWN} số liệu nữa.")
    console.print(
        f"Đã đếm lại {found.cases} hồ sơ: {len(found.differences)} số liệu lệch; "
        f"{found.on_the_way} sự kiện còn trên đường."
    )
