"""A dossier's life from filing to rating: every way that is allowed, and what the checker finds when one is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.events import MESSAGES, Message, counter, routing
from contracts.events.intake import (
    DossierAnswerOverdue,
    DossierCodeIssued,
    DossierCompletionRequested,
    DossierPaid,
    DossierRated,
    DossierRefused,
    DossierRegistered,
    DossierResubmitted,
    DossierReturned,
    DossierSubmitted,
    DossierSupplemented,
    DossierWithdrawn,
)
from contracts.events.routing import (
    AgencyTransferOpened,
    DossierApologyPrepared,
    DossierDueChanged,
    DossierDueSoon,
    DossierEscalated,
    DossierExtended,
    DossierHalted,
    DossierOverdue,
    DossierPaymentRequested,
    DossierResolved,
    DossierResumed,
    DossierSentBack,
    DossierStepCompleted,
    DossierStepRecalled,
    DossierSupplementRequested,
    DossierTransferAccepted,
    DossierTransferDeclined,
    DossierTransferred,
)
from motcua.check.facts import Facts, Logged
from motcua.check.life import AT_THE_AGENCIES, AT_THE_DESK, STATE_IN, STATUS_IN
from tests.unit.check.facts_fixtures import (
    CODE,
    COUNTER,
    MINUTE,
    NOW,
    SERIES,
    case,
    dossier,
    filing,
    give_number,
    good,
    judge,
    message,
    notice,
    row,
    tell,
)

SECOND = f"{SERIES}-0002"
PORTAL = "G22.99.01-261123-012345"
Change = Callable[[Facts], object]


def live(
    facts: Facts,
    desk: tuple[type[Message], ...],
    agencies: tuple[type[Message], ...] = (),
    code: str = SECOND,
    **stored: Any,
) -> None:
    """Add a life to the good world, its states as they must be."""
    give_number(facts, code)
    tell(facts, code, "intake", *desk)
    facts.dossiers[code] = stored.pop("dossier")
    if agencies:
        tell(facts, code, "routing", *agencies)
        facts.cases[code] = stored.pop("case")
    assert not stored


REGISTERED = (DossierRegistered,)
COMPLETED = (*REGISTERED, DossierCompletionRequested, DossierResubmitted)
RESOLVED = (DossierTransferred, DossierResolved)
UNDECIDED = {"timeliness": None}
HANDED_ON = (DossierTransferred, AgencyTransferOpened)
TWO_BRANCHES = (*HANDED_ON, *HANDED_ON, DossierTransferAccepted, DossierTransferAccepted)
DONE = (DossierStepCompleted, DossierResolved)
TERMINATED = {"outcome": "terminated"}
ALLOWED: dict[str, Change] = {
    "a filing that waits for its answer": lambda f: live(f, REGISTERED, dossier=filing()),
    "a filing that waits for the citizen": lambda f: live(
        f, (*REGISTERED, DossierCompletionRequested), dossier=filing(status="supplement", answer_due_at=None)
    ),
    "a filing that came again": lambda f: live(f, COMPLETED, dossier=filing()),
    "a filing that was answered late, and accepted": lambda f: live(
        f, (*COMPLETED, DossierAnswerOverdue, DossierSubmitted, DossierReturned), RESOLVED,
        dossier=dossier(overdue_told=True), case=case(),
    ),
    "a filing that is late and flagged": lambda f: live(
        f, (*REGISTERED, DossierAnswerOverdue),
        dossier=filing(overdue_told=True, answer_due_at=NOW - timedelta(days=3)),
    ),
    "a filing that has been late for less than the longest look": lambda f: live(
        f, REGISTERED, dossier=filing(answer_due_at=NOW - 50 * MINUTE)
    ),
    "a filing that was refused": lambda f: live(
        f, (*REGISTERED, DossierRefused), dossier=filing(status="refused", answer_due_at=None)
    ),
    "a filing that was refused because the papers never came": lambda f: live(
        f, (*REGISTERED, DossierCompletionRequested, DossierRefused),
        dossier=filing(status="refused", answer_due_at=None),
    ),
    "a filing that was taken back": lambda f: live(
        f, (*REGISTERED, DossierWithdrawn), dossier=filing(status="withdrawn", answer_due_at=None)
    ),
    "a withdrawal in the middle of the work": lambda f: live(
        f, (DossierSubmitted, DossierWithdrawn), (DossierTransferred,),
        dossier=dossier(status="withdrawn", **UNDECIDED), case=case(state="withdrawn", **UNDECIDED),
    ),
    "a withdrawal while papers were asked for": lambda f: live(
        f, (DossierSubmitted, DossierWithdrawn), (DossierTransferred, DossierSupplementRequested),
        dossier=dossier(status="withdrawn", **UNDECIDED), case=case(state="withdrawn", **UNDECIDED),
    ),
    "a withdrawal that came after the decision and is void": lambda f: live(
        f, (DossierSubmitted, DossierWithdrawn), RESOLVED, dossier=dossier(status="resolved"), case=case()
    ),
    "a void withdrawal whose result was handed over": lambda f: live(
        f, (DossierSubmitted, DossierWithdrawn, DossierReturned), RESOLVED, dossier=dossier(), case=case()
    ),
    "solved on the spot: no agency ever had it": lambda f: live(
        f, (DossierSubmitted, DossierReturned), (DossierResolved,), dossier=dossier(on_the_spot=True), case=case()
    ),
    "an old register's dossier, resolved long ago": lambda f: live(
        f, (DossierSubmitted,), (DossierResolved,), dossier=dossier(status="resolved", backfill=True), case=case()
    ),
    "papers that an agency asked for came": lambda f: live(
        f, (DossierSubmitted, DossierSupplemented, DossierReturned),
        (DossierTransferred, DossierSupplementRequested, DossierTransferred, DossierResolved),
        dossier=dossier(), case=case(),
    ),
    "papers that an agency waits for": lambda f: live(
        f, (DossierSubmitted,), (DossierTransferred, DossierSupplementRequested),
        dossier=dossier(status="supplement", **UNDECIDED), case=case(state="supplement", **UNDECIDED),
    ),
    "a dossier that waits for a payment": lambda f: live(
        f, (DossierSubmitted,), (*HANDED_ON, DossierTransferAccepted, DossierPaymentRequested),
        dossier=dossier(status="payment", **UNDECIDED), case=case(state="payment", **UNDECIDED),
    ),
    "a payment that was made, and everything time can bring": lambda f: live(
        f, (DossierSubmitted, DossierPaid, DossierReturned),
        (*HANDED_ON, DossierTransferAccepted, DossierDueChanged, DossierPaymentRequested, DossierEscalated,
         DossierResumed, DossierDueSoon, DossierApologyPrepared, DossierOverdue, DossierEscalated, DossierExtended,
         *DONE),
        dossier=dossier(), case=case(),
    ),
    "a stop for a consultation": lambda f: live(
        f, (DossierSubmitted,), (*HANDED_ON, DossierTransferAccepted, DossierHalted, DossierDueChanged),
        dossier=dossier(status="halted", **UNDECIDED), case=case(state="halted", **UNDECIDED),
    ),
    "a withdrawal while it was stopped": lambda f: live(
        f, (DossierSubmitted, DossierWithdrawn), (*HANDED_ON, DossierTransferAccepted, DossierHalted),
        dossier=dossier(status="withdrawn", **UNDECIDED), case=case(state="withdrawn", **UNDECIDED),
    ),
    "branches beside a stop that go on, end, and join": lambda f: live(
        f, (DossierSubmitted, DossierPaid, DossierReturned),
        (*TWO_BRANCHES, DossierPaymentRequested, DossierStepCompleted, *HANDED_ON, DossierTransferDeclined, *HANDED_ON,
         DossierResumed, DossierStepCompleted, *DONE),
        dossier=dossier(), case=case(),
    ),
    "a branch that is not needed any more while it waited for papers": lambda f: live(
        f, (DossierSubmitted, DossierReturned),
        (*TWO_BRANCHES, DossierSupplementRequested, DossierStepCompleted, *HANDED_ON, DossierStepRecalled,
         DossierResumed, DossierTransferAccepted, *DONE),
        dossier=dossier(), case=case(),
    ),
    "papers that one branch waits for while another one hands on": lambda f: live(
        f, (DossierSubmitted,),
        (*TWO_BRANCHES, DossierSupplementRequested, DossierStepCompleted, *HANDED_ON, DossierTransferAccepted),
        dossier=dossier(status="supplement", **UNDECIDED), case=case(state="supplement", **UNDECIDED),
    ),
    "a decision in one branch that ends another one's waiting": lambda f: live(
        f, (DossierSubmitted, DossierReturned),
        (*TWO_BRANCHES, DossierHalted, DossierStepCompleted, DossierStepRecalled, DossierResolved),
        dossier=dossier(), case=case(),
    ),
    "a step that went back, and one that was completed by mistake": lambda f: live(
        f, (DossierSubmitted, DossierReturned),
        (*HANDED_ON, DossierTransferAccepted, DossierStepCompleted, *HANDED_ON, DossierTransferAccepted,
         DossierSentBack, *HANDED_ON, DossierTransferAccepted, DossierStepCompleted, *HANDED_ON, DossierSentBack,
         DossierStepCompleted, *HANDED_ON, DossierTransferAccepted, *DONE),
        dossier=dossier(), case=case(),
    ),
    "a dossier that was stopped for good": lambda f: live(
        f, (DossierSubmitted,), (*HANDED_ON, DossierTransferAccepted, *DONE),
        dossier=dossier(status="terminated", **UNDECIDED), case=case(**TERMINATED),
    ),
    "a withdrawal that came after it was stopped for good": lambda f: live(
        f, (DossierSubmitted, DossierWithdrawn), (*HANDED_ON, DossierTransferAccepted, *DONE),
        dossier=dossier(status="terminated", **UNDECIDED), case=case(**TERMINATED),
    ),
    "a rating after the hand-over": lambda f: tell(f, CODE, "intake", DossierRated),
    "a rating that another aggregate tells of": lambda f: f.journal.append(
        row("rated", "intake", DossierRated.TYPE, 1, aggregate=f"ratings/{CODE}", sent_at=None)
    ),
    "a one-time code, told by text": lambda f: (
        f.journal.append(row("c", "intake", DossierCodeIssued.TYPE, 1, aggregate="one_time_codes/x", sent_at=None)),
        f.notices.update({"n-c": notice("c", "n-c-1", kind="one_time_code")}),
        f.messages.append(message("n-c-1")),  # type: ignore[union-attr]
    ),
    "a filing with the portal's own code": lambda f: (
        live(f, REGISTERED, code=PORTAL, dossier=filing()),
        f.numbers.update({"G22.99.01-261123": {"last": 0, "taken": [12345]}}),
    ),
    "numbers that go round one from elsewhere": lambda f: (
        live(f, REGISTERED, code=f"{SERIES}-0003", dossier=filing()),
        f.numbers.update({SERIES: {"last": 1, "taken": [3]}}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("life", list(ALLOWED))
def test_a_life_that_is_allowed_has_no_findings(life: str) -> None:
    facts = good()
    ALLOWED[life](facts)
    for grace in (timedelta(0), MINUTE):
        assert judge(facts, grace).findings == []


BROKEN: dict[str, tuple[Change, list[tuple[str, str]]]] = {
    "accepted twice": (
        lambda f: live(f, (*REGISTERED, DossierSubmitted, DossierSubmitted, DossierReturned), RESOLVED,
                       dossier=dossier(), case=case()),
        [("duplicated", "event-repeated")],
    ),
    "filed twice": (
        lambda f: live(f, (DossierRegistered, DossierRegistered), dossier=filing()),
        [("duplicated", "event-repeated")],
    ),
    "rated twice": (
        lambda f: tell(f, CODE, "intake", DossierRated, DossierRated),
        [("duplicated", "event-repeated")],
    ),
    "rated twice, by two aggregates": (
        lambda f: (tell(f, CODE, "intake", DossierRated), f.journal.append(
            row("rated", "intake", DossierRated.TYPE, 1, aggregate=f"ratings/{CODE}", sent_at=None))),
        [("duplicated", "event-repeated")],
    ),
    "rated without a hand-over": (
        lambda f: live(f, (DossierSubmitted, DossierRated), RESOLVED, dossier=dossier(status="resolved"), case=case()),
        [("out_of_order", "event-not-allowed"), ("orphan", "event-without-cause")],
    ),
    "refused and then submitted": (
        lambda f: live(f, (*REGISTERED, DossierRefused, DossierSubmitted, DossierReturned), RESOLVED,
                       dossier=dossier(), case=case()),
        [("out_of_order", "event-not-allowed")],
    ),
    "taken back and then submitted": (
        lambda f: live(f, (*REGISTERED, DossierWithdrawn, DossierSubmitted, DossierReturned), RESOLVED,
                       dossier=dossier(), case=case()),
        [("out_of_order", "event-not-allowed")],
    ),
    "submitted before it was filed": (
        lambda f: live(f, (DossierSubmitted, DossierRegistered, DossierReturned), RESOLVED,
                       dossier=dossier(), case=case()),
        [("out_of_order", "event-not-allowed")],
    ),
    "resubmitted without a request": (
        lambda f: live(f, (*REGISTERED, DossierResubmitted), dossier=filing()),
        [("out_of_order", "event-not-allowed")],
    ),
    "accepted while papers were asked for": (
        lambda f: live(f, (*REGISTERED, DossierCompletionRequested, DossierSubmitted, DossierReturned), RESOLVED,
                       dossier=dossier(), case=case()),
        [("out_of_order", "event-not-allowed")],
    ),
    "refused after it was received": (
        lambda f: live(f, (DossierSubmitted, DossierRefused), (DossierTransferred,),
                       dossier=dossier(**UNDECIDED, status="in_process"), case=case(state="open", **UNDECIDED)),
        [("out_of_order", "event-not-allowed")],
    ),
    "handed over though withdrawn, without a result": (
        lambda f: live(f, (DossierSubmitted, DossierWithdrawn, DossierReturned), (DossierTransferred,),
                       dossier=dossier(**UNDECIDED), case=case(state="withdrawn", **UNDECIDED)),
        [("orphan", "event-without-cause"), ("lost", "result-without-case")],
    ),
    "a filing that nobody answered for days, and nobody was told": (
        lambda f: live(f, REGISTERED, dossier=filing(answer_due_at=NOW - timedelta(days=3))),
        [("stuck", "answer-not-flagged")],
    ),
    "a filing that an agency works on": (
        lambda f: live(f, REGISTERED, (DossierTransferred,),
                       dossier=filing(), case=case(state="open", **UNDECIDED)),
        [("orphan", "case-of-a-filing"), ("statistics", "received-differs")],
    ),
    "an agency that goes on with what was withdrawn": (
        lambda f: live(f, (DossierSubmitted, DossierWithdrawn), (DossierTransferred,),
                       dossier=dossier(status="withdrawn", **UNDECIDED), case=case(state="open", **UNDECIDED)),
        [("lost", "withdrawal-not-everywhere")],
    ),
    "a case that was withdrawn though nobody took it back": (
        lambda f: live(f, (DossierSubmitted,), (DossierTransferred,),
                       dossier=dossier(status="in_process", **UNDECIDED), case=case(state="withdrawn", **UNDECIDED)),
        [("lost", "withdrawal-not-everywhere")],
    ),
    "a decision that came before the withdrawal and was forgotten": (
        lambda f: live(f, (DossierSubmitted, DossierWithdrawn), RESOLVED,
                       dossier=dossier(status="withdrawn", **UNDECIDED), case=case()),
        [("lost", "result-not-at-counter")],
    ),
    "solved on the spot and never returned": (
        lambda f: live(f, (DossierSubmitted,), (DossierResolved,),
                       dossier=dossier(status="resolved", on_the_spot=True), case=case()),
        [("lost", "result-not-at-counter")],
    ),
    "solved on the spot and handed to an agency": (
        lambda f: live(f, (DossierSubmitted, DossierReturned), RESOLVED,
                       dossier=dossier(on_the_spot=True), case=case()),
        [("orphan", "event-without-cause")],
    ),
    "resolved though no agency ever had it": (
        lambda f: live(f, (DossierSubmitted, DossierReturned), (DossierResolved,), dossier=dossier(), case=case()),
        [("orphan", "event-without-cause")],
    ),
    "supplemented though no agency asked": (
        lambda f: live(f, (DossierSubmitted, DossierSupplemented, DossierReturned), RESOLVED,
                       dossier=dossier(), case=case()),
        [("orphan", "event-without-cause")],
    ),
    "a step that was sent back while the clock stood still": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, DossierHalted, DossierSentBack),
                       dossier=dossier(status="halted", **UNDECIDED), case=case(state="halted", **UNDECIDED)),
        [("out_of_order", "event-not-allowed")],
    ),
    "resumed though nothing was stopped": (
        lambda f: live(f, (DossierSubmitted, DossierReturned), (*HANDED_ON, DossierResumed, *DONE),
                       dossier=dossier(), case=case()),
        [("out_of_order", "event-not-allowed")],
    ),
    "stopped twice at once": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, DossierHalted, DossierPaymentRequested),
                       dossier=dossier(status="halted", **UNDECIDED), case=case(state="halted", **UNDECIDED)),
        [("out_of_order", "event-not-allowed")],
    ),
    "put off while the clock stood still": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, DossierPaymentRequested, DossierExtended),
                       dossier=dossier(status="payment", **UNDECIDED), case=case(state="payment", **UNDECIDED)),
        [("out_of_order", "event-not-allowed")],
    ),
    "a stop that was stored and never told": (
        lambda f: live(f, (DossierSubmitted,), HANDED_ON,
                       dossier=dossier(status="payment", **UNDECIDED), case=case(state="payment", **UNDECIDED)),
        [("lost", "state-differs")],
    ),
    "a stop that was told and never lifted in the case": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, DossierHalted),
                       dossier=dossier(status="halted", **UNDECIDED), case=case(state="open", **UNDECIDED)),
        [("lost", "state-differs")],
    ),
    "paid though no agency asked": (
        lambda f: live(f, (DossierSubmitted, DossierPaid, DossierReturned), RESOLVED, dossier=dossier(), case=case()),
        [("orphan", "event-without-cause")],
    ),
    "stopped for good, and the counter shows a result": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, *DONE),
                       dossier=dossier(status="resolved"), case=case(**TERMINATED)),
        [("lost", "result-not-at-counter")],
    ),
    "stopped for good at the counter only": (
        lambda f: live(f, (DossierSubmitted,), HANDED_ON,
                       dossier=dossier(status="terminated", **UNDECIDED), case=case(state="open", **UNDECIDED)),
        [("lost", "result-without-case")],
    ),
    "a result where the counter says that it was stopped for good": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, *DONE),
                       dossier=dossier(status="terminated", **UNDECIDED), case=case(outcome="granted")),
        [("lost", "result-not-at-counter")],
    ),
    "worked on after the decision": (
        lambda f: live(f, (DossierSubmitted, DossierReturned), (*RESOLVED, DossierTransferred),
                       dossier=dossier(), case=case()),
        [("out_of_order", "event-not-allowed")],
    ),
    "an end that was stored and never told": (
        lambda f: live(f, REGISTERED, dossier=filing(status="refused", answer_due_at=None)),
        [("lost", "state-differs")],
    ),
    "an end that was told and never stored": (
        lambda f: live(f, (*REGISTERED, DossierRefused), dossier=filing()),
        [("lost", "state-differs")],
    ),
    "a case that was stored and never told": (
        lambda f: live(f, (DossierSubmitted,), (DossierTransferred, DossierSupplementRequested),
                       dossier=dossier(status="in_process", **UNDECIDED), case=case(state="open", **UNDECIDED)),
        [("lost", "state-differs")],
    ),
    "a dossier of which no event tells": (
        lambda f: (f.dossiers.update({SECOND: filing()}), give_number(f, SECOND)),
        [("lost", "state-without-events")],
    ),
    "a code that the series would give out again": (
        lambda f: (live(f, REGISTERED, dossier=filing()), f.numbers.update({SERIES: {"last": 1, "taken": []}})),
        [("orphan", "number-not-given")],
    ),
    "a code from elsewhere whose dossier is gone": (
        lambda f: f.numbers.update({"G22.99.01-261123": {"last": 0, "taken": [12345]}}),
        [("lost", "number-missing")],
    ),
    "a counter that shows another timeliness than the statistics": (
        lambda f: f.dossiers.update({CODE: dossier(timeliness="late")}),
        [("statistics", "timeliness-differs")],
    ),
    "an acknowledgement, a refusal and a code that nobody was told of": (
        lambda f: (
            f.recipients.update({SECOND: {}}), give_number(f, SECOND),
            tell(f, SECOND, "intake", DossierRegistered, DossierRefused, told=False),
            f.dossiers.update({SECOND: filing(status="refused", answer_due_at=None)}),
            f.journal.append(row("c", "intake", DossierCodeIssued.TYPE, 1, aggregate="one_time_codes/x", sent_at=None)),
        ),
        [("lost", "event-without-notice")] * 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", list(BROKEN))
def test_a_life_that_is_not_is_found(broken: str) -> None:
    change, expected = BROKEN[broken]
    facts = good()
    change(facts)
    found = judge(facts).findings
    assert sorted((finding.kind, finding.rule) for finding in found) == sorted(expected), found


@pytest.mark.parametrize(("table", "fits"), [(AT_THE_DESK, STATUS_IN), (AT_THE_AGENCIES, STATE_IN)])
def test_every_phase_of_a_table_is_reached_known_and_has_its_states(table: Any, fits: Any) -> None:
    reached = {after for moves in table.values() for after in moves.values()}
    assert reached == set(table) - {""} == set(fits)


def test_every_event_of_a_case_has_its_place_in_the_table() -> None:
    """One that is not there would be reported as not allowed in every healthy system."""
    told = {message.TYPE for message in MESSAGES if message.__module__ == routing.__name__}
    assert told == {type_ for moves in AT_THE_AGENCIES.values() for type_ in moves}


COMMAND = Logged("counter.intake.v1", 1, 0, COUNTER.encode(), "c-1", "/desk", counter.FileDossier.TYPE, None, 1_000)
ANSWER = Logged(
    "counter.replies.v1", 1, 0, COUNTER.encode(), "a-1", "/intake", counter.CommandAccepted.TYPE, "c-1", 1_100
)
EARLIER = replace(ANSWER, id="a-0", causation="c-0", written_ms=500, offset=9)


def _answers(facts: Facts, *records: Logged) -> Facts:
    assert facts.log is not None
    facts.log += [replace(record, offset=100 + place) for place, record in enumerate(records)]
    for record in records:
        if record.topic == ANSWER.topic:
            answer = row(record.id, "intake", record.type, 1, topic=record.topic, subject=COUNTER)
            facts.journal.append(replace(answer, aggregate="", sequence=None))
    return facts


def test_a_command_that_was_answered_once_is_fine_however_often_it_lies_on_the_topic() -> None:
    assert judge(_answers(good(), EARLIER, COMMAND, COMMAND, ANSWER, ANSWER)).findings == []


def test_a_command_that_nobody_answered_is_found() -> None:
    found = judge(_answers(good(), EARLIER, COMMAND)).findings
    assert [(f.kind, f.rule, f.subject) for f in found] == [("stuck", "command-without-answer", "c-1")]


def test_a_command_that_was_answered_twice_is_found() -> None:
    found = judge(_answers(good(), EARLIER, COMMAND, ANSWER, replace(ANSWER, id="a-2"))).findings
    assert [(f.kind, f.rule, f.subject) for f in found] == [("duplicated", "command-answered-twice", "c-1")]


@pytest.mark.parametrize(
    "record",
    [
        replace(COMMAND, type="vn.stranger.v1"),
        replace(COMMAND, key=b"\xff not a counter"),
        replace(COMMAND, written_ms=499),
    ],
    ids=["no command of ours", "no counter to answer to", "before the first answer: an older release"],
)
def test_what_cannot_be_answered_is_left_alone(record: Logged) -> None:
    assert judge(_answers(good(), EARLIER, record)).findings == []


def test_a_command_of_this_moment_and_one_that_waits_with_its_key_are_left_alone() -> None:
    facts = good()
    fresh = replace(COMMAND, written_ms=int(facts.began_ms) - 5_000)
    assert judge(_answers(facts, EARLIER, fresh)).findings == []
    waiting = _answers(good(), EARLIER, COMMAND)
    waiting.parked.append(("intake", f"intake|{CODE}", "bug"))
    assert [f.rule for f in judge(waiting).findings] == ["key-parked"]


def test_an_answer_that_was_stored_and_is_not_on_its_topic_is_lost() -> None:
    facts = _answers(good(), EARLIER, COMMAND, ANSWER)
    assert facts.log is not None
    facts.log[:] = [record for record in facts.log if record.id != "a-1"]
    assert ("lost", "event-not-in-log") in [(f.kind, f.rule) for f in judge(facts).findings]
