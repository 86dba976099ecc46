"""A small world at rest in which everything is as it must be; each test breaks one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events import Message
from contracts.events.intake import DossierReturned, DossierSubmitted
from contracts.events.routing import DossierResolved, DossierTransferred
from motcua.check import Report
from motcua.check import judge as judging
from motcua.check.facts import Facts, Logged, Row
from motcua.check.log import LogReading
from motcua.check.told import NOTICE_OF

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CODE = "H12.970.00-261123-0001"
COUNTER = "H12.970.00"
SERIES = f"{COUNTER}-261123"
TYPES = (DossierSubmitted.TYPE, DossierTransferred.TYPE, DossierResolved.TYPE, DossierReturned.TYPE)
OWNERS = ("intake", "routing", "routing", "intake")


@dataclass
class World(Facts):
    """Facts, and an event log of which nothing was read yet."""

    log: list[Logged] | None = field(default_factory=list)
    """None: there is no broker."""


def row(id: str, service: str, type: str, sequence: int, **changes: Any) -> Row:
    collection = {"intake": "dossiers", "routing": "cases"}[service]
    made = Row(
        service=service, id=id, topic="dossier.events.v1", type=type, subject=CODE, aggregate=f"{collection}/{CODE}",
        sequence=sequence, pending=False, created_at=NOW - 10 * MINUTE, sent_at=NOW - 9 * MINUTE, key=CODE.encode(),
    )  # fmt: skip
    return replace(made, **changes)


def logged(id: str, source: str = "/intake", key: str = CODE, type: str = "") -> Logged:
    return Logged("dossier.events.v1", key.encode(), id, source, type, key)


def tell(facts: World, code: str, service: str, *types: type[Message], told: bool = True) -> None:
    """A further life in that world: its events in order, on the log; and its notices on a phone."""
    collection = {"intake": "dossiers", "routing": "cases"}[service]
    aggregate = f"{collection}/{code}"
    begun = sum(row.aggregate == aggregate for row in facts.journal)
    for sequence, event in enumerate(types, begun + 1):
        id = f"{service}-{code}-{sequence}"
        facts.journal.append(row(id, service, event.TYPE, sequence, subject=code, aggregate=aggregate))
        assert facts.log is not None
        facts.log.append(logged(id, f"/{service}", code))
        if told and event.TYPE in NOTICE_OF:
            facts.recipients[code] = {}
            facts.notices[f"n-{id}"] = notice(id, f"n-{id}-1", code=code)
            assert facts.messages is not None
            facts.messages.append(message(f"n-{id}-1"))


def give_number(facts: World, code: str) -> None:
    unit, _, number = code.rpartition("-")
    facts.numbers[unit] = {"last": max(int(number), facts.numbers.get(unit, {"last": 0})["last"]), "taken": []}


def attempt(id: str, **changes: Any) -> dict[str, Any]:
    return {"id": id, "provider": "zalo", "provider_id": "", "delivered_at": None} | changes


def notice(event_id: str, attempt_id: str, **changes: Any) -> dict[str, Any]:
    made = {
        "code": CODE, "kind": "received", "state": "delivered", "event_id": event_id,
        "attempts": [attempt(attempt_id, delivered_at=NOW - 8 * MINUTE)],
        "created_at": NOW - 9 * MINUTE, "expires_at": NOW + 60 * MINUTE,
    }  # fmt: skip
    return made | changes


def message(reference: str, **changes: Any) -> dict[str, Any]:
    made = {
        "tracking_id": reference, "request_id": None, "provider": "zalo", "provider_id": f"m-{reference}",
        "delivered_at": 1, "accepted_at": 1,
    }  # fmt: skip
    return made | changes


def dossier(**changes: Any) -> dict[str, Any]:
    made = {
        "status": "returned", "mechanism": "one_stop", "due_at": NOW + 60 * MINUTE, "backfill": False,
        "on_the_spot": False, "timeliness": "early", "answer_due_at": None, "overdue_told": False,
    }  # fmt: skip
    return made | changes


def case(**changes: Any) -> dict[str, Any]:
    made = {
        "state": "resolved", "timeliness": "early", "mechanism": "one_stop",
    }  # fmt: skip
    return made | changes


def filing(**changes: Any) -> dict[str, Any]:
    """A dossier that waits for the desk's answer."""
    waits = {"status": "registered", "due_at": None, "timeliness": None, "answer_due_at": NOW + 60 * MINUTE}
    return dossier(**(waits | changes))


def good() -> World:
    """One dossier from receipt to hand-over, told three times."""
    sequences = (1, 1, 2, 2)
    journal = [row(f"e{n}", o, t, s) for n, (o, t, s) in enumerate(zip(OWNERS, TYPES, sequences, strict=True), 1)]
    told = ("e1", "e3", "e4")
    return World(
        journal=journal,
        numbers={SERIES: {"last": 1, "taken": []}},
        dossiers={CODE: dossier()},
        cases={CODE: case()},
        notices={f"n-{id}": notice(id, f"n-{id}-1") for id in told},
        recipients={CODE: {}},
        parked=[],
        log=[logged(r.id, f"/{r.service}") for r in journal],
        messages=[message(f"n-{id}-1") for id in told],
    )


def judge(facts: World, grace: timedelta = MINUTE) -> Report:
    report = Report()
    if facts.log is not None:
        reading = LogReading(facts, report)
        for record in facts.log:
            if not reading.take(record):
                reading.stray(record)
    judging.judge(facts, report, NOW, grace)
    return report


def found(change: Callable[[World], object], grace: timedelta = MINUTE) -> list[tuple[str, str]]:
    """Kinds and rules of what is found after one change to the good world."""
    facts = good()
    change(facts)
    return [(finding.kind, finding.rule) for finding in judge(facts, grace).findings]


def change_row(facts: World, id: str, **changes: Any) -> None:
    facts.journal[:] = [replace(r, **changes) if r.id == id else r for r in facts.journal]
