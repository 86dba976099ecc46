"""Dead letters at a terminal: what could not be applied, and closing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from motcua.files import write_to
from motcua.letter_cures import edit_command, replay_command
from motcua.operations import (
    Service,
    database,
    finish,
    local,
    print_json,
    service_of,
    services_of,
    show_facts,
    show_operations,
)
from services.kit.failures import LetterState, stored_record
from services.kit.operations import contents, queries
from services.kit.operations.letters import Letters
from services.kit.operations.operation import account_acting
from services.kit.operations.queries import Row, Wish

STATES = {
    LetterState.OPEN: "[red]chờ xử lý[/red]",
    LetterState.REPLAYING: "[yellow]đang làm lại[/yellow]",
    LetterState.APPLIED: "[green]đã làm lại[/green]",
    LetterState.CLOSED: "đã đóng",
}

app = App(name="letters", help="Thư chết (bản ghi không dùng được): xem, sửa, làm lại, đóng.")
app.command(edit_command, name="edit")
app.command(replay_command, name="replay")
out = Console()


@app.command(name="list")
async def list_command(
    *,
    service: Service | None = None,
    state: tuple[LetterState, ...] = (LetterState.OPEN,),
    slug: str | None = None,
    topic: str | None = None,
    after: str | None = None,
    limit: int = 100,
    json: bool = False,
) -> None:
    """Thư chết, cũ nhất trước; mặc định chỉ thư còn chờ xử lý. Chỉ đọc.

    Parameters
    ----------
    service
        Chỉ một dịch vụ; mặc định là cả ba.
    state
        Trạng thái: open, replaying, applied, closed; nêu được nhiều lần.
    slug
        Chỉ mã nguyên nhân này.
    topic
        Chỉ từ topic này.
    after
        Trang sau: giá trị `next` của trang trước (cần --service).
    limit
        Nhiều nhất mỗi dịch vụ bao nhiêu thư.
    json
        In kết quả dạng JSON.
    """
    pages = {}
    for name in services_of(service):
        async with database(name) as (mongo, _):
            pages[name] = await queries.letters(mongo, Wish(slug, topic, after, limit), state)
    if json:
        print_json({name: {"letters": page.rows, "next": page.next} for name, page in pages.items()})
        return
    _show_letters(out, [row for page in pages.values() for row in page.rows])
    for name, page in pages.items():
        if page.next is not None:
            out.print(f"Còn nữa: --service {name} --after '{page.next}'", highlight=False)


@app.command(name="show")
async def show_command(id: str, *, service: Service | None = None, json: bool = False) -> None:
    """Một thư: vì sao, tiêu đề CloudEvents, các bản sửa và những gì đã làm; không kèm nội dung. Chỉ đọc.

    Parameters
    ----------
    id
        Mã của thư, như trong danh sách: dịch vụ/topic@đời/phân vùng/vị trí.
    service
        Dịch vụ, nếu mã không nói rõ.
    json
        In kết quả dạng JSON.
    """
    name = service_of(id, service)
    async with database(name) as (mongo, _):
        found = await queries.letter(mongo, id)
    if json:
        print_json(found)
        return
    envelope = {f"ce_{field}": value for field, value in (found["envelope"] or {}).items()}
    apart = ("envelope", "edited", "operations")
    show_facts(out, {field: value for field, value in found.items() if field not in apart} | envelope)
    for edit in found["edited"]:
        words = f"Bản sửa {edit['number']}, {local(edit['at'])}, {edit['by']}: {', '.join(edit['changed'])}"
        out.print(escape(words), highlight=False)
    if found["operations"]:
        show_operations(out, [(name, row) for row in found["operations"]])


@app.command(name="content")
async def content_command(
    id: str, *, by: str, reason: str, save: Path | None = None, service: Service | None = None
) -> None:
    """In nội dung một thư và bản sửa mới nhất, dạng JSON. Có thể chứa dữ liệu cá nhân: lần xem được ghi lại.

    Parameters
    ----------
    id
        Mã của thư.
    by
        Tài khoản của người xem, không phải họ tên.
    reason
        Lý do xem.
    save
        Ghi phần thân của bản gốc ra tệp này, từng byte như đã gửi, thay vì in.
    service
        Dịch vụ, nếu mã không nói rõ.
    """
    acting = account_acting(by, reason)
    async with database(service_of(id, service)) as (mongo, now):
        shown = await contents.read_letter(mongo, now, id, acting)
        if save is None:
            print_json(shown)
        else:
            write_to(save, stored_record(await queries.known_letter(mongo, id)).value or b"")


@app.command(name="close")
async def close_command(id: str, *, by: str, reason: str, service: Service | None = None, json: bool = False) -> None:
    """Đóng một thư: không cần làm gì thêm, ví dụ bên gửi đã gửi lại.

    Parameters
    ----------
    id
        Mã của thư.
    by
        Tài khoản của người làm, không phải họ tên.
    reason
        Lý do đóng.
    service
        Dịch vụ, nếu mã không nói rõ.
    json
        In kết quả dạng JSON.
    """
    acting = account_acting(by, reason)
    name = service_of(id, service)
    async with database(name) as (mongo, now):
        await finish(mongo, name, [await Letters(mongo, now).close(id, acting)], wait=False, json=json)


@app.command(name="reopen")
async def reopen_command(id: str, *, by: str, reason: str, service: Service | None = None, json: bool = False) -> None:
    """Mở lại một thư đã đóng nhầm.

    Parameters
    ----------
    id
        Mã của thư.
    by
        Tài khoản của người làm, không phải họ tên.
    reason
        Lý do mở lại.
    service
        Dịch vụ, nếu mã không nói rõ.
    json
        In kết quả dạng JSON.
    """
    acting = account_acting(by, reason)
    name = service_of(id, service)
    async with database(name) as (mongo, now):
        await finish(mongo, name, [await Letters(mongo, now).reopen(id, acting)], wait=False, json=json)


def _show_letters(console: Console, rows: Sequence[Row]) -> None:
    if not rows:
        console.print("[green]Không có thư chết nào.[/green]")
        return
    table = Table()
    for column in ("Mã thư", "Trạng thái", "Nguyên nhân", "Loại", "Lúc", "Chi tiết"):
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = (row["id"], row["slug"], row["type"] or "?", local(row["at"]), row["detail"])
        id, *rest = (escape(cell) for cell in cells)
        table.add_row(id, STATES[LetterState(row["state"])], *rest)
    console.print(table)
