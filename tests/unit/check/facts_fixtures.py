"""A small world at rest in which everything is as it must be; each test breaks one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.intake import DossierReturned, DossierSubmitted
from contracts.events.routing import DossierResolved, DossierTransferred
from motcua.check import Report
from motcua.check.facts import Facts, Logged, Row
from motcua.check.run import _judge as judge_all

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CODE = "H12.970.00-261123-0001"
COUNTER = "H12.970.00"
TYPES = (DossierSubmitted.TYPE, DossierTransferred.TYPE, DossierResolved.TYPE, DossierReturned.TYPE)
OWNERS = ("intake", "routing", "routing", "intake")


def row(id: str, service: str, type: str, sequence: int, **changes: Any) -> Row:
    collection = {"intake": "dossiers", "routing": "cases"}[service]
    made = Row(
        service=service, id=id, topic="dossier.events.v1", type=type, subject=CODE, aggregate=f"{collection}/{CODE}",
        sequence=sequence, pending=False, created_at=NOW - 10 * MINUTE, sent_at=NOW - 9 * MINUTE,
    )  # fmt: skip
    return replace(made, **changes)


def logged(offset: int, id: str, source: str = "/intake", key: str = CODE) -> Logged:
    return Logged("dossier.events.v1", 3, offset, key.encode(), id, source)


def notice(event_id: str, attempt: str, **changes: Any) -> dict[str, Any]:
    made = {
        "code": CODE, "kind": "received", "state": "delivered", "event_id": event_id,
        "attempts": [{"id": attempt, "delivered_at": NOW - 8 * MINUTE}],
        "created_at": NOW - 9 * MINUTE, "expires_at": NOW + 60 * MINUTE,
    }  # fmt: skip
    return made | changes


def message(reference: str, **changes: Any) -> dict[str, Any]:
    made = {"tracking_id": reference, "request_id": None, "delivered_at": 1, "accepted_at": 1}
    return made | changes


def dossier(**changes: Any) -> dict[str, Any]:
    made = {
        "status": "returned", "counter": COUNTER, "external_ref": "r-1", "mechanism": "one_stop",
        "received_at": NOW - 10 * MINUTE, "backfill": False,
    }  # fmt: skip
    return made | changes


def case(**changes: Any) -> dict[str, Any]:
    made = {
        "state": "resolved", "timeliness": "early", "mechanism": "one_stop", "counter": COUNTER,
        "received_at": NOW - 10 * MINUTE, "resolved_at": NOW - 9 * MINUTE,
    }  # fmt: skip
    return made | changes


def good() -> Facts:
    """One dossier from receipt to hand-over, told three times."""
    sequences = (1, 1, 2, 2)
    journal = [row(f"e{n}", o, t, s) for n, (o, t, s) in enumerate(zip(OWNERS, TYPES, sequences, strict=True), 1)]
    told = ("e1", "e3", "e4")
    return Facts(
        journal=journal,
        dossiers={CODE: dossier()},
        cases={CODE: case()},
        notices={f"n-{id}": notice(id, f"n-{id}-1") for id in told},
        recipients={CODE: {}},
        parked=[],
        log=[logged(offset, r.id, f"/{r.service}") for offset, r in enumerate(journal)],
        messages=[message(f"n-{id}-1") for id in told],
    )


def judge(facts: Facts, grace: timedelta = MINUTE) -> Report:
    report = Report()
    judge_all(facts, report, NOW, grace)
    return report


def found(change: Callable[[Facts], object], grace: timedelta = MINUTE) -> list[tuple[str, str]]:
    """Kinds and rules of what is found after one change to the good world."""
    facts = good()
    change(facts)
    return [(finding.kind, finding.rule) for finding in judge(facts, grace).findings]


def change_row(facts: Facts, id: str, **changes: Any) -> None:
    facts.journal[:] = [replace(r, **changes) if r.id == id else r for r in facts.journal]
