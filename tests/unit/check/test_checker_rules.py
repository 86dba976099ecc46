"""Every rule of the checker: what it finds, and what it must leave alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from contracts.events.catalogue import ProcedurePublished
from motcua.check.facts import Parked
from tests.unit.check.facts_fixtures import (
    CODE,
    COUNTER,
    MINUTE,
    NOW,
    SERIES,
    World,
    attempt,
    case,
    change_row,
    dossier,
    found,
    good,
    judge,
    logged,
    message,
    notice,
    row,
)

Change = Callable[[World], object]
SECOND = f"{COUNTER}-261123-0002"


def test_a_world_at_rest_in_which_all_is_well_has_no_findings() -> None:
    for grace in (timedelta(0), MINUTE):
        assert judge(good(), grace).findings == []


def _gap(facts: World) -> None:
    facts.journal.remove(next(r for r in facts.journal if r.id == "e2"))
    facts.log = None


def _not_handed_over(facts: World) -> None:
    _untold(facts, "e4")


def _not_resolved(facts: World) -> None:
    """The counter says so, routing never did."""
    facts.dossiers[CODE]["status"] = "resolved"
    for id in ("e4", "e3"):
        _untold(facts, id)


def _untold(facts: World, id: str) -> None:
    facts.journal[:] = [r for r in facts.journal if r.id != id]
    facts.notices.pop(f"n-{id}")
    assert facts.log is not None
    assert facts.messages is not None
    facts.log[:] = [record for record in facts.log if record.id != id]
    facts.messages[:] = [m for m in facts.messages if m["tracking_id"] != f"n-{id}-1"]


def _same_number_twice(facts: World) -> None:
    change_row(facts, "e3", sequence=1)
    facts.log = None


def _submitted_twice(facts: World) -> None:
    facts.journal.append(row("e9", "intake", facts.journal[0].type, 3, sent_at=None))


def _two_messages_under_two_attempts(facts: World) -> None:
    facts.notices["n-e1"] = notice("e1", "n-e1-1") | {
        "attempts": [attempt(f"n-e1-{n}", delivered_at=NOW - MINUTE) for n in (1, 2)]
    }
    assert facts.messages is not None
    facts.messages.append(message("n-e1-2"))


def _texts_without_a_reference(facts: World) -> None:
    """One that its gateway's id tells of, one whose call got no answer."""
    assert facts.messages is not None
    facts.notices["n-e1"] = notice("e1", "n-e1-1") | {
        "attempts": [attempt("n-e1-1", provider="speedsms", provider_id="77"), attempt("n-e1-2", provider="speedsms")]
    }
    facts.messages[:] = [m for m in facts.messages if m["tracking_id"] != "n-e1-1"]
    for id, delivered in (("77", 1), ("78", None)):
        facts.messages.append(
            message("", tracking_id=None, provider="speedsms", provider_id=id, delivered_at=delivered)
        )


def _one_text_too_many(facts: World) -> None:
    _texts_without_a_reference(facts)
    assert facts.messages is not None
    facts.messages.append(message("", tracking_id=None, provider="speedsms", provider_id="79"))


