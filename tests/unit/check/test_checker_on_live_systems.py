"""What the checker must leave alone while things are written, and what it says of documents that nobody can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.routing import DossierDueSoon, DossierEscalated, DossierOverdue
from motcua.check.facts import Facts, Parked
from motcua.check.readable import fault
from services.kit.outbox import OUTBOX
from services.routing.store import CASES
from tests.unit.check.facts_fixtures import (
    CODE,
    NOW,
    SERIES,
    World,
    case,
    change_row,
    dossier,
    found,
    good,
    judge,
    logged,
    notice,
    row,
    tell,
)
from tests.unit.routing.case_fixtures import case as opened_case

FRESH = NOW - timedelta(seconds=5)


def test_a_later_event_that_was_read_before_an_earlier_one_was_there_is_no_gap() -> None:
    def gap(facts: World) -> None:
        facts.journal.remove(next(r for r in facts.journal if r.id == "e2"))
        change_row(facts, "e3", created_at=FRESH)
        facts.log = None

    assert found(gap) == []
    assert ("lost", "sequence-broken") in found(gap, timedelta(0))


def test_a_key_that_was_parked_a_moment_ago_waits_for_a_fact_that_is_only_late() -> None:
    def parked(facts: World) -> None:
        facts.parked.append(Parked("routing", f"routing|{CODE}", "case-unknown", FRESH))

    assert found(parked) == []
    assert found(parked, timedelta(0)) == [("stuck", "key-parked")]


def test_a_case_that_was_opened_after_the_dossiers_were_read_is_no_difference() -> None:
    def opened(facts: World) -> None:
        other = f"{SERIES}-0002"
        facts.cases[other] = case(state="open", timeliness=None)
        facts.journal.append(
            row("x", "intake", facts.journal[0].type, 1, subject=other, aggregate=f"dossiers/{other}", created_at=FRESH,
                sent_at=None, pending=True)
        )  # fmt: skip

    assert found(opened) == []


def test_a_record_whose_journal_row_came_after_the_journal_was_read_is_given_time() -> None:
    facts = good()
    facts.began_ms = 100_000
    assert facts.log is not None
    facts.log.append(logged("newer", "/routing"))
    assert [f.rule for f in judge(facts).findings] == ["record-without-journal"]
    facts.began_ms = 59_000
    assert judge(facts).clean, "written less than the time of grace before"


@pytest.mark.parametrize("event", [DossierDueSoon, DossierOverdue, DossierEscalated])
def test_officers_may_be_told_or_not_and_are_told_of_what_was(event: type[Any]) -> None:
    def warned(facts: World) -> None:
        facts.dossiers[CODE] = dossier(status="in_process", timeliness=None)
        facts.cases[CODE] = case(state="open", timeliness=None)
        facts.journal[:] = [r for r in facts.journal if r.id in {"e1", "e2"}]
        facts.log = [logged(id) for id in ("e1", "e2")]
        facts.notices = {"n-e1": notice("e1", "n-e1-1")}
        facts.messages = None
        tell(facts, CODE, "routing", event, told=False)

    def told(facts: World, event_id: str) -> None:
        warned(facts)
        officer = {"kind": "overdue", "unit": "H12.970.02", "officer": "o1"}
        facts.notices |= {f"n-{n}": notice(event_id, f"n-{n}-1", **officer, state="expired") for n in (1, 2)}

    assert found(warned) == [], "a unit without officers"
    assert found(lambda facts: told(facts, f"routing-{CODE}-2")) == [], "two officers of one unit"
    assert found(lambda facts: told(facts, "never-was")) == [("orphan", "notice-without-event")] * 2


READABLE: Mapping[str, Mapping[str, Any]] = {
    OUTBOX: {"created_at": NOW, "events": [{"id": "e", "topic": "t", "type": "t", "subject": "s", "aggregate": "a"}]},
    "dossiers": {"status": "received", "mechanism": "one_stop"},
    "numbers": {"last": 3, "taken": [7]},
    "cases": CASES.to_document(opened_case()),
}


@pytest.mark.parametrize("collection", list(READABLE))
def test_what_is_as_it_must_be_can_be_read_and_nothing_else(collection: str) -> None:
    document = READABLE[collection]
    assert fault(collection, document) is None
    for field in document:
        for value in ("broken", 7, [None], {"a": 1}):
            if type(value) is not type(document[field]):
                fault(collection, document | {field: value})  # says what is wrong, or nothing, and never stumbles
    first = next(iter(document))
    assert fault(collection, {name: value for name, value in document.items() if name != first}) is not None


def test_of_what_cannot_be_read_only_that_is_said() -> None:
    for place, change in (
        (f"cases/{CODE}", lambda facts: facts.cases.clear()),
        (f"dossiers/{CODE}", lambda facts: (facts.dossiers.clear(), facts.numbered.update({SERIES: {1}}))),
    ):

        def broken(facts: Facts, place: str = place, change: Any = change) -> None:
            change(facts)
            facts.unreadable[place] = (CODE, "field state")

        assert found(broken) == [("lost", "document-unreadable")]
