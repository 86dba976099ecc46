"""The inbox of an agency with very many open transfers: a page, a filtered page, the counts, the partners' list."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.measure import percentile
from services.kit import schema
from services.kit.mongo import Mongo
from services.kit.settings import Settings
from services.routing.queries.changes import changes
from services.routing.queries.inbox import Box, Horizon, Wish, counts, inbox
from services.routing.store import MORE, STORES, TRANSFERS
from services.routing.transfers import IN_WORK, TO_ACCEPT, WAITING

AGENCY = "H12.970.02"
AT_ONCE = 2_000
MOST_ASKED = 100
BOXES = (*[TO_ACCEPT] * 3, *[IN_WORK] * 6, WAITING)
PROCEDURES, COUNTERS, OFFICERS = 200, 15, 40
LATE, TO_COME = timedelta(days=2), timedelta(days=28)
Ask = Callable[[int], Awaitable[Any]]


async def inbox_figures(mongodb_url: str, number: int, seconds: float) -> dict[str, Any]:
    """Load `number` open transfers of one agency and look at them; milliseconds by question.

    Args:
        seconds: the longest that each question is asked over and over.
    """
    mongo = Mongo(mongodb_url, "bench_inbox", driver=Settings().mongo_driver)
    await mongo.drop()
    await schema.ensure(mongo, STORES, MORE)
    now = datetime.now(UTC)
    started = time.perf_counter()
    for part in _transfers(number, now):
        await mongo.collection(TRANSFERS).insert_many(part, ordered=False)
    loaded = time.perf_counter() - started
    try:
        asked = {name: await _measure(ask, seconds) for name, ask in _questions(mongo, now).items()}
    finally:
        await mongo.drop()
        await mongo.close()
    return {"transfers": number, "load_seconds": loaded, "asked": asked}


def _transfers(number: int, now: datetime) -> Iterator[list[dict[str, Any]]]:
    chance = random.Random(2018)
    whole = LATE + TO_COME
    for start in range(0, number, AT_ONCE):
        yield [_transfer(n, now, now - LATE + chance.random() * whole, chance) for n in range(start, start + AT_ONCE)]


def _transfer(number: int, now: datetime, due_at: datetime, chance: random.Random) -> dict[str, Any]:
    code, box = f"H12.970.00-2603{number % 28 + 1:02d}-{number:06d}", chance.choice(BOXES)
    return {
        "_id": f"{code}/1",
        "code": code,
        "number": 1,
        "agency": AGENCY,
        "step": 1,
        "steps": 2,
        "step_name": "",
        "role": "",
        "state": "offered" if box == TO_ACCEPT else "accepted",
        "procedure_code": f"1.{chance.randrange(PROCEDURES):06d}.H12",
        "mechanism": "one_stop",
        "channel": "counter",
        "counter": f"H12.970.{chance.randrange(COUNTERS):03d}.00",
        "officer": f"cb.{chance.randrange(OFFICERS)}",
        # Due times lie on few moments of the day: the ends of the office hours.
        "due_at": due_at.replace(minute=0, second=0, microsecond=0),
        "case_due_at": due_at,
        "case_state": "open",
        "offered_at": now,
        "accept_by": now,
        "accepted_at": now,
        "ended_at": None,
        "box": box,
        "revision": 2,
        "changed_at": now - chance.random() * TO_COME,
    }


def _questions(mongo: Mongo, now: datetime) -> dict[str, Ask]:
    horizon, boxes = Horizon(now, now + timedelta(hours=18)), list(Box)
    places: dict[Box, str | None] = {}

    async def page(n: int) -> None:
        """The next one of a box, and from the last again the first."""
        box = boxes[n % len(boxes)]
        places[box] = (await inbox(mongo, Wish(AGENCY, box, after=places.get(box)), horizon))["next"]

    async def filtered(n: int) -> None:
        wish = Wish(AGENCY, boxes[n % len(boxes)])
        wanted = (
            replace(wish, procedure=f"1.{n % PROCEDURES:06d}.H12"),
            replace(wish, counter=f"H12.970.{n % COUNTERS:03d}.00"),
            replace(wish, officer=f"cb.{n % OFFICERS}"),
        )
        await inbox(mongo, wanted[n // len(boxes) % len(wanted)], horizon)

    async def counted(_: int) -> None:
        await counts(mongo, AGENCY, horizon)

    async def listed(n: int) -> None:
        await changes(mongo, AGENCY, now - timedelta(days=n % 28), None, 200, now)

    return {"Một trang": page, "Một trang, có lọc": filtered, "Số trong các ngăn": counted, "Đối soát": listed}


async def _measure(ask: Ask, seconds: float) -> dict[str, float]:
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < MOST_ASKED and time.perf_counter() < until:
        started = time.perf_counter()
        await ask(len(times))
        times.append(1000 * (time.perf_counter() - started))
    return {"p50_ms": percentile(times, 0.5), "p95_ms": percentile(times, 0.95), "asked": len(times)}