PLANTED: dict[str, tuple[Change, list[tuple[str, str]]]] = {
    "an event that is not sent for too long": (
        lambda f: change_row(f, "e1", pending=True, sent_at=None),
        [("stuck", "event-not-sent")],
    ),
    "a text of a gateway without references that nobody sent": (
        _one_text_too_many,
        [("orphan", "message-without-notice")],
    ),
    "a gap in an aggregate's numbers": (_gap, [("lost", "sequence-broken"), ("orphan", "event-without-cause")]),
    "a number given twice": (_same_number_twice, [("duplicated", "sequence-broken")]),
    "a dossier submitted twice": (
        _submitted_twice,
        [("duplicated", "event-repeated"), ("lost", "event-without-notice")],
    ),
    "a parked key": (lambda f: f.parked.append(Parked("routing", f"routing|{CODE}", "bug")), [("stuck", "key-parked")]),
    "a sent event that the log does not have": (lambda f: f.log.pop(1), [("lost", "event-not-in-log")]),  # type: ignore[union-attr]
    "a record of ours that no journal knows": (
        lambda f: f.log.append(logged("ghost", "/routing")),  # type: ignore[union-attr]
        [("orphan", "record-without-journal")],
    ),
    "a later event before an earlier one": (
        lambda f: f.log.__setitem__(slice(None), [logged(id) for id in ("e4", "e1", "e2", "e3")]),  # type: ignore[union-attr]
        [("out_of_order", "sequence-back")],
    ),
    "a received dossier without a case": (lambda f: f.cases.clear(), [("lost", "dossier-without-case")]),
    "a case without a dossier": (
        lambda f: f.dossiers.clear(),
        [("orphan", "case-without-dossier"), ("statistics", "received-differs"), ("lost", "number-missing")],
    ),
    "a result that did not come back to the counter": (
        lambda f: (_not_handed_over(f), f.dossiers.update({CODE: dossier(status="in_process")})),
        [("lost", "result-not-at-counter")],
    ),
    "a result that no agency made": (
        lambda f: (_not_resolved(f), f.cases.update({CODE: case(state="open")})),
        [("lost", "result-without-case")],
    ),
    "a number that was jumped over": (
        lambda f: f.numbers[SERIES].update({"last": 2}),
        [("lost", "number-missing")],
    ),
    "a case that every agency declined": (
        lambda f: (
            _not_resolved(f),
            f.cases[CODE].update(state="open", steps=[{"state": "done"}, {"state": "unplaced"}]),
        ),
        [("stuck", "case-unplaced"), ("lost", "result-without-case")],
    ),
    "an event that nobody was told of": (
        lambda f: (f.notices.pop("n-e3"), f.messages.pop(1)),  # type: ignore[union-attr]
        [("lost", "event-without-notice")],
    ),
    "a notice of an event that never was": (
        lambda f: (f.notices.update({"n-x": notice("x", "n-x-1")}), f.messages.append(message("n-x-1"))),  # type: ignore[union-attr]
        [("orphan", "notice-without-event")],
    ),
    "a notice that has come to no end": (
        lambda f: f.notices.update({"n-e1": notice("e1", "n-e1-1", state="sent", expires_at=NOW - 2 * MINUTE)}),
        [("stuck", "notice-without-end")],
    ),
    "a message that notify never sent": (
        lambda f: f.messages.append(message("stranger")),  # type: ignore[union-attr]
        [("orphan", "message-without-notice")],
    ),
    "the same message twice at the gateway": (
        lambda f: f.messages.append(message("n-e1-1", delivered_at=None)),  # type: ignore[union-attr]
        [("duplicated", "message-repeated")],
    ),
    "one notice on the phone in two messages": (
        _two_messages_under_two_attempts,
        [("duplicated", "notice-twice-on-phone")],
    ),
    "a delivered notice that no phone shows": (
        lambda f: f.messages.pop(0),  # type: ignore[union-attr]
        [("lost", "notice-not-on-phone")],
    ),
    "a mechanism that intake and routing do not agree on": (
        lambda f: f.cases.update({CODE: case(mechanism="interlinked")}),
        [("statistics", "received-differs")],
    ),
    "a resolved case that is neither early, on time nor late": (
        lambda f: f.cases.update({CODE: case(timeliness=None)}),
        [("statistics", "resolved-without-timeliness")],
    ),
}


@pytest.mark.parametrize("planted", list(PLANTED))
def test_the_checker_finds(planted: str) -> None:
    change, expected = PLANTED[planted]
    assert sorted(found(change)) == sorted(expected)


def _fresh_and_waiting(facts: World) -> None:
    change_row(facts, "e4", pending=True, sent_at=None, created_at=NOW - timedelta(seconds=5))
    facts.notices.pop("n-e4")
    assert facts.messages is not None
    facts.messages.pop()
    assert facts.log is not None
    facts.log.pop()


