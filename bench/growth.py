"""What a dossier costs when very many are stored: it must not matter how many."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.house import Session
from bench.result import Bars, Goal, Result, middle, number
from bench.stock import Stock
from contracts.events import Message
from local.engines.engine_set import EngineKind
from services.intake.queries.track import story
from services.intake.store import DOSSIERS, INFORMED
from services.kit.commit import Committer
from services.kit.lease import Lease
from services.kit.outbox import OUTBOX
from services.routing.queries.figures import Asked
from services.routing.queries.inbox import Box, Horizon, Wish, counts, inbox
from services.routing.queries.statistics import statistics
from services.routing.timers import TimerLoop

SIZES = (1_000, 10_000, 100_000, 300_000)
MOST = 1.3
TOGETHER = 20
"""Registrations in a transaction, as a busy desk's group commit has them."""
OFFICE = "H12.970.02"
TIMES = 15
Ask = Callable[[], Awaitable[float]]
"""Does it once. Returns: seconds a dossier, or of the question."""


async def run(session: Session) -> Result:
    """In databases of their own on the same server; at each size every question in turn, `rounds` times; medians."""
    most = int(
        os.environ.get("GROWTH", SIZES[1] if session.house.engines.mongo_kind is EngineKind.EMBEDDED else SIZES[-1])
    )
    stock = await Stock.begin(session.house.endpoints.mongodb_url, datetime.now(UTC).replace(microsecond=0))
    sizes = [size for size in SIZES if size <= most]
    found: dict[str, dict[int, float]] = {}
    try:
        for size in sizes:
            began = time.monotonic()
            await stock.grow(size)
            session.say(f"{size} hồ sơ đã có, {time.monotonic() - began:.0f} giây")
            questions = await _questions(stock)
            times: dict[str, list[float]] = {name: [] for name in questions}
            for _ in range(TIMES * session.rounds):
                for name, ask in questions.items():
                    times[name].append(await ask())
            for name, seconds in times.items():
                found.setdefault(name, {})[size] = 1000 * middle(seconds)
    finally:
        await stock.close()
    return _result(found, sizes)


def _result(found: dict[str, dict[int, float]], sizes: list[int]) -> Result:
    first, last = sizes[0], sizes[-1]
    columns = ("mili giây, khi đã có", *(f"{size:,}".replace(",", ".") for size in sizes), "lần")
    result = Result("growth", "Càng nhiều hồ sơ", columns)
    for name, by_size in found.items():
        times = by_size[last] / by_size[first]
        result.rows.append((name, *(number(value) for value in by_size.values()), number(times)))
        result.figures[name] = {str(size): value for size, value in by_size.items()} | {"times": times}
        result.goals.append(Goal(f"{name}: từ {first} đến {last} hồ sơ, lần", times, MOST, at_least=False))
    result.bars = [
        Bars(f"{name}, theo số hồ sơ đã có", "mili giây", {str(size): value for size, value in by_size.items()})
        for name, by_size in found.items()
    ]
    return result


async def _questions(stock: Stock) -> dict[str, Ask]:
    horizon, now = Horizon(stock.now, stock.now + timedelta(hours=8)), stock.now
    lease = Lease(stock.routing, "timers")
    while not await lease.hold():
        lease.ttl_s = 0.1
    lease.ttl_s = 600.0
    await lease.hold()
    timers = TimerLoop(stock.routing, Committer(stock.routing, "/routing", lambda: now), lease, lambda: now)
    month = (now.date().replace(day=1), now.date())
    handed: list[Message] = []

    async def register() -> float:
        await stock.intake.collection(OUTBOX).delete_many({})
        seconds, codes = await _timed(stock.register(TOGETHER))
        handed[:] = await stock.told(codes)
        return seconds / TOGETHER

    async def open_case() -> float:
        return (await _timed(stock.take_over(handed)))[0] / TOGETHER

    async def track() -> float:
        code = stock.chance.choice(stock.codes)

        async def look() -> None:
            dossier = await DOSSIERS.read(stock.intake, code)
            assert dossier is not None
            story(dossier, await INFORMED.read(stock.intake, code))

        return (await _timed(look()))[0]

    async def page() -> float:
        return (await _timed(inbox(stock.routing, Wish(OFFICE, Box.TO_ACCEPT), horizon)))[0]

    async def box_counts() -> float:
        return (await _timed(counts(stock.routing, OFFICE, horizon)))[0]

    async def timer_round() -> float:
        return (await _timed(timers.once()))[0]

    async def figures() -> float:
        return (await _timed(statistics(stock.routing, Asked(month, by="unit"))))[0]

    return {
        "tiếp nhận một hồ sơ": register,
        "mở một hồ sơ ở cơ quan": open_case,
        "tra cứu": track,
        "một trang hộp thư": page,
        "số trong các ngăn": box_counts,
        "một vòng hẹn giờ": timer_round,
        "thống kê tháng": figures,
    }


async def _timed(doing: Awaitable[Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = await doing
    return time.perf_counter() - started, result
