"""HTTP in: inboxes of agencies, their news, and the list that partners compare by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from contracts.types import Moment, ProcedureCode, UnitCode
from services.kit.clock import Now
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.routing.http import OfficerAccount
from services.routing.news import InboxNews, Listener
from services.routing.queries.changes import changes
from services.routing.queries.horizon import desk_of
from services.routing.queries.inbox import Box, Wish, counts, inbox, shown_transfer, to_sign
from services.routing.queries.shown import shown
from services.routing.rights import require_inbox
from services.routing.store import CASES

BEAT_S = 15.0
"""A comment line that often keeps proxies from closing a quiet stream."""
STOP_S = 1.0
"""How soon a stream ends when the process is told to stop."""
Limit = Annotated[int, Query(ge=1, le=500)]


def routes(mongo: Mongo, now: Now, news: InboxNews) -> APIRouter:
    """The routes of inboxes; every one needs a key."""
    api = APIRouter(prefix="/v1")

    @api.get("/agencies/{agency}/inbox")
    async def show_inbox(
        agency: UnitCode,
        caller: CallerDep,
        box: Box = Box.TO_ACCEPT,
        procedure: ProcedureCode | None = None,
        counter: UnitCode | None = None,
        officer: OfficerAccount | None = None,
        after: Annotated[str | None, Query(max_length=120)] = None,
        limit: Limit = 100,
    ) -> dict[str, Any]:
        """Hộp thư của cơ quan: một ngăn, hạn gần nhất trước, phân trang ổn định."""
        require_inbox(caller, agency)
        wish = Wish(agency, box, procedure, counter, officer, after, limit)
        return {
            "agency": agency,
            "box": box.value,
            **await inbox(mongo, wish, (await desk_of(mongo, agency, now())).horizon),
        }

    @api.get("/agencies/{agency}/inbox/counts")
    async def show_counts(agency: UnitCode, caller: CallerDep) -> dict[str, Any]:
        """Số hồ sơ trong từng ngăn."""
        require_inbox(caller, agency)
        return {"agency": agency, "counts": await counts(mongo, agency, (await desk_of(mongo, agency, now())).horizon)}

    @api.get("/agencies/{agency}/inbox/events")
    async def stream(agency: UnitCode, caller: CallerDep, request: Request) -> StreamingResponse:
        """Tin mới của hộp thư (server-sent events): mỗi lần chuyển hồ sơ thay đổi là một sự kiện `transfer`."""
        require_inbox(caller, agency)
        events = _events(news, agency, now, request.app.state.stopping)
        return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    @api.get("/agencies/{agency}/apologies")
    async def apologies(agency: UnitCode, caller: CallerDep, limit: Limit = 100) -> dict[str, Any]:
        """Phiếu xin lỗi và hẹn lại đã soạn, chờ thủ trưởng cơ quan ký."""
        require_inbox(caller, agency)
        cases = await to_sign(mongo, agency, limit)
        return {
            "agency": agency,
            "cases": [shown(case, now(), frozenset({agency}), supervisor=False) for case in cases],
        }

    @api.get("/agencies/{agency}/transfers")
    async def transfers(
        agency: UnitCode,
        caller: CallerDep,
        since: Moment | None = None,
        after: Annotated[str | None, Query(max_length=120)] = None,
        limit: Limit = 200,
    ) -> dict[str, Any]:
        """Mọi lần chuyển hồ sơ từ một thời điểm, kèm số hiệu phiên bản, để đối soát."""
        require_inbox(caller, agency)
        return await changes(mongo, agency, since or now() - timedelta(days=30), after, limit, now())

    @api.get("/unplaced")
    async def unplaced(caller: CallerDep, limit: Limit = 100) -> dict[str, Any]:
        """Hồ sơ bị mọi nơi trả lại, chờ người vận hành xếp cơ quan."""
        caller.require("operator", "service")
        query = {"unplaced_since": {"$exists": True}}
        cursor = mongo.collection(CASES.collection).find(query).sort("unplaced_since", 1).limit(limit)
        return {"cases": [shown(CASES.to_state(row), now(), supervisor=False) async for row in cursor]}

    return api


async def _events(news: InboxNews, agency: str, now: Now, stopping: Callable[[], bool]) -> AsyncIterator[bytes]:
    async with news.listen(agency) as listener:
        yield b"retry: 2000\nevent: ready\ndata: {}\n\n"
        told = time.monotonic()
        while not stopping():
            event = await _next_event(listener, now)
            if event is not None or time.monotonic() - told >= BEAT_S:
                told = time.monotonic()
                yield event or b": beat\n\n"


async def _next_event(listener: Listener, now: Now) -> bytes | None:
    try:
        document = await asyncio.wait_for(listener.get(), min(STOP_S, BEAT_S))
    except TimeoutError:
        return None
    if document is None:
        return b"event: reload\ndata: {}\n\n"
    return b"event: transfer\ndata: " + orjson.dumps(shown_transfer(document, now())) + b"\n\n"
