"""Page: what the checker (`motcua check`) last said. It keeps its verdicts in intake's database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import Response
from pymongo import DESCENDING

from services.kit.mongo import Mongo
from services.kit.web.console.frame import PATH, READ, Console, Light, Tab
from services.kit.web.console.words import WORDS, number, since
from services.kit.web.visit import VisitDep

CHECKS = "checks"
VERDICT_PATH = f"{PATH}/kiem-tra"
EARLIER = 20
OLD = timedelta(days=1)
KIND_WORDS = {
    "lost": "Mất",
    "duplicated": "Trùng",
    "orphan": "Mồ côi",
    "out_of_order": "Sai thứ tự",
    "stuck": "Kẹt",
    "statistics": "Thống kê lệch",
}
MODE_WORDS = {"full": "toàn bộ", "incremental": "phần mới"}
SEEN_WORDS = {
    "dossiers": "hồ sơ", "cases": "vụ việc", "events": "sự kiện", "records": "bản ghi Kafka", "notices": "thông báo",
    "messages": "tin nhắn",
}  # fmt: skip
Verdict = Mapping[str, Any]


def verdict_pages(console: Console) -> None:
    """Add it, and its light."""
    mongo, now = console.mongo, console.settings.clock().now
    console.tabs.append(Tab("Đối chiếu", VERDICT_PATH))

    @console.pages.get("/kiem-tra", READ)
    async def verdict(visit: VisitDep) -> Response:
        found = await _verdicts(mongo, EARLIER)
        return console.page(
            visit, "verdict.html", last=found[0] if found else None, earlier=found[1:], words=WORDS, now=now(),
            kinds=KIND_WORDS, modes=MODE_WORDS, seen=SEEN_WORDS,
        )  # fmt: skip

    async def lights() -> list[Light]:
        found = await _verdicts(mongo, 1)
        if not found:
            return [Light("Đối chiếu", "warn", "chưa có", "Chưa lần nào đối chiếu (motcua check).", VERDICT_PATH)]
        [last] = found
        told = f"{since(last['at'], now())} trước, {MODE_WORDS.get(last['mode'], last['mode'])}."
        if not last["clean"]:
            return [Light("Đối chiếu", "bad", number(last["found"]), f"Có sai lệch. {told}", VERDICT_PATH)]
        kind = "warn" if now() - last["at"] > OLD else "good"
        return [Light("Đối chiếu", kind, "0", f"Không sai lệch. {told}", VERDICT_PATH)]  # type: ignore[arg-type]

    console.lights.append(lights)


async def _verdicts(mongo: Mongo, most: int) -> list[Verdict]:
    """The latest first."""
    cursor = mongo.collection(CHECKS).find({}).sort("_id", DESCENDING).limit(most)
    return [document async for document in cursor]
