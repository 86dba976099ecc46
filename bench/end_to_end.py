"""The whole road, by the bulk doors: from a counter's software to the last message that a gateway took; against what
one would write first, and against moving the same bytes with nothing else."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import httpx
import orjson

from bench.baseline.services import SERVE, TOPICS
from bench.clerks import PROCEDURE
from bench.house import House, Session
from bench.raw_road import RawRoad, Volume, volume
from bench.result import Bars, Goal, Result, middle, number
from bench.road import Road, applicant, phones
from contracts.events import counter
from contracts.topics import Topic
from local.demo.partners import record
from local.plan import Ports, ProcessPlan, simulators
from motcua.check import Report
from services.kit.kafka import Producer, create_topics
from services.kit.sealing import Sealer
from services.kit.settings import KafkaSettings

DOSSIERS, NAIVE_DOSSIERS, RAW_DOSSIERS = 1_500, 200, 6_000
NAIVE_MESSAGES, NAIVE_FIRST = 3, 5
LONGEST_S = 180.0
HOUSE, NAIVE, RAW = "nhà", "cách viết đầu tiên", "chỉ chuyển và ghi số byte ấy"
TIMES_NAIVE, OF_RAW = 6.0, 0.5


async def run(session: Session) -> Result:
    house = session.house
    road = await Road.into(house)
    await road.send(30)  # opens connections, fetches Zalo's token
    await house.quiet()
    rates: dict[str, list[float]] = {HOUSE: [], NAIVE: [], RAW: []}
    moved: Volume | None = None
    for _ in range(session.rounds):
        before, said = await volume(house), (road.records_said, road.bytes_said)
        rates[HOUSE].append(await road.send(DOSSIERS))
        await house.quiet()
        moved = (await volume(house)).since(before).plus(road.records_said - said[0], road.bytes_said - said[1])
        rates[NAIVE].append(await _naive(house))
        rates[RAW].append(await RawRoad(house, moved.per(DOSSIERS)).run(RAW_DOSSIERS))
        session.say(f"một vòng: {', '.join(f'{name} {number(values[-1])}' for name, values in rates.items())}")
    await road.close()
    assert moved is not None
    return _result(rates, moved.per(DOSSIERS), await house.check())


def _result(rates: dict[str, list[float]], each: Volume, check: Report) -> Result:
    found = {name: middle(values) for name, values in rates.items()}
    times, part = found[HOUSE] / found[NAIVE], found[HOUSE] / found[RAW]
    result = Result("end-to-end", "Từ quầy đến tin nhắn cuối", ("", "hồ sơ/giây", "từng vòng"), check=check)
    for name, values in rates.items():
        result.rows.append((name, number(found[name]), "  ".join(number(value) for value in values)))
    result.figures = {"per_second": found, "rounds": rates, "times_naive": times, "of_raw": part, "each": vars(each)}
    result.bars = [Bars("Từ quầy đến tin nhắn cuối", "hồ sơ/giây", found)]
    result.goals = [
        Goal("so với cách viết đầu tiên, lần", times, TIMES_NAIVE),
        Goal("so với giới hạn của máy chủ", part, OF_RAW),
    ]
    words = (
        f"Mỗi hồ sơ: {number(each.records)} bản tin, {number(each.record_bytes)} byte vào Kafka; "
        f"{number(each.documents)} tài liệu, {number(each.document_bytes)} byte còn lại trong MongoDB."
    )
    result.notes = [words]
    return result


async def _naive(house: House) -> float:
    """Start the naive services beside the resting house, let dossiers through, stop them again."""
    topics = [Topic(name, "dossier code", 12, (), ("bench",), ()) for name in TOPICS]
    await create_topics(house.endpoints.kafka_bootstrap, topics, house.endpoints.kafka_replication)
    await house.supervisor.stop_workers(10.0)
    ports = Ports.free()
    gateways, plans = _gateways(house, ports), _plans(house, ports)
    for plan in (gateways, *plans):
        await house.supervisor.start([plan])
    try:
        return await _through_naive(house, f"http://127.0.0.1:{ports.simulators}")
    finally:
        running = [house.supervisor.running.pop(plan.name) for plan in (*plans, gateways)]
        await asyncio.gather(*(process.stop(5.0) for process in running))
        await house.work_with(1)


def _gateways(house: House, ports: Ports) -> ProcessPlan:
    """Of their own: the checker compares the house's with the house's notices."""
    data = house.data_dir / "naive"
    data.mkdir(exist_ok=True)
    return replace(simulators(ports, data, house.identity, clock_offset=house.clock_offset), name="naive-gateways")


def _plans(house: House, ports: Ports) -> Sequence[ProcessPlan]:
    """They have no health page of their own; that of the gateways, which always answers, stands for it."""
    url = f"http://127.0.0.1:{ports.simulators}"
    notify = next(plan for plan in house.worker_plans() if plan.name == "notify-worker").env
    identity, endpoints = house.identity, house.endpoints
    env = {
        "MONGODB_URL": endpoints.mongodb_url,
        "KAFKA_BOOTSTRAP": endpoints.kafka_bootstrap,
        "INTAKE_PRIVATE_KEY": identity.intake_private_key,
        "NOTIFY_PUBLIC_KEY": identity.notify_public_key,
        "NOTIFY_PRIVATE_KEY": identity.notify_private_key,
        **{name: value for name, value in notify.items() if name.startswith("ESMS_")},
        "ESMS_BASE_URL": f"{url}/esms",
    }
    command = (sys.executable, "-m", "bench.baseline.services")
    return [ProcessPlan(f"naive-{service}", (*command, service), env, f"{url}/livez") for service in SERVE]


async def _through_naive(house: House, gateways: str) -> float:
    settings = KafkaSettings(bootstrap=house.endpoints.kafka_bootstrap, idempotence=house.endpoints.kafka_idempotence)
    producer, sealer = Producer(settings, "naive"), Sealer(house.identity.intake_public_key)
    await producer.start()
    try:
        # The first ones find the groups joined; only those behind them are timed.
        await _send(house, producer, sealer, gateways, NAIVE_FIRST)
        started = time.monotonic()
        await _send(house, producer, sealer, gateways, NAIVE_DOSSIERS)
        return NAIVE_DOSSIERS / (time.monotonic() - started)
    finally:
        await producer.stop()


async def _send(house: House, producer: Producer, sealer: Sealer, gateways: str, some: int) -> None:
    """Register some, and wait for all their messages."""
    records = []
    for phone in phones(some):
        person = sealer.seal(orjson.dumps(applicant(phone)))
        command = counter.RegisterDossier(
            counter="H12.970.00", external_ref=phone, procedure_code=PROCEDURE, applicant=person
        )
        records.append(record("naive.register", phone, "/bench", command, house.clock.now))
    async with httpx.AsyncClient(base_url=gateways, trust_env=False, timeout=30) as http:
        # The gateways know the messages of earlier rounds from their file.
        until, wanted = time.monotonic() + LONGEST_S, await _accepted(http) + NAIVE_MESSAGES * some
        await producer.publish(records)
        while await _accepted(http) < wanted:
            if time.monotonic() > until:
                raise TimeoutError("the naive services did not finish")
            await asyncio.sleep(0.1)


async def _accepted(http: httpx.AsyncClient) -> int:
    accepted: int = (await http.get("/control/stats")).json()["esms"]["accepted"]
    return accepted