def _registered_just_now(facts: World) -> None:
    fresh = NOW - timedelta(seconds=5)
    facts.dossiers[SECOND] = dossier(status="received", timeliness=None)
    facts.journal.append(_second(created_at=fresh))


def _old_paper_registered_just_now(facts: World) -> None:
    facts.dossiers[SECOND] = dossier(status="received", timeliness=None, backfill=True)
    facts.journal.append(_second(created_at=NOW - timedelta(seconds=5)))


def _second(**changes: object) -> object:
    return row(
        "s1",
        "intake",
        good().journal[0].type,
        1,
        subject=SECOND,
        aggregate=f"dossiers/{SECOND}",
        sent_at=None,
        **changes,
    )


def _wants_no_notices(facts: World) -> None:
    facts.recipients.clear()
    facts.notices.clear()
    facts.messages = []


def _migrated_from_paper(facts: World) -> None:
    facts.dossiers[CODE] = dossier(backfill=True)
    facts.notices.clear()
    facts.messages = []


def _older_than_kafka_keeps(facts: World) -> None:
    for id in ("e1", "e2", "e3", "e4"):
        change_row(facts, id, sent_at=NOW - timedelta(days=31))
    facts.log = []


LEFT_ALONE: dict[str, Change] = {
    "an event that was written just now": _fresh_and_waiting,
    "a dossier of which routing cannot have heard yet": _registered_just_now,
    "an old paper dossier that was entered just now": _old_paper_registered_just_now,
    "a citizen who wants no notices": _wants_no_notices,
    "a dossier from the paper registers, of which nobody is told": _migrated_from_paper,
    "events older than Kafka keeps": _older_than_kafka_keeps,
    "a record written while the checker was reading": lambda f: f.log.append(  # type: ignore[union-attr]
        dataclasses.replace(logged("newer"), written_ms=int(f.began_ms) + 1)
    ),
    "a record sent twice by a relay that died in between": lambda f: f.log.append(logged("e1")),  # type: ignore[union-attr]
    "a record of a stranger": lambda f: f.log.append(logged("theirs", "/partner")),  # type: ignore[union-attr]
    "a dossier whose news wait behind a parked key": lambda f: f.cases.update({CODE: case(state="open")}),
    "an undeliverable notice": lambda f: (
        f.notices.update({"n-e1": notice("e1", "n-e1-1", state="undeliverable", attempts=[])}),
        f.messages.pop(0),  # type: ignore[union-attr]
    ),
    "a message that the network took and dropped": lambda f: (
        f.notices.update({"n-e1": notice("e1", "a", attempts=[attempt("a", delivered_at=None)])}),
        f.messages.__setitem__(0, message("a", delivered_at=None)),  # type: ignore[union-attr]
    ),
    "a notice that still has time": lambda f: f.notices.update({"n-e1": notice("e1", "n-e1-1", state="sent")}),
    "the events of other aggregates": lambda f: f.journal.append(
        row("p1", "intake", ProcedurePublished.TYPE, 1, aggregate="procedures/1", subject="1", sent_at=None)
    ),
    "texts of a gateway that takes no reference of ours": _texts_without_a_reference,
    "phones that are not ours": lambda f: setattr(f, "messages", None),
}


@pytest.mark.parametrize("fine", list(LEFT_ALONE))
def test_the_checker_leaves_alone(fine: str) -> None:
    facts = good()
    LEFT_ALONE[fine](facts)
    if "parked" in fine:
        facts.parked.append(Parked("intake", f"intake|{CODE}", "bug"))
    expected = ["key-parked"] if "parked" in fine else []
    assert [finding.rule for finding in judge(facts).findings] == expected


def test_an_unread_log_is_said_and_not_taken_for_an_empty_one() -> None:
    facts = good()
    facts.log = None
    report = judge(facts)
    assert report.clean
    assert report.notes == ["the event log was not read: no broker given"]


def test_without_grace_what_is_still_on_its_way_is_a_finding() -> None:
    assert ("lost", "dossier-without-case") in found(_registered_just_now, timedelta(0))
    assert ("stuck", "event-not-sent") in found(_fresh_and_waiting, timedelta(0))
