"""Parked keys at a terminal: which dossiers are held back, trying them now, dropping the record at their head."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App
from rich.console import Console
from rich.markup import escape
from rich.table import Table

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
from services.kit.operations import contents, queries
from services.kit.operations.operation import account_acting
from services.kit.operations.parked import Parked
from services.kit.operations.queries import Row, Wish

app = App(name="parked", help="Hồ sơ bị giữ lại (parked): xem, thử lại ngay, bỏ bản ghi đứng đầu.")
out = Console()


@app.command(name="list")
async def list_command(
    *,
    service: Service | None = None,
    slug: str | None = None,
    topic: str | None = None,
    after: str | None = None,
    limit: int = 100,
    json: bool = False,
) -> None:
    """Hồ sơ đang bị giữ lại, lâu nhất trước. Chỉ đọc.

    Parameters
    ----------
    service
        Chỉ một dịch vụ; mặc định là cả ba.
    slug
        Chỉ mã nguyên nhân này.
    topic
        Chỉ khi bản ghi đứng đầu đến từ topic này.
    after
        Trang sau: giá trị `next` của trang trước (cần --service).
    limit
        Nhiều nhất mỗi dịch vụ bao nhiêu khóa.
    json
        In kết quả dạng JSON.
    """
    pages = {}
    for name in services_of(service):
        async with database(name) as (mongo, _):
            pages[name] = await queries.parked_keys(mongo, Wish(slug, topic, after, limit))
    if json:
        print_json({name: {"parked": page.rows, "next": page.next} for name, page in pages.items()})
        return
    _show_keys(out, [row for page in pages.values() for row in page.rows])
    for name, page in pages.items():
        if page.next is not None:
            out.print(f"Còn nữa: --service {name} --after '{page.next}'", highlight=False)


@app.command(name="show")
async def show_command(id: str, *, service: Service | None = None, json: bool = False) -> None:
    """Một khóa: các bản ghi đang chờ (không kèm nội dung) và những gì đã làm với nó. Chỉ đọc.

    Parameters
    ----------
    id
        Mã của khóa, như trong danh sách: dịch vụ|khóa.
    service
        Dịch vụ, nếu mã không nói rõ.
    json
        In kết quả dạng JSON.
    """
    name = service_of(id, service)
    async with database(name) as (mongo, _):
        found = await queries.parked_key(mongo, id)
    if json:
        print_json(found)
        return
    lists = ("records", "operations")
    show_facts(out, {field: value for field, value in found.items() if field not in lists})
    _show_records(out, found["records"])
    if found["operations"]:
        show_operations(out, [(name, row) for row in found["operations"]])


@app.command(name="content")
async def content_command(record: str, *, by: str, reason: str, service: Service | None = None) -> None:
    """In nội dung một bản ghi đang chờ, dạng JSON. Có thể chứa dữ liệu cá nhân: lần xem được ghi lại.

    Parameters
    ----------
    record
        Mã của bản ghi, như `motcua parked show` in ra.
    by
        Tài khoản của người xem, không phải họ tên.
    reason
        Lý do xem.
    service
        Dịch vụ, nếu mã không nói rõ.
    """
    acting = account_acting(by, reason)
    async with database(service_of(record, service)) as (mongo, now):
        print_json(await contents.read_parked(mongo, now, record, acting))


@app.command(name="retry")
async def retry_command(
    *ids: str, by: str, reason: str, service: Service | None = None, wait: bool = True, json: bool = False
) -> None:
    """Thử lại ngay, không đợi lượt. Mã thoát 1 khi vẫn bị giữ.

    Parameters
    ----------
    ids
        Mã của một hay nhiều khóa trong cùng một dịch vụ.
    by
        Tài khoản của người làm, không phải họ tên.
    reason
        Lý do, ví dụ đã bổ sung danh mục cơ quan.
    service
        Dịch vụ, nếu mã không nói rõ.
    wait
        Đợi tiến trình worker làm xong rồi cho xem kết quả.
    json
        In kết quả dạng JSON.
    """
    acting = account_acting(by, reason)
    name = service_of(next(iter(ids), ""), service)
    async with database(name) as (mongo, now):
        asked = [await Parked(mongo, now).retry(id, acting) for id in ids]
        await finish(mongo, name, asked, wait=wait, json=json)


@app.command(name="skip")
async def skip_command(
    id: str,
    *,
    head: str,
    by: str,
    reason: str,
    service: Service | None = None,
    wait: bool = True,
    json: bool = False,
) -> None:
    """Bỏ bản ghi đứng đầu của một khóa: nó thành thư chết (làm lại được), các bản ghi sau đi tiếp.

    Parameters
    ----------
    id
        Mã của khóa.
    head
        Mã của bản ghi đang đứng đầu, như `motcua parked show` in ra: để không bỏ nhầm bản ghi khác.
    by
        Tài khoản của người làm, không phải họ tên.
    reason
        Lý do bỏ.
    service
        Dịch vụ, nếu mã không nói rõ.
    wait
        Đợi tiến trình worker làm xong rồi cho xem kết quả.
    json
        In kết quả dạng JSON.
    """
    acting = account_acting(by, reason)
    name = service_of(id, service)
    async with database(name) as (mongo, now):
        await finish(mongo, name, [await Parked(mongo, now).skip(id, head, acting)], wait=wait, json=json)


def _show_keys(console: Console, rows: Sequence[Row]) -> None:
    if not rows:
        console.print("[green]Không có hồ sơ nào bị giữ.[/green]")
        return
    table = Table()
    for column in ("Mã khóa", "Nguyên nhân", "Tin đầu", "Số tin", "Đã thử", "Bị giữ từ", "Lượt sau"):
        table.add_column(column, overflow="fold")
    for row in rows:
        numbers = (str(row["count"]), str(row["attempts"]), local(row["parked_at"]), local(row["next_at"]))
        cells = (row["id"], row["slug"], row["type"] or "?", *numbers)
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)


def _show_records(console: Console, rows: Sequence[Row]) -> None:
    table = Table()
    for column in ("Mã bản ghi", "Nguyên nhân", "Loại", "Từ", "Lúc", "Ghi chú"):
        table.add_column(column, overflow="fold")
    for row in rows:
        place = f"{row['topic']}/{row['partition']}/{row['offset']}"
        note = f"bỏ qua bởi {row['skipped_by']}" if row["skipped_by"] else ""
        note = note or (f"làm lại thư {row['letter']}" if row["letter"] else "")
        cells = (row["id"], row["slug"], row["type"] or "?", place, local(row["at"]), note)
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)
