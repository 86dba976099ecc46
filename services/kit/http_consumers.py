"""HTTP in: how far the service's consumer is, what waits to be sent, and holding the consumer. The same in every
service; answered from MongoDB alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from contracts.problems import Missing
from services.kit.clock import Now
from services.kit.consumer_view import GroupView, group_view, partitions_of
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.kit.operations.operation import caller_acting
from services.kit.outbox_depth import outbox_depth
from services.kit.pauses import pause, resume

GroupName = Annotated[str, Path(pattern=r"^[a-z]{1,30}$")]
_TOLD = ("process", "host", "version", "leads", "paused", "batch_s", "progress_s", "idle_s", "rebalances",
         "offset_commits_failing_s", "started_at", "at")  # fmt: skip


class WhyIn(BaseModel):
    """Why it is held, or let go."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=1000, description="Lý do, từ 5 đến 500 ký tự; không ghi số điện thoại, số giấy tờ")


def consumer_routes(mongo: Mongo, group: str, now: Now) -> APIRouter:
    """The routes for the one consumer group of a service. To be wired before those of `services.kit.operations`, whose
    `/v1/operations/{id}` would take every word."""
    api = APIRouter(prefix="/v1/operations", tags=["operations"])

    @api.get("/consumers")
    async def consumers(caller: CallerDep) -> dict[str, Any]:
        """Bộ đọc Kafka của dịch vụ: ai đang giữ phân vùng nào, còn bao nhiêu bản ghi, có đang tạm dừng không."""
        caller.require("operator", "service")
        return {"consumers": [as_data(await group_view(mongo, group))]}

    @api.get("/outbox")
    async def outbox(caller: CallerDep) -> dict[str, Any]:
        """Sự kiện đang chờ gửi lên Kafka: bao nhiêu, lâu nhất từ lúc nào, theo từng topic."""
        caller.require("operator", "service")
        depth = await outbox_depth(mongo)
        topics = {topic: {"events": one.events, "oldest": one.oldest} for topic, one in depth.topics.items()}
        return {
            "events": depth.events,
            "documents": depth.documents,
            "more": not depth.whole,
            "oldest": depth.oldest,
            "oldest_s": seconds_between(depth.oldest, now()),
            "topics": topics,
        }

    @api.post("/consumers/{name}/pause")
    async def hold(name: GroupName, body: WhyIn, caller: CallerDep) -> dict[str, Any]:
        """Tạm dừng bộ đọc; lô đang làm được làm xong. Có lưu vết."""
        caller.require("operator")
        _mine(name, group)
        changed = await pause(mongo, group, await caller_acting(mongo, caller, body.reason), now())
        return {"changed": changed, "consumer": as_data(await group_view(mongo, group))}

    @api.post("/consumers/{name}/resume")
    async def let_go(name: GroupName, body: WhyIn, caller: CallerDep) -> dict[str, Any]:
        """Cho bộ đọc chạy tiếp. Có lưu vết."""
        caller.require("operator")
        _mine(name, group)
        changed = await resume(mongo, group, await caller_acting(mongo, caller, body.reason), now())
        return {"changed": changed, "consumer": as_data(await group_view(mongo, group))}

    return api


def as_data(view: GroupView) -> dict[str, Any]:
    """JSON values of a group."""
    partitions = []
    for place in partitions_of(view.group):
        worker = view.holder(place)
        partitions.append(
            {
                "topic": place[0],
                "partition": place[1],
                "next": view.read_to.get(place, 0),
                "lag": view.lag(place),
                "worker": worker["_id"] if worker else None,
            }
        )
    held = view.held
    return {
        "consumer": view.group,
        "paused": None if held is None else {name: held[name] for name in ("by", "label", "reason", "since")},
        "lag": sum(one["lag"] or 0 for one in partitions),
        "unassigned": sum(one["worker"] is None for one in partitions),
        "workers": [{"id": told["_id"], **{name: told[name] for name in _TOLD}} for told in view.workers],
        "partitions": partitions,
    }


def _mine(name: str, group: str) -> None:
    """Raises: Missing `consumer-unknown`."""
    if name != group:
        raise Missing("consumer-unknown", f"Dịch vụ này chỉ có bộ đọc {group}.")


def seconds_between(then: datetime | None, now: datetime) -> float | None:
    return None if then is None else round(max(0.0, (now - then).total_seconds()), 1)
