"""`python -m bench.capacity`: what a place of a given size needs, by playing its busiest day minute by minute.

The costs are measured (`make bench ONLY=end-to-end,processes`); `--measured .motcua/bench.json` takes the newest. The
day is a model: so many dossiers a year, most of them in the morning and after lunch, its busiest day twice the usual.
Each dossier's work is spread over its life, so on a day as much is done for old dossiers as for new ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from cyclopts import App

WORKING_DAYS = 250
BUSIEST_DAY = 2.0
"""Times the average one: a Monday after a holiday."""
HOURS: Sequence[float] = (0.20, 0.19, 0.13, 0.06, 0.16, 0.14, 0.08, 0.04)
"""Share of each working hour: 7:30-11:30, 13:30-17:30."""
PEAK_MINUTE = 1.5
"""Times the minutes of its hour."""
BUSY = 0.6
"""So much of its processor a process may use in the busiest minute; above, waiting grows faster than work."""
LEAST = 2
"""Of each process: one may die."""
WORKING_DAYS_KEPT, KAFKA_COPIES, MONGO_COPIES = 21, 3, 3
"""Kafka keeps thirty days."""
YEARS_KEPT = 5
SHARD_WRITES_PER_S = 4_000.0
"""Documents a second that one primary takes in bulk beside reads; the native server on two cores did 10,000 alone."""
SHARD_BYTES = 2e12
SENDER_PER_S = 200.0
"""Notices a second that one leading sender was seen to hand over (`make bench ONLY=notices`)."""
MOST_WORKERS = 12
"""Partitions of `dossier.events.v1`; more workers of a service would have none."""
app = App(name="capacity", help="Cần bao nhiêu máy cho một nơi có cỡ cho trước.")


@dataclass(frozen=True)
class Costs:
    """Of one dossier, all its life."""

    cpu_s: Mapping[str, float]
    """By process."""
    records: float
    record_bytes: float
    documents: float
    """That stay."""
    document_bytes: float
    writes: float
    """Documents inserted or replaced."""
    notices: float = 3.0


MEASURED = Costs(
    cpu_s={"intake-api": 0.003, "intake-worker": 0.0048, "routing-api": 0.0003, "routing-worker": 0.0045,
           "notify-api": 0.0025, "notify-worker": 0.0089, "kafka": 0.0023, "mongodb": 0.0115},
    records=18.9,
    record_bytes=12_382,
    documents=36.3,
    document_bytes=30_990,
    writes=60.0,
)  # fmt: skip
"""Two cores, native engines; docs/capacity.md says when."""


@dataclass(frozen=True)
class Place:
    """Who has how many dossiers."""

    name: str
    a_year: float
    open_at_once: float
    peak_minute: float | None = None
    """Intakes; None: as the model of the day has it."""


PLACES = (
    Place("xã", 30_000, 3_400),
    Place("huyện (2018)", 37_000, 1_500),
    Place("tỉnh", 2_900_000, 340_000),
    Place("cả nước", 100_000_000, 11_500_000, 3_500),
)


@dataclass(frozen=True)
class Needs:
    """What a place needs."""

    place: Place
    peak_minute: float
    processes: Mapping[str, int]
    partitions: int
    shards: int
    kafka_bytes: float
    mongo_bytes_a_year: float
    notices_per_s: float
    longest_lag_s: float
    """Of the slowest service on the busiest day, with these processes."""
    breaks_first: str


def needs(place: Place, costs: Costs) -> Needs:
    """Enough processes that the busiest minute leaves them some rest."""
    arrivals = day(place)
    peak = max(arrivals)
    processes = {
        name: max(LEAST, math.ceil(peak / 60 * seconds / BUSY))
        for name, seconds in costs.cpu_s.items()
        if name not in ("kafka", "mongodb")
    }
    workers = max(number for name, number in processes.items() if name.endswith("-worker"))
    writes, stored = peak / 60 * costs.writes, place.a_year * costs.document_bytes
    shards = max(1, math.ceil(writes / SHARD_WRITES_PER_S), math.ceil(YEARS_KEPT * stored / SHARD_BYTES))
    notices = peak / 60 * costs.notices
    lag = max(longest_lag(arrivals, costs.cpu_s[name], processes[name]) for name in processes)
    loads = {
        "phân mảnh MongoDB đầu tiên": writes / SHARD_WRITES_PER_S,
        "một tiến trình gửi tin": notices / SENDER_PER_S,
        "12 phân vùng của dossier.events.v1": workers / MOST_WORKERS,
    }
    first = max(loads, key=lambda name: loads[name])
    return Needs(
        place,
        peak,
        processes,
        max(MOST_WORKERS, 12 * math.ceil(2 * workers / 12)),
        shards,
        place.a_year / WORKING_DAYS * WORKING_DAYS_KEPT * costs.record_bytes * KAFKA_COPIES,
        stored * MONGO_COPIES,
        notices,
        lag,
        f"{first} ({100 * loads[first]:.0f} %)",
    )


def day(place: Place) -> list[float]:
    """Intakes of each minute of the busiest day."""
    whole = place.a_year / WORKING_DAYS * BUSIEST_DAY
    minutes = [whole * share / 60 for share in HOURS for _ in range(60)]
    busiest = max(range(len(minutes)), key=lambda minute: minutes[minute]) + 30
    minutes[busiest] = place.peak_minute or minutes[busiest] * PEAK_MINUTE
    return minutes


def longest_lag(arrivals: Sequence[float], cpu_s: float, processes: int) -> float:
    """Seconds of work that lie before the processes at the worst moment, played minute by minute."""
    waiting = longest = 0.0
    for number in arrivals:
        waiting = max(0.0, waiting + number * cpu_s - 60 * processes)
        longest = max(longest, waiting)
    return longest / processes


def costs_from(file: Path) -> Costs:
    """As the newest benchmark measured them."""
    found: dict[str, Any] = orjson.loads(file.read_bytes())
    each, used = found["end-to-end"]["figures"]["each"], found["processes"]["figures"]
    cpu = {name: used[name]["cpu_s_per_1000"] / 1000 for name in MEASURED.cpu_s if name in used}
    server = next(name for name in used if name.startswith("secantus"))
    # Registrations there come over Kafka; over HTTP they cost the API what `intake` says.
    cpu |= {"mongodb": used[server]["cpu_s_per_1000"] / 1000, "intake-api": MEASURED.cpu_s["intake-api"]}
    writes = each["documents"] * MEASURED.writes / MEASURED.documents
    return replace(MEASURED, cpu_s={**MEASURED.cpu_s, **cpu}, writes=writes, **each)


def table(found: Sequence[Needs]) -> str:
    """As docs/capacity.md shows it."""
    names = ["", *(need.place.name for need in found)]
    rows: list[Sequence[str]] = [
        ("hồ sơ một năm", *(f"{need.place.a_year:,.0f}" for need in found)),
        ("đang giải quyết cùng lúc", *(f"{need.place.open_at_once:,.0f}" for need in found)),
        ("hồ sơ trong phút bận nhất", *(f"{need.peak_minute:,.1f}" for need in found)),
        *((name, *(str(need.processes[name]) for need in found)) for name in found[0].processes),
        ("phân vùng của dossier.events.v1", *(str(need.partitions) for need in found)),
        ("phân mảnh MongoDB", *(str(need.shards) for need in found)),
        ("Kafka, 30 ngày, 3 bản", *(_bytes(need.kafka_bytes) for need in found)),
        ("MongoDB mỗi năm, 3 bản", *(_bytes(need.mongo_bytes_a_year) for need in found)),
        ("tin nhắn mỗi giây lúc bận nhất", *(f"{need.notices_per_s:,.2f}" for need in found)),
        ("chậm nhất trong ngày bận nhất, giây", *(f"{need.longest_lag_s:,.1f}" for need in found)),
        ("chỗ hết trước", *(need.breaks_first for need in found)),
    ]
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} PB"


@app.default
def capacity(*, measured: Path | None = None) -> None:
    """Print the table of docs/capacity.md.

    Parameters
    ----------
    measured
        JSON that `make bench` wrote; without it the figures that the document was made with.
    """
    costs = MEASURED if measured is None else costs_from(measured)
    print(table([needs(place, costs) for place in PLACES]))


if __name__ == "__main__":
    app()
