"""A dossier's life from filing to rating: every way that is allowed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.events import MESSAGES, routing
from contracts.events.intake import (
    DossierAnswerOverdue,
    DossierCodeIssued,
    DossierCompletionRequested,
    DossierPaid,
    DossierRated,
    DossierRefused,
    DossierReturned,
    DossierSubmitted,
    DossierSupplemented,
    DossierWithdrawn,
)
from contracts.events.routing import (
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
from motcua.check.life import AT_THE_AGENCIES, AT_THE_DESK, STATE_IN, STATUS_IN
from tests.unit.check.facts_fixtures import (
    CODE,
    MINUTE,
    NOW,
    SERIES,
    case,
    dossier,
    filing,
    good,
    judge,
    message,
    notice,
    row,
    tell,
)
from tests.unit.check.lives_fixtures import (
    COMPLETED,
    DONE,
    HANDED_ON,
    PORTAL,
    REGISTERED,
    RESOLVED,
    TERMINATED,
    TWO_BRANCHES,
    UNDECIDED,
    Change,
    live,
)

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


@pytest.mark.parametrize(("table", "fits"), [(AT_THE_DESK, STATUS_IN), (AT_THE_AGENCIES, STATE_IN)])
def test_every_phase_of_a_table_is_reached_known_and_has_its_states(table: Any, fits: Any) -> None:
    reached = {after for moves in table.values() for after in moves.values()}
    assert reached == set(table) - {""} == set(fits)


def test_every_event_of_a_case_has_its_place_in_the_table() -> None:
    """One that is not there would be reported as not allowed in every healthy system."""
    told = {message.TYPE for message in MESSAGES if message.__module__ == routing.__name__}
    assert told == {type_ for moves in AT_THE_AGENCIES.values() for type_ in moves}
