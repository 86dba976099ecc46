"""What happens to a dossier at the counter: every status against every fact and every action."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from contracts.events import notify, routing
from contracts.events.base import DossierEvent, TrailLine
from contracts.problems import Conflict, Invalid
from contracts.types import (
    DOSSIER_CODE_PATTERN,
    DueCause,
    HandOverMethod,
    HandOverProof,
    NoticeChannel,
    NoticeKind,
    Outcome,
    ReceivedBy,
    Timeliness,
)
from services.intake.domain import ending, informed, paying, receiving
from services.intake.domain.dossier import Dossier, HandOver
from services.intake.domain.ending import FACTS, TERMINATED
from services.intake.domain.informed import Informed
from services.intake.domain.numbering import DailyNumber, dossier_code, series_id
from services.intake.domain.status import ENDED, PORTAL_STATUS, Status
from tests.unit.intake.dossier_fixtures import AGENCY, AT, CODE, DUE, FACTS_OF_ROUTING, NEW_DUE, dossier, fact

LATER = AT + timedelta(hours=2)
ZALO = NoticeChannel.ZALO
NEW_PROMISES = {routing.DossierExtended, routing.DossierResumed, routing.DossierDueChanged}
KNOWN = [kind for kind in FACTS_OF_ROUTING if kind is not routing.AgencyTransferOpened]


def test_every_fact_that_routing_can_tell_is_in_the_table() -> None:
    """The thin copy for agencies is the only one that is not about the dossier itself."""
    assert set(FACTS) == set(KNOWN)


@pytest.mark.parametrize(("kind", "status"), list(product(FACTS, Status)))
def test_every_fact_is_taken_over_in_every_status(kind: type[DossierEvent], status: Status) -> None:
    before = dossier(status)
    told = fact(kind)
    after = ending.learn(before, told)
    assert after.status is FACTS[kind].get(status, status)
    assert after.timeline[-1].kind == kind.TYPE.split(".")[-2]
    assert after.timeline[:-1] == before.timeline
    assert (after.first_due_at, after.first_due_explained, after.applicant) == (
        DUE,
        before.due_explained,
        before.applicant,
    )
    assert after.due_at == (NEW_DUE if kind in NEW_PROMISES else DUE)
    assert (after.due_explained == before.due_explained) == (kind not in NEW_PROMISES)
    assert ending.learn(after, told) is after


@pytest.mark.parametrize(("kind", "status"), list(product(FACTS, sorted(ENDED))))
def test_what_has_ended_stays_ended(kind: type[DossierEvent], status: Status) -> None:
    if (kind, status) != (routing.DossierResolved, Status.WITHDRAWN):
        assert ending.learn(dossier(status), fact(kind)).status is status


def test_a_withdrawal_that_came_after_the_decision_is_void() -> None:
    """TT 03/2025/TT-VPCP Art 7; routing puts the two in order."""
    withdrawn, _ = ending.withdraw(dossier(Status.IN_PROCESS), LATER, None)
    after = ending.learn(withdrawn, fact(routing.DossierResolved))
    assert (after.status, after.ended_at, after.outcome) == (Status.RESOLVED, None, Outcome.GRANTED)


def test_what_was_solved_on_the_spot_cannot_be_withdrawn_before_routing_has_counted_it() -> None:
    """TT 03/2025/TT-VPCP Art 7: the citizen has the result."""
    how = HandOver(AT, HandOverMethod.COUNTER, ReceivedBy.OWNER, HandOverProof.SIGNATURE)
    with pytest.raises(Conflict, match="không rút được nữa"):
        ending.withdraw(dossier(Status.RECEIVED, on_the_spot=True, hand_over=how), LATER, None)


@pytest.mark.parametrize("status", list(Status))
def test_a_termination_ends_a_dossier_without_a_result(status: Status) -> None:
    """TT 03/2025/TT-VPCP form 05; nobody is asked to collect anything, and it counts as neither early nor late."""
    told = fact(routing.DossierResolved, outcome=Outcome.TERMINATED, ground="procedure-suspended")
    after = ending.learn(dossier(status), told)
    assert after.status is TERMINATED.get(status, status)
    assert set(TERMINATED) == set(FACTS[routing.DossierResolved])
    assert (after.outcome, after.timeliness, after.resolved_at, after.grounds) == (Outcome.TERMINATED, None, None, ())
    assert (after.timeline[-1].kind, after.timeline[-1].reason) == ("terminated", "procedure-suspended")
    assert after.ended_at == told.occurred_at
    assert status is not Status.IN_PROCESS or after.allowed == ()


def test_a_result_brings_its_outcome_and_timeliness() -> None:
    after = ending.learn(dossier(Status.IN_PROCESS), fact(routing.DossierResolved))
    assert (after.status, after.outcome, after.timeliness) == (Status.RESOLVED, Outcome.GRANTED, Timeliness.EARLY)
    assert after.resolved_at == after.timeline[-1].at


def test_a_denial_brings_its_legal_ground() -> None:
    """NĐ 61/2018/NĐ-CP Art 19.8: a refusal is a result, and says why."""
    denied = fact(routing.DossierResolved).model_copy(update={"outcome": Outcome.DENIED, "ground": "not-eligible"})
    after = ending.learn(dossier(Status.IN_PROCESS), denied)
    assert (after.outcome, after.grounds) == (Outcome.DENIED, ("not-eligible",))


def test_an_extension_says_why_the_date_changed() -> None:
    after = ending.learn(dossier(Status.IN_PROCESS), fact(routing.DossierExtended))
    assert "hẹn lại" in after.due_explained
    assert after.timeline[-1].due_at == NEW_DUE


TRAIL = (
    TrailLine(kind="received", at=AT, text="tiếp nhận lúc 09:00"),
    TrailLine(kind="day-off", at=AT, text="nghỉ 24/11/2026", legal_basis="Thông báo mẫu"),
    TrailLine(kind="day-off", at=AT, text="nghỉ 25/11/2026", legal_basis="Thông báo mẫu"),
    TrailLine(kind="due", at=NEW_DUE, text="hạn trả kết quả là 09:00 thứ Tư"),
)


@pytest.mark.parametrize("kind", [routing.DossierResumed, routing.DossierDueChanged])
def test_a_new_promise_is_explained_by_its_trail_in_one_sentence(kind: type[DossierEvent]) -> None:
    after = ending.learn(dossier(Status.HALTED), fact(kind, trail=TRAIL))
    assert after.due_explained == (
        "Tiếp nhận lúc 09:00; nghỉ 24/11/2026, nghỉ 25/11/2026 (Thông báo mẫu); hạn trả kết quả là 09:00 thứ Tư."
    )
    assert (after.timeline[-1].due_at, after.first_due_at) == (NEW_DUE, DUE)


@pytest.mark.parametrize("cause", list(DueCause))
def test_a_new_promise_without_a_trail_is_explained_by_its_cause(cause: DueCause) -> None:
    said = ending.explain((), cause)
    assert said[0].isupper()
    assert said.endswith(".")


def test_beside_a_branch_that_waits_others_go_on_and_the_dossier_still_waits() -> None:
    """Only its own papers, payment or the end of the stop let it go on."""
    for status in (Status.SUPPLEMENT, Status.PAYMENT, Status.HALTED):
        for kind in (routing.DossierTransferred, routing.DossierStepCompleted, routing.DossierTransferAccepted):
            assert ending.learn(dossier(status), fact(kind)).status is status


def test_where_a_dossier_is_follows_its_branches() -> None:
    of = dossier()
    first = fact(routing.DossierTransferred, step=1, agency="H12.970.02")
    second = fact(routing.DossierTransferred, step=2, agency="H12.970.03")
    of = ending.learn(ending.learn(of, first), second)
    assert of.agency == "H12.970.03"
    of = ending.learn(of, fact(routing.DossierStepCompleted, step=2, agency="H12.970.03"))
    assert of.agency == "H12.970.02"
    warned = ending.learn(of, fact(routing.DossierEscalated, agency="H12.970.09"))
    assert warned.agency == "H12.970.02"
    back = fact(routing.DossierSentBack, step=2, to_step=2, agency="H12.970.03", reason="completed-by-mistake")
    assert ending.learn(of, back).agency == "H12.970.03"
    done = ending.learn(of, fact(routing.DossierStepRecalled, step=1, agency="H12.970.02"))
    assert ending.learn(done, fact(routing.DossierResolved, agency="H12.970.03")).agency == "H12.970.03"


def asked_to_pay(amount: int = 150_000) -> Dossier:
    return ending.learn(dossier(Status.IN_PROCESS), fact(routing.DossierPaymentRequested, amount_vnd=amount))


def test_a_payment_that_was_asked_for_is_recorded_once_and_lets_the_work_go_on() -> None:
    before = asked_to_pay()
    assert (before.status, before.payments[0].amount_vnd, before.payments[0].by) == (Status.PAYMENT, 150_000, AGENCY)
    assert not paying.recorded(before, 150_000, "BL-1")
    after, event = paying.record(before, LATER, 150_000, "BL-1")
    assert (after.status, after.due_at, after.payments[0].paid_at) == (Status.IN_PROCESS, DUE, LATER)
    assert (event.amount_vnd, event.reference, event.occurred_at) == (150_000, "BL-1", LATER)
    assert paying.recorded(after, 150_000, "BL-1")
    with pytest.raises(Conflict) as caught:
        paying.recorded(after, 150_001, "BL-1")
    assert (caught.value.slug, caught.value.facts["amount_vnd"]) == ("payment-reference-reused", 150_000)


@pytest.mark.parametrize("amount", [0, 149_999, 150_001])
def test_another_amount_than_the_one_asked_for_is_refused(amount: int) -> None:
    with pytest.raises(Conflict) as caught:
        paying.record(asked_to_pay(), LATER, amount, "BL-1")
    assert (caught.value.slug, caught.value.facts["amount_vnd"]) == ("payment-amount-differs", 150_000)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PAYMENT}))
def test_a_payment_that_nobody_asked_for_is_refused(status: Status) -> None:
    conflict(lambda: paying.record(dossier(status), LATER, 1, "BL-1"), "payment-not-expected", status)


def test_each_duty_is_paid_for_itself() -> None:
    paid, _ = paying.record(asked_to_pay(), LATER, 150_000, "BL-1")
    again = ending.learn(paid, fact(routing.DossierPaymentRequested, amount_vnd=7, occurred_at=LATER))
    twice, _ = paying.record(again, LATER, 7, "BL-2")
    assert [(payment.amount_vnd, payment.reference) for payment in twice.payments] == [(150_000, "BL-1"), (7, "BL-2")]


def test_the_national_portal_has_a_code_for_every_status_and_a_status_for_every_code() -> None:
    """TT 22/2019/TT-BTTTT, Phụ lục I: total both ways; what stands still and what was stopped for good share 8."""
    assert set(PORTAL_STATUS) == set(Status)
    assert sorted(PORTAL_STATUS.values()) == sorted([*range(1, 11), 8])
    assert [PORTAL_STATUS[status] for status in (Status.HALTED, Status.TERMINATED)] == [8, 8]
    named = (Status.RECEIVED, Status.RESOLVED, Status.RETURNED)
    assert tuple(PORTAL_STATUS[status] for status in named) == (2, 9, 10)


@pytest.mark.parametrize("status", list(Status))
def test_papers_are_taken_only_from_who_was_asked_for_them(status: Status) -> None:
    before = dossier(status)
    if status is Status.SUPPLEMENT:
        after, event = receiving.supplement(before, LATER, NEW_DUE, "tính lại")
        assert (after.status, after.due_at, after.first_due_at) == (Status.IN_PROCESS, NEW_DUE, DUE)
        assert (event.due_at, event.occurred_at) == (NEW_DUE, LATER)
    else:
        conflict(lambda: receiving.supplement(before, LATER, NEW_DUE, ""), "supplement-not-expected", status)


@pytest.mark.parametrize("status", list(Status))
def test_only_a_result_that_is_there_can_be_handed_over_and_only_once(status: Status) -> None:
    def hand_over(of: Dossier) -> Dossier:
        how = HandOver(LATER, HandOverMethod.COUNTER, ReceivedBy.OWNER, HandOverProof.SIGNATURE)
        return ending.hand_over(of, how)[0]

    before = dossier(status)
    if status is Status.RESOLVED:
        after = hand_over(before)
        assert (after.status, after.returned_at) == (Status.RETURNED, LATER)
        conflict(lambda: hand_over(after), "result-not-ready", Status.RETURNED)
    else:
        conflict(lambda: hand_over(before), "result-not-ready", status)


def conflict(action: object, slug: str, status: Status) -> None:
    with pytest.raises(Conflict) as caught:
        action()  # type: ignore[operator]
    assert (caught.value.slug, caught.value.facts["state"]) == (slug, status)
    assert "allowed" in caught.value.facts


def test_a_promise_before_the_receipt_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        receiving.submit(dossier(due_at=AT - timedelta(seconds=1)), None)
    assert caught.value.slug == "due-date-in-past"


def test_a_received_dossier_tells_everything_but_the_person() -> None:
    after, event = receiving.submit(dossier(external_ref="R-1"), "s" * 64)
    text = event.to_json().decode()
    for personal in ("Thử", "096190001234", "0901234567"):
        assert personal not in text
    assert (event.code, event.due_at, event.external_ref, event.contact) == (CODE, DUE, "R-1", "s" * 64)
    assert [entry.kind for entry in after.timeline] == ["submitted"]


def note(kind: type[notify.NoticeEvent], minute: int, id: str = "n-1", by: NoticeChannel = ZALO) -> object:
    more = {"attempt": 1} if kind is notify.NoticeSent else {}
    at = AT + timedelta(minutes=minute)
    return kind(code=CODE, occurred_at=at, notice_id=id, kind=NoticeKind.RECEIVED, channel=by, **more)


def test_a_delivery_replaces_the_sending_of_the_same_notice_whatever_order_they_come_in() -> None:
    sent, delivered = note(notify.NoticeSent, 1), note(notify.NoticeDelivered, 2)
    for order in ((sent, delivered), (delivered, sent), (sent, delivered, sent, delivered)):
        known = Informed()
        for told in order:
            known = informed.learn(known, told)  # type: ignore[arg-type]
        assert [(told.delivered, told.at) for told in known.told] == [(True, AT + timedelta(minutes=2))]


def test_notices_of_two_channels_and_two_notices_stand_side_by_side() -> None:
    known = Informed()
    for told in (
        note(notify.NoticeSent, 1),
        note(notify.NoticeSent, 2, by=NoticeChannel.SMS),
        note(notify.NoticeDelivered, 3, id="n-2"),
    ):
        known = informed.learn(known, told)  # type: ignore[arg-type]
    assert [(told.notice_id, told.channel.value) for told in known.told] == [
        ("n-1", "zalo"), ("n-1", "sms"), ("n-2", "zalo"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "end"), [(0, "0001"), (41, "0042"), (9998, "9999"), (9999, "10000"), (99999, "100000")]
)
def test_numbers_run_on_past_9999(last: int, end: str) -> None:
    import re

    series = series_id("H12.970.00", date(2026, 11, 23))
    code = dossier_code(series, DailyNumber(last).next().last)
    assert code == f"H12.970.00-261123-{end}"
    assert re.match(DOSSIER_CODE_PATTERN, code)


def test_each_counter_and_each_day_has_its_own_series() -> None:
    days = [date(2026, 11, 23), date(2026, 11, 24), date(2027, 1, 1)]
    assert len({series_id(unit, day) for unit in ("H12.970.00", "H12.971.00") for day in days}) == 6


def test_a_dossier_is_not_changed_by_looking_at_it() -> None:
    before = dossier()
    assert replace(before) == before
    assert receiving.submit(before, None)[0] is not before
    assert before.timeline == ()
