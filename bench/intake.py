"""Registrations at the desk: the house, the bare engines, and what one would write first."""

from __future__ import annotations

import sys

from bench.baseline.api import TOPIC
from bench.clerks import Clerks, Level
from bench.house import House, Session
from bench.raw import RawRegistration
from bench.result import Bars, Goal, Result, middle, number
from contracts.topics import Topic
from local.engines.ports import choose_port
from local.plan import ProcessPlan
from motcua.check import Report
from services.intake.store import DOSSIERS
from services.kit.kafka import create_topics

CLERKS = (1, 8, 64)
HOUSE, BUSY, RAW, NAIVE = "nhà", "nhà, các khâu sau cùng chạy", "giao dịch thô", "cách viết đầu tiên"
NAME = "naive-api"
WORST_P99_S = 0.15


async def run(session: Session) -> Result:
    """At each level all four in turn, so many rounds; medians."""
    house = session.house
    clerks = Clerks(house.addresses.intake, house.identity.counters_key)
    await clerks.register(2, 1.0)  # first calls open connections
    raw, naive = await RawRegistration.like(house, await _a_code(house)), await _naive(house)
    measured: dict[tuple[str, int], list[Level]] = {}
    for _ in range(session.rounds):
        # The desk alone, as raw loop and naive service are alone too; then with everybody behind it at work.
        await house.supervisor.stop_workers(10.0)
        for level in CLERKS:
            for name, register in ((HOUSE, clerks.register), (RAW, raw.run), (NAIVE, naive.register)):
                measured.setdefault((name, level), []).append(await register(level, session.seconds))
        await house.work_with(1)
        measured.setdefault((BUSY, CLERKS[-1]), []).append(await clerks.register(CLERKS[-1], session.seconds))
        session.say("một vòng tiếp nhận xong")
    await raw.close()
    await house.supervisor.running.pop(NAME).stop(10.0)
    return _result(measured, await house.check())


def _result(measured: dict[tuple[str, int], list[Level]], check: Report) -> Result:
    result = Result(
        "intake", "Tiếp nhận qua HTTP", ("", "cán bộ", "hồ sơ/giây", "p50 ms", "p95 ms", "p99 ms", "so với thô"),
        check=check,
    )  # fmt: skip
    found: dict[tuple[str, int], Level] = {}
    for key, levels in measured.items():
        found[key] = Level(*(middle([getattr(one, field) for one in levels]) for field in Level.__dataclass_fields__))
    for (name, clerks), level in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        raw = found[RAW, clerks].per_second
        ms = [number(1000 * value) for value in (level.p50, level.p95, level.p99)]
        result.rows.append((name, str(clerks), number(level.per_second), *ms, number(level.per_second / raw)))
        result.figures[f"{name}, {clerks}"] = vars(level) | {"of_raw": level.per_second / raw}
    for clerks in CLERKS:
        values = {name: found[name, clerks].per_second for name in (HOUSE, RAW, NAIVE)}
        result.bars.append(Bars(f"Tiếp nhận, {clerks} cán bộ", "hồ sơ/giây", values))
    most = found[HOUSE, CLERKS[-1]]
    result.goals = [Goal("p99 của phiếu hẹn với 64 cán bộ, giây", most.p99, WORST_P99_S, at_least=False)]
    result.notes = ["“nhà”, “thô” và “đầu tiên” chạy một mình; “các khâu sau cùng chạy” là cả hệ thống."]
    return result


async def _a_code(house: House) -> str:
    mongo = house.mongo("intake")
    found = await mongo.collection(DOSSIERS.collection).find_one({})
    await mongo.close()
    assert found is not None
    return str(found["_id"])


async def _naive(house: House) -> Clerks:
    topic = Topic(TOPIC, "dossier code", 12, (), ("bench",), ())
    await create_topics(house.endpoints.kafka_bootstrap, [topic], house.endpoints.kafka_replication)
    port = choose_port(0)
    command = (sys.executable, "-m", "uvicorn", "bench.baseline.api:app", "--port", str(port), "--log-level", "warning")
    engines = {"MONGODB_URL": house.endpoints.mongodb_url, "KAFKA_BOOTSTRAP": house.endpoints.kafka_bootstrap}
    await house.supervisor.start([ProcessPlan(NAME, command, engines, f"http://127.0.0.1:{port}/readyz")])
    return Clerks(f"http://127.0.0.1:{port}", "")
