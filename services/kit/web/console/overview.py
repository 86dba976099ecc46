"""The first page: one light for each thing that can be wrong."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pymongo import ASCENDING

from services.kit.clock import Now
from services.kit.consumer_view import GroupView, group_view, partitions_of
from services.kit.failures import DEAD_LETTERS, PARKED_KEYS, LetterState
from services.kit.mongo import Mongo
from services.kit.outbox_depth import Depth, outbox_depth
from services.kit.sessions import PROCESSES
from services.kit.settings import HealthSettings
from services.kit.web.console.frame import PATH, Light
from services.kit.web.console.words import lasting, number, since

MOST_COUNTED = 1000
FEW_RECORDS = 1000
"""That many are read within seconds."""
SOON_S = 10.0


async def usual_lights(mongo: Mongo, group: str, now: Now, limits: HealthSettings) -> list[Light]:
    """Those that every service has."""
    view, at = await group_view(mongo, group), now()
    return [
        await _processes(mongo, view),
        _consumer(view, limits, at),
        _outbox(await outbox_depth(mongo, MOST_COUNTED), limits, at),
        await _parked(mongo, at),
        await _letters(mongo, at),
    ]


async def processes_of(mongo: Mongo) -> Counter[str]:
    """How many of each kind beat: who stands still is taken off the list by its neighbours, this one among them."""
    return Counter([row["process"] async for row in mongo.collection(PROCESSES).find({}, {"process": 1})])


async def _processes(mongo: Mongo, view: GroupView) -> Light:
    running = await processes_of(mongo)
    names = ", ".join(f"{count} {name}" for name, count in sorted(running.items()))
    path = f"{PATH}/bo-doc"
    if not view.workers:
        return Light("Tiến trình", "bad", str(running.total()), f"Không có tiến trình xử lý nào chạy. {names}", path)
    return Light("Tiến trình", "good", str(running.total()), names, path)


def _consumer(view: GroupView, limits: HealthSettings, at: datetime) -> Light:
    words, path = "Bản ghi Kafka chưa đọc", f"{PATH}/bo-doc"
    lags = [view.lag(place) for place in partitions_of(view.group)]
    waiting = sum(lag or 0 for lag in lags)
    value = number(waiting)
    if view.held is not None:
        return Light(words, "warn", value, f"Đang tạm dừng từ {since(view.held['since'], at)} trước.", path)
    if not view.workers:
        return Light(words, "bad", "không rõ", "Không có ai đọc.", path)
    unread = sum(view.holder(place) is None for place in partitions_of(view.group))
    if unread:
        return Light(words, "bad", value, f"{unread} phân vùng không có ai đọc.", path)
    if None in lags:
        return Light(words, "warn", value, "Chưa hỏi được Kafka.", path)
    idle = max(worker["idle_s"] for worker in view.workers)
    if waiting and idle > limits.stuck_s:
        return Light(words, "bad", value, f"Đứng yên {lasting(idle)}.", path)
    return Light(
        words, "warn" if waiting > FEW_RECORDS else "good", value, f"{len(view.workers)} tiến trình đọc.", path
    )


def _outbox(depth: Depth, limits: HealthSettings, at: datetime) -> Light:
    words, path = "Sự kiện chờ gửi lên Kafka", f"{PATH}/bo-doc"
    if depth.oldest is None:
        return Light(words, "good", "0", "Đã gửi hết.", path)
    age = (at - depth.oldest).total_seconds()
    kind = "bad" if age > limits.outbox_s else "warn" if age > SOON_S else "good"
    value = number(depth.events) + ("" if depth.whole else "+")
    return Light(words, kind, value, f"Lâu nhất: {lasting(age)}.", path)  # type: ignore[arg-type]


async def _parked(mongo: Mongo, at: datetime) -> Light:
    keys = mongo.collection(PARKED_KEYS)
    count = await keys.count_documents({}, limit=MOST_COUNTED)
    oldest = [key["parked_at"] async for key in keys.find({}, {"parked_at": 1}).sort("parked_at", ASCENDING).limit(1)]
    detail = f"Lâu nhất: {since(oldest[0], at)}." if oldest else "Không có hồ sơ nào bị giữ."
    return Light("Hồ sơ bị giữ lại", "warn" if count else "good", _counted(count), detail, f"{PATH}/bi-giu")


async def _letters(mongo: Mongo, at: datetime) -> Light:
    letters, query = mongo.collection(DEAD_LETTERS), {"state": LetterState.OPEN.value}
    count = await letters.count_documents(query, limit=MOST_COUNTED)
    cursor = letters.find(query, {"at": 1}).sort([("state", ASCENDING), ("at", ASCENDING)]).limit(1)
    oldest = [letter["at"] async for letter in cursor]
    detail = f"Lâu nhất: {since(oldest[0], at)}." if oldest else "Không có thư nào chờ xử lý."
    return Light("Thư chết chờ xử lý", "bad" if count else "good", _counted(count), detail, f"{PATH}/thu-chet")


def _counted(count: int) -> str:
    return f"{number(count)}{'+' if count >= MOST_COUNTED else ''}"
