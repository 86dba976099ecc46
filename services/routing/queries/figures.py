"""How sums that were read become the figures of an answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from contracts.types import Mechanism, StopKind
from services.routing.domain.statistics import RECEIVED, RESOLVED, STEPS, STOPS, Figure, balance, received

By = Literal["unit", "field", "procedure", "mechanism", "day"]
When = Literal["before", "within", "after", "ever"]
Figures = Counter[str]
"""By name of a figure; received also by mechanism."""
OVERDUE = "overdue"


@dataclass(frozen=True)
class Asked:
    """What is asked for."""

    period: tuple[date, date] | None = None
    """First and last day in Viet Nam; None: all time."""
    unit: str | None = None
    """And everything below it."""
    field: str | None = None
    procedure: str | None = None
    by: By | None = None

    def where(self, procedure: str) -> dict[str, Any]:
        """As a filter on documents whose field `procedure` holds its code."""
        # Codes are groups with dots between: the sign after the dot ends everything below a unit.
        unit = {"$gte": self.unit, "$lt": f"{self.unit}{chr(ord('.') + 1)}"} if self.unit else None
        wanted = {"unit": unit, procedure: self.procedure, "field": self.field}
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass
class Counted:
    """What was read, by what the answer is grouped by."""

    within: dict[str, Figures] = field(default_factory=lambda: defaultdict(Counter))
    """What happened in the period."""
    carried: Counter[str] = field(default_factory=Counter)
    """What was pending when it began; by day: all of it under the empty key."""
    standing: dict[str, Figures] | None = None
    """What is overdue or waits now; None: not known."""

    def take(self, asked: Asked, key: str, mechanism: str, when: When, sums: Mapping[str, int]) -> None:
        """One sum of the read model."""
        if when == "within":
            self.within[key].update({name: amount for name, amount in sums.items() if amount})
            self.within[key][mechanism] += received(sums)
        if asked.period is not None and when != "before":
            sign = 1 if when == "ever" else -1
            self.carried["" if asked.by == "day" else key] += sign * balance(sums)


def answer(asked: Asked, counted: Counted) -> dict[str, Any]:
    """The whole, and a row for each unit, field, procedure, mechanism or day."""
    whole: Figures = Counter()
    for figures in counted.within.values():
        whole.update(figures)
    standing: Figures | None = None if counted.standing is None else Counter()
    for figures in (counted.standing or {}).values():
        assert standing is not None
        standing.update(figures)
    period = asked.period and {"from": asked.period[0].isoformat(), "to": asked.period[1].isoformat()}
    told = not (asked.field or asked.procedure)
    found = {"period": period, **_shown(whole, counted.carried.total(), standing, refused=told)}
    if asked.by is None:
        return found
    rows = _days(counted) if asked.by == "day" else _rows(counted, refused=told and asked.by == "unit")
    return {**found, "by": asked.by, "rows": list(rows)}


def _rows(counted: Counted, *, refused: bool) -> Iterator[dict[str, Any]]:
    standing = counted.standing
    for key in sorted({*counted.within, *(key for key, left in counted.carried.items() if left)}):
        figures = counted.within.get(key, Counter())
        if not key and not counted.carried[key] and set(+figures) <= {Figure.REFUSED}:
            continue  # filings that were not accepted: their field and procedure are not told
        now = None if standing is None else standing.get(key, Counter())
        yield {"key": key, **_shown(figures, counted.carried[key], now, refused=refused)}


def _days(counted: Counted) -> Iterator[dict[str, Any]]:
    """Each day begins with what the day before left."""
    carried = counted.carried.total()
    for key in sorted(counted.within):
        figures = counted.within[key]
        yield {"key": key, **_shown(figures, carried, None)}
        carried += balance(figures)


def _shown(figures: Figures, carried: int, standing: Figures | None, *, refused: bool = True) -> dict[str, Any]:
    pending = carried + balance(figures)
    return {
        "received": {mechanism.value: figures[mechanism] for mechanism in Mechanism},
        "received_by_channel": {channel.value: figures[name] for channel, name in RECEIVED.items()},
        "received_for_others": figures[Figure.FOR_OTHERS],
        "carried_over": carried,
        "resolved": {timeliness.value: figures[name] for timeliness, name in RESOLVED.items()},
        "late_against_first_promise": figures[Figure.LATE_FIRST],
        "denied": figures[Figure.DENIED],
        "terminated": figures[Figure.TERMINATED],
        "withdrawn": figures[Figure.WITHDRAWN],
        "open": pending,
        "pending": _pending(pending, standing),
        "refused": figures[Figure.REFUSED] if refused else None,
        "stopped": {kind.value: figures[name] for kind, name in STOPS.items()},
        "steps": {
            **{timeliness.value: figures[name] for timeliness, name in STEPS.items()},
            "waited_minutes": figures[Figure.STEP_WAITED_MINUTES],
            "worked_minutes": figures[Figure.STEP_WORKED_MINUTES],
        },
    }


def _pending(total: int, standing: Figures | None) -> dict[str, Any]:
    """In time, overdue and waiting make up the total. Cases are ahead of the sums by the events that are still on
    their way, so what is read of them never counts for more than there is."""
    if standing is None:
        return {"total": total, "in_time": None, "overdue": None, "waiting": None}
    left = total
    waiting = {}
    overdue = min(standing[OVERDUE], left)
    left -= overdue
    for kind in StopKind:  # the clock stands still: neither in time nor overdue
        waiting[kind.value] = min(standing[kind], left)
        left -= waiting[kind.value]
    return {"total": total, "in_time": left, "overdue": overdue, "waiting": waiting}
