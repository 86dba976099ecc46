"""More workers on one machine: how fast a burst of 20,000 events is worked off, how far behind it leaves everybody."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress

from bench.house import House, Session
from bench.result import Bars, Result, middle, number
from contracts.topics import CONSUMERS
from local.year import messages
from local.year.plan import Life, plan_year
from local.year.run import prepare
from motcua.check import Report
from services.kit.batch import FENCES, fence_id
from services.kit.kafka import Producer, log_ends
from services.kit.sealing import Sealer
from services.kit.settings import KafkaSettings

WORKERS = (1, 2, 4)
EVENTS, EVENTS_OF_A_DOSSIER = 20_000, 4
"""A line of an old register is a command, and becomes `submitted`, `resolved` and `returned`."""
LONGEST_S = 300.0
TOGETHER = 500
FIRST = 20
"""They find the groups joined and everything opened; only those behind them are timed."""


async def run(session: Session) -> Result:
    house, year = session.house, plan_year()
    await prepare(house, year)
    lives = iter([life for life in year.lives if not life.procedure.interlinked and life.returned_at is not None])
    number_of = EVENTS // EVENTS_OF_A_DOSSIER + FIRST
    measured: dict[int, list[tuple[float, int]]] = {}
    rounds = max(1, min(session.rounds, len(year.lives) // (number_of * len(WORKERS))))
    for _ in range(rounds):
        for workers in WORKERS:
            burst = [next(lives) for _ in range(number_of)]
            measured.setdefault(workers, []).append(await _burst(house, workers, burst))
            session.say(f"{workers} tiến trình mỗi dịch vụ: {measured[workers][-1][0]:.0f} giây")
    await house.work_with(1)
    return _result(measured, rounds, await house.check())


def _result(measured: dict[int, list[tuple[float, int]]], rounds: int, check: Report) -> Result:
    result = Result(
        "scaling", f"Một đợt {EVENTS:,} sự kiện".replace(",", "."),
        ("tiến trình mỗi dịch vụ", "sự kiện/giây", "xong sau, giây", "chậm nhiều nhất, bản tin"), check=check,
    )  # fmt: skip
    for workers, found in measured.items():
        seconds, lag = middle([one for one, _ in found]), middle([float(most) for _, most in found])
        result.rows.append((str(workers), number(EVENTS / seconds), number(seconds), number(lag)))
        result.figures[str(workers)] = {"seconds": seconds, "per_second": EVENTS / seconds, "most_behind": lag}
    result.figures["rounds"] = rounds
    values = {f"{name} tiến trình": found["per_second"] for name, found in result.figures.items() if name != "rounds"}
    result.bars = [Bars("Một đợt 20.000 sự kiện, theo số tiến trình mỗi dịch vụ", "sự kiện/giây", values)]
    return result


async def _burst(house: House, workers: int, lives: list[Life]) -> tuple[float, int]:
    """Returns: seconds until all is worked off, and the most records that anybody was behind."""
    await house.work_with(workers)
    endpoints = house.endpoints
    producer = Producer(
        KafkaSettings(bootstrap=endpoints.kafka_bootstrap, idempotence=endpoints.kafka_idempotence), "burst"
    )
    await producer.start()
    sealer = Sealer(house.identity.intake_public_key)
    records = [messages.registration(life, sealer, house.clock.now) for life in lives]
    await producer.publish(records[:FIRST])
    await _worked_off(house, lives[:FIRST])
    behind = Counter[str]()
    started = time.monotonic()
    watching = asyncio.create_task(_watch(house, behind))
    for start in range(FIRST, len(records), TOGETHER):
        await producer.publish(records[start : start + TOGETHER])
    await _worked_off(house, lives)
    took = time.monotonic() - started
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    await producer.stop()
    return took, max(behind.values(), default=0)


async def _worked_off(house: House, lives: list[Life]) -> None:
    """Every dossier handed over and known to notify. Raises: TimeoutError."""
    until, codes = time.monotonic() + LONGEST_S, [life.code for life in lives]
    intake, notify = house.mongo("intake"), house.mongo("notify")
    last = {"_id": {"$in": codes[-200:]}}
    while True:
        ended = await intake.collection("dossiers").count_documents({**last, "status": "returned"})
        if ended == len(codes[-200:]) and await house.quiet():
            missing = set(codes) - {d["_id"] async for d in notify.collection("recipients").find({}, {"_id": 1})}
            open_ones = await intake.collection("dossiers").count_documents(
                {"_id": {"$in": codes}, "status": "returned"}
            )
            if not missing and open_ones == len(codes):
                break
        if time.monotonic() > until:
            raise TimeoutError("the burst was not worked off")
        await asyncio.sleep(0.5)
    await intake.close()
    await notify.close()


async def _watch(house: House, behind: Counter[str]) -> None:
    """How many records each group has not taken over, by its fences."""
    while True:
        for group, topics in CONSUMERS.items():
            mongo = house.mongo(group)
            fences = {d["_id"]: d["next"] async for d in mongo.collection(FENCES).find({})}
            await mongo.close()
            ends = await log_ends(house.endpoints.kafka_bootstrap, [topic.name for topic in topics], {})
            epoch = next((id.partition("@")[2].partition("/")[0] for id in fences), "0")
            left = sum(end.end - fences.get(fence_id(group, place, epoch), 0) for place, end in ends.items())
            behind[group] = max(behind[group], left)
        await asyncio.sleep(1.0)
