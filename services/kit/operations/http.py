"""HTTP in: operators look at what is parked or dead, and do something about it. The same in every service."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kit.clock import Now
from services.kit.failures import LetterState
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.kit.operations import contents, queries
from services.kit.operations.edits import Correction
from services.kit.operations.letters import Letters
from services.kit.operations.operation import Command, OperationState, caller_acting
from services.kit.operations.parked import Parked
from services.kit.operations.queries import LogWish, Wish, shown

PATH = "/v1/operations"
MOST_BODY = 2 * 1024 * 1024
"""A corrected body may have 900 KiB, and more as a JSON string."""
Id = Annotated[str, StringConstraints(min_length=1, max_length=1200)]
Subject = Annotated[str, Query(alias="id", min_length=1, max_length=1200)]
Slug = Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,80}$")]
TopicName = Annotated[str | None, Query(pattern=r"^[a-z0-9.-]{1,100}$")]
After = Annotated[str | None, Query(max_length=1300)]
Limit = Annotated[int, Query(ge=1, le=500)]
OperationId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
HeaderName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
HeaderValue = Annotated[str, StringConstraints(max_length=2000)]


class AboutIn(BaseModel):
    """To what, and why."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    reason: str = Field(max_length=1000, description="Lý do, từ 5 đến 500 ký tự; không ghi số điện thoại, số giấy tờ")


class SkipIn(AboutIn):
    """`head`: the record that the operator saw at the head."""

    head: Id


class EditIn(AboutIn):
    """What becomes different; a header of null goes."""

    body: str | None = None
    key: str | None = Field(default=None, max_length=500)
    headers: dict[HeaderName, HeaderValue | None] = Field(default_factory=dict, max_length=50)


def operation_routes(mongo: Mongo, now: Now) -> APIRouter:
    """The routes; every one needs the scope `operator`."""
    api = APIRouter(prefix=PATH, tags=["operations"])
    _parked_routes(api, mongo, now)
    _letter_routes(api, mongo, now)

    @api.get("")
    async def log(
        caller: CallerDep,
        subject: Annotated[str | None, Query(max_length=1200)] = None,
        command: Command | None = None,
        state: OperationState | None = None,
        after: Annotated[str | None, Query(pattern=r"^[0-9a-f-]{36}$")] = None,
        limit: Limit = 100,
    ) -> dict[str, Any]:
        """Nhật ký thao tác của người vận hành, mới nhất trước."""
        caller.require("operator")
        page = await queries.operations(mongo, LogWish(subject, command, state, after, limit))
        return {"operations": page.rows, "next": page.next}

    @api.get("/{id}")
    async def one(id: OperationId, caller: CallerDep) -> dict[str, Any]:
        """Một thao tác và kết quả của nó."""
        caller.require("operator")
        return await queries.operation(mongo, id)

    return api


def _parked_routes(api: APIRouter, mongo: Mongo, now: Now) -> None:
    parked = Parked(mongo, now)

    @api.get("/parked")
    async def listing(
        caller: CallerDep, slug: Slug = None, topic: TopicName = None, after: After = None, limit: Limit = 100
    ) -> dict[str, Any]:
        """Hồ sơ đang bị giữ lại, lâu nhất trước."""
        caller.require("operator")
        page = await queries.parked_keys(mongo, Wish(slug, topic, after, limit))
        return {"parked": page.rows, "next": page.next}

    @api.get("/parked/key")
    async def show(id: Subject, caller: CallerDep) -> dict[str, Any]:
        """Một khóa bị giữ và các bản ghi đang chờ, không kèm nội dung."""
        caller.require("operator")
        return await queries.parked_key(mongo, id)

    @api.post("/parked/content")
    async def read(body: AboutIn, caller: CallerDep) -> dict[str, Any]:
        """Nội dung một bản ghi đang chờ (`id` của bản ghi); lần xem được ghi lại."""
        caller.require("operator")
        return await contents.read_parked(mongo, now, body.id, await caller_acting(mongo, caller, body.reason))

    @api.post("/parked/retry", status_code=202)
    async def retry(body: AboutIn, caller: CallerDep) -> dict[str, Any]:
        """Thử lại ngay."""
        caller.require("operator")
        return shown(await parked.retry(body.id, await caller_acting(mongo, caller, body.reason)))

    @api.post("/parked/skip", status_code=202)
    async def skip(body: SkipIn, caller: CallerDep) -> dict[str, Any]:
        """Bỏ bản ghi đứng đầu; nó thành thư chết, các bản ghi sau đi tiếp."""
        caller.require("operator")
        return shown(await parked.skip(body.id, body.head, await caller_acting(mongo, caller, body.reason)))


def _letter_routes(api: APIRouter, mongo: Mongo, now: Now) -> None:
    letters = Letters(mongo, now)

    @api.get("/letters")
    async def listing(
        caller: CallerDep,
        state: Annotated[list[LetterState] | None, Query(max_length=4)] = None,
        slug: Slug = None,
        topic: TopicName = None,
        after: After = None,
        limit: Limit = 100,
    ) -> dict[str, Any]:
        """Thư chết, cũ nhất trước; không có `state` thì chỉ thư còn chờ xử lý."""
        caller.require("operator")
        states = tuple(dict.fromkeys(state or (LetterState.OPEN,)))
        page = await queries.letters(mongo, Wish(slug, topic, after, limit), states)
        return {"letters": page.rows, "next": page.next}

    @api.get("/letters/letter")
    async def show(id: Subject, caller: CallerDep) -> dict[str, Any]:
        """Một thư chết, không kèm nội dung."""
        caller.require("operator")
        return await queries.letter(mongo, id)

    @api.post("/letters/content")
    async def read(body: AboutIn, caller: CallerDep) -> dict[str, Any]:
        """Nội dung một thư chết và bản sửa mới nhất; lần xem được ghi lại."""
        caller.require("operator")
        return await contents.read_letter(mongo, now, body.id, await caller_acting(mongo, caller, body.reason))

    @api.post("/letters/replay", status_code=202)
    async def replay(body: AboutIn, caller: CallerDep) -> dict[str, Any]:
        """Làm lại, bằng bản sửa mới nhất nếu có; xếp sau những gì đang chờ của cùng hồ sơ."""
        caller.require("operator")
        return shown(await letters.replay(body.id, await caller_acting(mongo, caller, body.reason)))

    @api.post("/letters/edit")
    async def edit(body: EditIn, caller: CallerDep) -> dict[str, Any]:
        """Lưu một bản sửa bên cạnh bản gốc; chưa làm lại."""
        caller.require("operator")
        acting = await caller_acting(mongo, caller, body.reason)
        correction = Correction(_bytes(body.body), _bytes(body.key), body.headers)
        return shown(await letters.edit(body.id, correction, acting))

    @api.post("/letters/close")
    async def close(body: AboutIn, caller: CallerDep) -> dict[str, Any]:
        """Đóng: không cần làm gì thêm."""
        caller.require("operator")
        return shown(await letters.close(body.id, await caller_acting(mongo, caller, body.reason)))

    @api.post("/letters/reopen")
    async def reopen(body: AboutIn, caller: CallerDep) -> dict[str, Any]:
        """Mở lại thư đã đóng nhầm."""
        caller.require("operator")
        return shown(await letters.reopen(body.id, await caller_acting(mongo, caller, body.reason)))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
