"""What each process costs: memory under load, seconds of processor for a thousand dossiers, seconds to start."""

from __future__ import annotations

import time
from collections import Counter

from bench.house import House, Session, by_service
from bench.machine import spent
from bench.result import Bars, Result, middle, number
from bench.road import Road
from local.memory import resident_mb

DOSSIERS = 1_000
SERVICES = tuple(f"{service}-{role}" for service in ("intake", "routing", "notify") for role in ("api", "worker"))


async def run(session: Session) -> Result:
    """One load, as memory and processor time of one run differ little from the next's; starts in rounds."""
    house = session.house
    road = await Road.into(house)
    await road.send(30)
    await house.quiet()
    pids = house.pids()
    before, began = spent(pids.values()), time.monotonic()
    await road.send(DOSSIERS)
    memory = {name: resident_mb([pid]) for name, pid in pids.items()}
    await house.quiet()
    after, took = spent(pids.values()), time.monotonic() - began
    await road.close()
    counted, used, kept = by_service(list(pids)), Counter[str](), Counter[str]()
    for name, pid in pids.items():
        used[counted[name]] += after.ours.get(pid, 0.0) - before.ours.get(pid, 0.0)  # type: ignore[assignment]
        kept[counted[name]] += memory[name]  # type: ignore[assignment]
    starts = await _starts(house, session.rounds)
    result = Result(
        "processes", "Các tiến trình", ("", "bộ nhớ MB", "giây CPU / 1.000 hồ sơ", "khởi động, giây"),
        check=await house.check(),
    )  # fmt: skip
    for name, seconds in sorted(used.items(), key=lambda item: -item[1]):
        each, start = seconds * 1000 / DOSSIERS, starts.get(name)
        result.rows.append((name, number(kept[name]), number(each), "" if start is None else number(start)))
        result.figures[name] = {"memory_mb": kept[name], "cpu_s_per_1000": each, "start_s": start}
    total = sum(used.values()) * 1000 / DOSSIERS
    services = sum(seconds for name, seconds in used.items() if name in SERVICES) * 1000 / DOSSIERS
    result.figures["all"] = {"cpu_s_per_1000": total, "services_cpu_s_per_1000": services, "seconds": took}
    result.rows.append(("tất cả", number(sum(kept.values())), number(total), ""))
    result.bars = [
        Bars("Thời gian bộ xử lý cho 1.000 hồ sơ", "giây", {n: s * 1000 / DOSSIERS for n, s in used.items()})
    ]
    return result


async def _starts(house: House, rounds: int) -> dict[str, float]:
    """From the start of a process until it says that it is ready."""
    found: dict[str, list[float]] = {name: [] for name in SERVICES}
    for _ in range(rounds):
        for name in SERVICES:
            process = house.supervisor.running[name]
            await process.stop(10.0)
            began = time.monotonic()
            await process.start()
            await house.supervisor.wait_ready(name)
            found[name].append(time.monotonic() - began)
    return {name: middle(times) for name, times in found.items()}
