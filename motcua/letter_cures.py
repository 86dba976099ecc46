"""Dead letters at a terminal: correcting them beside the original, and applying them again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

from contracts.problems import Invalid, Refused
from motcua.files import content_of
from motcua.operations import Service, database, finish, service_of
from motcua.progress import bar
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.operations import queries
from services.kit.operations.edits import Correction
from services.kit.operations.letters import Letters
from services.kit.operations.operation import Acting, account_acting
from services.kit.operations.queries import Row, Wish

PAGE = 200
out = Console()


async def edit_command(
    id: str,
    *,
    by: str,
    reason: str,
    body: Path | None = None,
    key: str | None = None,
    header: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    drop_header: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    service: Service | None = None,
    json: bool = False,
) -> None:
    """Lưu một bản sửa bên cạnh bản gốc; bản gốc còn mãi. Chưa làm lại: sau đó chạy `motcua letters replay`.

    Parameters
    ----------
    id
        Mã của thư.
    by
        Tài khoản của người sửa, không phải họ tên.
    reason
        Lý do sửa.
    body
        Tệp có phần thân mới (JSON, UTF-8).
    key
        Khóa bản ghi mới.
    header
        Tiêu đề mới, dạng tên=giá trị; nêu được nhiều lần.
    drop_header
        Tên tiêu đề cần bỏ; nêu được nhiều lần.
    service
        Dịch vụ, nếu mã không nói rõ.
    json
        In kết quả dạng JSON.
    """
    acting = account_acting(by, reason)
    headers: dict[str, str | None] = dict(map(_header, header)) | dict.fromkeys(drop_header)
    new_body = None if body is None else content_of(body)
    correction = Correction(new_body, None if key is None else key.encode(), headers)
    name = service_of(id, service)
    async with database(name) as (mongo, now):
        await finish(mongo, name, [await Letters(mongo, now).edit(id, correction, acting)], wait=False, json=json)


async def replay_command(
    *ids: str,
    by: str,
    reason: str,
    slug: str | None = None,
    service: Service | None = None,
    wait: bool = True,
    json: bool = False,
) -> None:
    """Làm lại thư chết, bằng bản sửa mới nhất nếu có, sau những gì đang chờ của cùng hồ sơ; chỉ có hiệu lực một lần.

    Mã thoát 1 khi có thư chưa làm được.

    Parameters
    ----------
    ids
        Mã của một hay nhiều thư trong cùng một dịch vụ.
    by
        Tài khoản của người làm, không phải họ tên.
    reason
        Lý do, ví dụ số phiên bản đã sửa lỗi.
    slug
        Thay cho mã thư: mọi thư đang chờ có mã nguyên nhân này (cần --service).
    service
        Dịch vụ, nếu mã không nói rõ.
    wait
        Đợi tiến trình worker làm xong rồi cho xem kết quả.
    json
        In kết quả dạng JSON.
    """
    acting = account_acting(by, reason)
    if bool(ids) == (slug is not None) or (slug is not None and service is None):
        raise Invalid("options-exclusive", "Nêu mã thư, hoặc --slug cùng với --service.")
    name = service_of(next(iter(ids), ""), service)
    async with database(name) as (mongo, now):
        chosen = ids if slug is None else await _open_with(mongo, slug)
        asked = await _replay_all(mongo, now, chosen, acting)
        await finish(mongo, name, asked, wait=wait, json=json)
    sys.exit(0 if len(asked) == len(chosen) else 1)


async def _open_with(mongo: Mongo, slug: str) -> list[str]:
    """Ids of the open letters with this cause, the oldest first: within a dossier that is their order."""
    ids: list[str] = []
    after: str | None = None
    while True:
        page = await queries.letters(mongo, Wish(slug=slug, after=after, limit=PAGE))
        ids += (row["id"] for row in page.rows)
        after = page.next
        if after is None:
            return ids


async def _replay_all(mongo: Mongo, now: Now, ids: Sequence[str], acting: Acting) -> list[Row]:
    """Each on its own; of several, what cannot be replayed is said, and the others go on. Raises: Refused."""
    if len(ids) == 1:
        return [await Letters(mongo, now).replay(ids[0], acting)]
    asked = []
    with bar("Xếp lượt làm lại", len(ids)) as advance:
        for id in ids:
            try:
                asked.append(await Letters(mongo, now).replay(id, acting))
            except Refused as error:
                out.print(f"[red]{error.slug}[/red] {escape(id)}: {escape(error.message)}", highlight=False)
            advance(1)
    return asked


def _header(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Invalid("header-malformed", "Tiêu đề viết dạng tên=giá trị, ví dụ ce_type=vn.motcua.….v1.")
    return name, value
