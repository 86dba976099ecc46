"""Statistics in memory: the read model as the database would keep and read it, and the same counted one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from services.kit.tally import Sums
from services.routing.domain.statistics import RECEIVED, RESOLVED, Entry, Figure, balance
from services.routing.queries.figures import Asked, Counted, When, answer
from services.routing.tallies import ALL_TIME


def read(sums: Sums, asked: Asked) -> Counted:
    """What the pipeline of `statistics` does, step by step."""
    found = Counted()
    for key, amounts in sums._parts.values():
        if not _is_asked(key, asked):
            continue
        for on, figures in _parts(key["period"], amounts, asked):
            when = _when(on, asked)
            if when is not None:
                name = "" if asked.by is None else on if asked.by == "day" else key[asked.by]
                found.take(asked, name, key["mechanism"], when, figures)
    return found


def _parts(period: str, amounts: Mapping[str, int], asked: Asked) -> Iterator[tuple[str, dict[str, int]]]:
    cut = period != ALL_TIME and asked.period is not None
    whole: dict[str, int] = {}
    days: dict[str, dict[str, int]] = {}
    for path, amount in amounts.items():
        *inside, name = path.split(".")
        if inside[0] == "total":
            whole[name] = amount
        else:
            days.setdefault(f"{period}-{inside[1]}", {})[name] = amount
    if cut and asked.period is not None:
        ends = {asked.period[0].isoformat()[:7], asked.period[1].isoformat()[:7]}
        if period in ends or (asked.by == "day" and period <= max(ends)):
            yield from days.items()
            return
    yield period, whole


def _when(on: str, asked: Asked) -> When | None:
    if asked.period is None:
        return "within" if on == ALL_TIME else None
    first, last = (day.isoformat() for day in asked.period)
    if on[:7] < first[:7]:
        return None  # not read at all
    if on < first:
        return "before"
    if on <= last:
        return "within"
    return "ever" if on == ALL_TIME else "after"


def _is_asked(key: Mapping[str, Any], asked: Asked) -> bool:
    unit, wanted = key["unit"], asked.unit
    return (
        (wanted is None or unit == wanted or unit.startswith(f"{wanted}."))
        and (asked.field is None or key["field"] == asked.field)
        and (asked.procedure is None or key["procedure"] == asked.procedure)
    )


def one_by_one(entries: Iterable[Entry], asked: Asked) -> dict[str, Any]:
    """The main figures, from every single entry."""
    mine = [
        entry
        for entry in entries
        if _is_asked({"unit": entry.place.unit, "field": entry.place.field, "procedure": entry.place.procedure}, asked)
    ]
    first, last = asked.period or (date.min, date.max)
    within: Counter[Figure] = Counter()
    received: Counter[str] = Counter()
    for entry in mine:
        if first <= entry.day <= last:
            within.update(dict(entry.figures))
            received[entry.place.mechanism] += sum(entry.figures.get(name, 0) for name in RECEIVED.values())
    carried = sum(balance(entry.figures) for entry in mine if entry.day < first)
    return {
        "received": {name: received[name] for name in ("one_stop", "interlinked")},
        "received_for_others": within[Figure.FOR_OTHERS],
        "carried_over": carried,
        "resolved": {timeliness.value: within[name] for timeliness, name in RESOLVED.items()},
        "late_against_first_promise": within[Figure.LATE_FIRST],
        "denied": within[Figure.DENIED],
        "terminated": within[Figure.TERMINATED],
        "withdrawn": within[Figure.WITHDRAWN],
        "open": carried + balance(within),
    }


def main_figures(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in one_by_one((), Asked())}


def holds(found: Mapping[str, Any]) -> bool:
    """received + carried over = resolved + ended otherwise + pending (domain.md section 11, rule 15)."""
    came = found["carried_over"] + sum(found["received"].values())
    went = sum(found["resolved"].values()) + found["terminated"] + found["withdrawn"]
    return bool(came == went + found["pending"]["total"] and found["open"] >= 0)


def asked_in_memory(sums: Sums, asked: Asked) -> dict[str, Any]:
    return answer(asked, read(sums, asked))
