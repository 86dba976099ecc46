"""What the checker finds in a dossier's life that is not allowed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.events.intake import (
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
    DossierExtended,
    DossierHalted,
    DossierPaymentRequested,
    DossierResolved,
    DossierResumed,
    DossierSentBack,
    DossierSupplementRequested,
    DossierTransferred,
)
from tests.unit.check.facts_fixtures import (
    CODE,
    NOW,
    SERIES,
    case,
    dossier,
    filing,
    give_number,
    good,
    judge,
    row,
    tell,
)
from tests.unit.check.lives_fixtures import (
    DONE,
    HANDED_ON,
    REGISTERED,
    RESOLVED,
    SECOND,
    TERMINATED,
    UNDECIDED,
    Change,
    live,
)

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
        [("lost", "state-differs"), ("lost", "stop-not-everywhere")],
    ),
    "a stop of which the counter never heard": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, DossierHalted),
                       dossier=dossier(status="in_process", **UNDECIDED), case=case(state="halted", **UNDECIDED)),
        [("lost", "stop-not-everywhere")],
    ),
    "papers that came to the counter and never to the agency": (
        lambda f: live(f, (DossierSubmitted, DossierSupplemented), (*HANDED_ON, DossierSupplementRequested),
                       dossier=dossier(status="in_process", **UNDECIDED), case=case(state="supplement", **UNDECIDED)),
        [("lost", "stop-not-everywhere")],
    ),
    "a payment that the agency never heard of": (
        lambda f: live(f, (DossierSubmitted, DossierPaid), (*HANDED_ON, DossierPaymentRequested),
                       dossier=dossier(status="in_process", **UNDECIDED), case=case(state="payment", **UNDECIDED)),
        [("lost", "stop-not-everywhere")],
    ),
    "a stop that was lifted, and the counter still waits": (
        lambda f: live(f, (DossierSubmitted,), (*HANDED_ON, DossierHalted, DossierResumed),
                       dossier=dossier(status="halted", **UNDECIDED), case=case(state="open", **UNDECIDED)),
        [("lost", "stop-not-everywhere")],
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
