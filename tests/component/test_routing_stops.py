"""What stops, starts and moves the clock of a dossier, and how a step goes back: with the dates of the calendar."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from contracts.events.intake import DossierPaid, DossierSupplemented
from services.routing.domain.policy import Policy, Substitute
from tests.component.routing_fixtures import (
    BASIS,
    TWO_STEPS_WAY,
    Timed,
    act,
    begin,
    branches,
    codes_in,
    did,
    due,
    inbox,
    local,
    moment,
    put_workflow,
    set_policy,
    shown,
    states,
)
from tests.component.service_fixtures import COMMUNE, COUNTER, DISTRICT, OFFICE, TWO_STEPS, Service, dossier
from tests.replies import refused, slug

FIRST = local(9, 17)
"""Five working days from Monday, 2 March 2026, 08:00."""


def paid(code: str, at: datetime) -> DossierPaid:
    return DossierPaid(code=code, occurred_at=at, amount_vnd=120_000, reference="BL-1")


async def promised(routing: Service, code: str) -> list[tuple[str, datetime]]:
    """Every promise with its cause, the first one first."""
    case = await shown(routing, code)
    assert case["first_due_at"] == case["promises"][0]["due_at"]
    assert case["due_at"] == case["promises"][-1]["due_at"]
    return [(promise["cause"], moment(promise["due_at"])) for promise in case["promises"]]


async def test_the_time_until_a_payment_is_left_out_of_the_limit(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    code = await begin(routing)
    assert await promised(routing, code) == [("received", FIRST)]
    await did(routing, code, "accept")
    hand.set(3, 8)
    waiting = await did(routing, code, "request-payment")
    assert (waiting["state"], waiting["stop"]["kind"], waiting["stop"]["legal_basis"]) == ("payment", "payment", BASIS)
    assert await codes_in(routing, "waiting") == [code]
    await routing.take(paid(code, hand.set(5, 8)))
    case = await shown(routing, code)
    assert (case["state"], case["stop"], await codes_in(routing, "in-work")) == ("open", None, [code])
    assert await promised(routing, code) == [("received", FIRST), ("resumed", local(11, 17))]
    assert moment(case["steps"][0]["due_at"]) == local(11, 17)
    assert BASIS in case["promises"][-1]["explained"]
    [requested] = await routing.events(code, "dossier.payment-requested.v1")
    assert (requested["amount_vnd"], requested["step"], requested["legal_basis"]) == (120_000, 1, BASIS)
    [resumed] = await routing.events(code, "dossier.resumed.v1")
    assert (resumed["kind"], moment(resumed["due_at"]), moment(resumed["first_due_at"])) == (
        "payment", local(11, 17), FIRST,
    )  # fmt: skip
    hand.set(5, 10)
    await did(routing, code, "complete")
    [completed] = await routing.events(code, "dossier.step-completed.v1")
    assert completed["worked_minutes"] == (8 + 2) * 60  # Monday, and two hours of Thursday


async def test_a_payment_that_nobody_waits_for_changes_nothing_and_one_before_its_case_waits(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    await routing.take(paid(dossier(), hand.now()))
    assert await routing.parked() == ["case-unknown"]
    code = await begin(routing)
    await routing.retry()
    assert await routing.parked() == []
    await did(routing, code, "accept")
    await did(routing, code, "halt")
    told = await routing.told(code)
    await routing.take(paid(code, hand.now()))
    assert (await routing.told(code), (await shown(routing, code))["state"]) == (told, "halted")


@pytest.mark.parametrize("kind", ["consultation", "decision"])
async def test_a_consultation_or_a_decision_stops_the_clock_until_the_agency_goes_on(timed: Timed, kind: str) -> None:
    routing, hand = timed.service, timed.hand
    code = await begin(routing)
    await did(routing, code, "accept")
    hand.set(6, 9)  # Friday
    halted = await did(routing, code, "halt", kind=kind)
    assert (halted["state"], halted["stop"]["kind"], halted["steps"][0]["allowed"]) == ("halted", kind, ["resume"])
    hand.set(10, 9)  # Tuesday: two working days
    await did(routing, code, "resume")
    assert await promised(routing, code) == [("received", FIRST), ("resumed", local(11, 17))]
    assert (await act(routing, code, "resume")).status_code == 200
    assert len(await routing.events(code, "dossier.resumed.v1")) == 1


async def test_a_stop_over_a_weekend_gives_nothing_and_takes_nothing(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    code = await begin(routing)
    await did(routing, code, "accept")
    hand.set(6, 18)
    await did(routing, code, "halt")
    hand.set(8, 12)
    await did(routing, code, "resume")
    assert (await promised(routing, code))[-1] == ("resumed", FIRST)


async def test_a_stop_after_the_due_date_does_not_make_a_late_dossier_early(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    code = await begin(routing)
    await did(routing, code, "accept")
    hand.set(12, 9)
    await did(routing, code, "halt")
    hand.set(13, 9)
    await did(routing, code, "resume")
    late = await did(routing, code, "complete")
    assert (late["timeliness"], late["first_timeliness"]) == ("late", "late")


async def test_a_stop_moves_a_signed_new_date_too(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    code = await begin(routing)
    await did(routing, code, "accept")
    await did(routing, code, "extend", due_at=local(16, 17).isoformat())
    hand.set(10, 8)
    await did(routing, code, "request-payment")
    await routing.take(paid(code, hand.set(11, 8)))
    assert await promised(routing, code) == [
        ("received", FIRST), ("extended", local(16, 17)), ("resumed", local(17, 17)),
    ]  # fmt: skip


async def test_missing_papers_begin_the_limit_anew_whatever_was_left_out_before(timed: Timed) -> None:
    """NĐ 61/2018/NĐ-CP Art 19.4."""
    routing, hand = timed.service, timed.hand
    code = await begin(routing)
    await did(routing, code, "accept")
    await did(routing, code, "halt")
    hand.set(4, 8)
    await did(routing, code, "resume")
    await did(routing, code, "request-supplement")
    at = hand.set(10, 8)
    await routing.take(DossierSupplemented(code=code, occurred_at=at, counter=COUNTER, due_at=due(at)))
    hand.set(11, 8)
    await did(routing, code, "accept")
    await did(routing, code, "halt")
    hand.set(12, 8)
    await did(routing, code, "resume")
    assert await promised(routing, code) == [
        ("received", FIRST), ("resumed", local(11, 17)), ("supplemented", local(17, 17)), ("resumed", local(18, 17)),
    ]  # fmt: skip


async def elsewhere(timed: Timed) -> str:
    """Handed in on Monday at 15:00 at a desk of the district; the commune is competent."""
    timed.hand.set(2, 15)
    code = await begin(timed.service, competent_agency=COMMUNE)
    case = await shown(timed.service, code)
    assert (case["provisional"], case["steps"][0]["agency"], case["unit"]) == (True, COMMUNE, COMMUNE)
    assert moment(case["steps"][0]["accept_by"]) == local(3, 9)  # four working hours
    return code


async def test_handed_in_elsewhere_the_limit_runs_from_the_competent_agencys_receipt(timed: Timed) -> None:
    """NĐ 309/2026/NĐ-CP Art 17.3; the printed date stays the first promise."""
    routing, hand = timed.service, timed.hand
    code = await elsewhere(timed)
    hand.set(3, 8)
    taken = await did(routing, code, "accept", COMMUNE)
    assert taken["provisional"] is False
    assert await promised(routing, code) == [("received", FIRST), ("clock-started", local(10, 17))]
    assert moment(taken["steps"][0]["due_at"]) == local(10, 17)
    [changed] = await routing.events(code, "dossier.due-changed.v1")
    assert (changed["cause"], moment(changed["previous_due_at"]), moment(changed["due_at"])) == (
        "clock-started", FIRST, local(10, 17),
    )  # fmt: skip
    await timed.fire()
    assert len(await routing.events(code, "dossier.due-changed.v1")) == 1


async def test_silence_starts_the_limit_when_the_time_to_accept_is_over(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    code = await elsewhere(timed)
    hand.set(3, 8, 59)
    await timed.fire()
    assert (await shown(routing, code))["provisional"] is True
    hand.set(4, 10)  # the worker was away for a day: it is counted from the moment, not from when it was noticed
    await timed.fire()
    assert await promised(routing, code) == [("received", FIRST), ("clock-started", local(10, 17))]
    hand.set(5, 8)
    await did(routing, code, "accept", COMMUNE)
    assert len(await promised(routing, code)) == 2
    [escalated] = await routing.events(code, "dossier.escalated.v1")
    assert (escalated["rule"], escalated["agency"], escalated["to"]) == ("not-accepted", COMMUNE, DISTRICT)


async def second_accepted(timed: Timed) -> str:
    code = await begin(timed.service, procedure=TWO_STEPS)
    for action, agency, step in TWO_STEPS_WAY[:3]:
        await did(timed.service, code, action, agency, step)
    return code


async def test_what_is_sent_back_is_handed_over_anew_and_the_due_times_stay(timed: Timed) -> None:
    routing = timed.service
    code = await second_accepted(timed)
    before = await shown(routing, code)
    timed.hand.set(3, 9)
    back = await did(routing, code, "send-back", DISTRICT, 2)
    assert [step["state"] for step in back["steps"]] == ["offered", "waiting"]
    assert [step["due_at"] for step in back["steps"]] == [step["due_at"] for step in before["steps"]]
    assert back["due_at"] == before["due_at"]
    assert (await codes_in(routing, "to-accept"), await codes_in(routing, "in-work", DISTRICT)) == ([code], [])
    [event] = await routing.events(code, "dossier.sent-back.v1")
    assert (event["step"], event["to_step"], event["agency"], event["reason"]) == (2, 1, DISTRICT, "wrong-information")
    for action, agency, step in TWO_STEPS_WAY:
        await did(routing, code, action, agency, step)
    case = await shown(routing, code)
    assert case["state"] == "resolved"
    assert [(t["number"], t["step"], t["state"]) for t in case["transfers"]] == [
        (1, 1, "done"), (2, 2, "sent-back"), (3, 1, "done"), (4, 2, "done"),
    ]  # fmt: skip


async def test_only_a_step_right_before_that_is_done_takes_something_back(timed: Timed) -> None:
    routing = timed.service
    code = await second_accepted(timed)
    found = refused(await act(routing, code, "send-back", DISTRICT, 2, to_step=2), 409, "step-not-before")
    assert found["steps"] == [1]
    await put_workflow(routing, *branches(2))
    other = await begin(routing, 2)
    for agency, step in ((OFFICE, 1), (COMMUNE, 2), (OFFICE, 4)):
        await did(routing, other, "accept", agency, step)
        if step != 4:
            await did(routing, other, "complete", agency, step)
    for to in (None, 3):  # one of two must be named, and the third had not to be done
        found = refused(await act(routing, other, "send-back", OFFICE, 4, to_step=to), 409, "step-not-before")
        assert found["steps"] == [1, 2]
    await did(routing, other, "send-back", OFFICE, 4, to_step=2)
    assert await states(routing, other) == ["done", "offered", "offered", "waiting"]  # the third is wanted again


async def test_a_step_completed_by_mistake_is_taken_back_until_the_next_agency_begins(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    for action, agency, step in TWO_STEPS_WAY[:2]:
        await did(routing, code, action, agency, step)
    assert await codes_in(routing, "to-accept", DISTRICT) == [code]
    back = await did(routing, code, "reopen")
    assert (await codes_in(routing, "to-accept", DISTRICT), await codes_in(routing, "in-work")) == ([], [code])
    assert (back["steps"][0]["outcome"], back["steps"][0]["done_at"]) == (None, None)
    [event] = await routing.events(code, "dossier.sent-back.v1")
    assert (event["agency"], event["to_step"], event["reason"]) == (DISTRICT, 1, "completed-by-mistake")
    [case] = await routing.documents("cases")
    [entry] = case["audit"]
    assert (entry["what"], entry["step"]) == ("reopened", 1)
    await did(routing, code, "complete")
    await did(routing, code, "accept", DISTRICT, 2)
    assert refused(await act(routing, code, "reopen"), 409, "action-not-allowed")["allowed"] == []


async def test_an_officer_is_put_in_charge_or_who_stands_in_for_him_and_nobody_is_told(timed: Timed) -> None:
    routing = timed.service
    march = (date(2026, 3, 3), date(2026, 3, 6))
    rows = (Substitute(OFFICE, "cb.01", "cb.02", *march), Substitute(DISTRICT, "cb.03", "cb.04", *march))
    await set_policy(routing, Policy(substitutes=rows))
    codes = [await begin(routing, number) for number in (1, 2, 3)]
    told = await routing.told(codes[0])
    assert (await did(routing, codes[0], "assign"))["steps"][0]["officer"] == "cb.01"
    timed.hand.set(3, 8)
    assert (await did(routing, codes[1], "assign"))["steps"][0]["officer"] == "cb.02"
    assert (await did(routing, codes[2], "assign", officer="cb.03"))["steps"][0]["officer"] == "cb.03"
    assert await routing.told(codes[0]) == told
    assert await codes_in(routing, "to-accept", officer="cb.02") == [codes[1]]
    before = await routing.documents("cases")
    assert (await did(routing, codes[0], "assign", officer="cb.01"))["steps"][0]["officer"] == "cb.02"
    assert (await did(routing, codes[1], "assign"))["steps"][0]["officer"] == "cb.02"
    cases = await routing.documents("cases")
    assert cases[1:] == before[1:]  # the same once more is nothing new
    assert [entry["detail"] for entry in cases[0]["audit"]] == ["- > cb.01", "cb.01 > cb.02"]
    for officer in ("Nguyễn Văn A", "0901234000@x", ""):
        assert slug(await act(routing, codes[0], "assign", officer=officer)) == (422, "request-invalid")


async def test_assigning_is_the_agencys_own_affair_and_states_what_was_seen(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    stranger = await routing.key(f"agency:{DISTRICT}")
    assert slug(await act(routing, code, "assign", headers=stranger)) == (403, "scope-missing")
    assert slug(await act(routing, code, "assign", DISTRICT)) == (403, "wrong-agency")
    assert slug(await act(routing, code, "assign", DISTRICT, 2)) == (409, "step-not-current")
    assert refused(await act(routing, code, "assign", revision=0), 409, "case-changed")["revision"] == 1
    taken = await did(routing, code, "assign", revision=1)
    seen_by_others = await routing.http.get(f"/v1/cases/{code}", headers=stranger)
    assert (taken["steps"][0]["officer"], seen_by_others.json()["steps"][0]["officer"]) == ("cb.01", None)
    [line] = (await inbox(routing, box="to-accept"))["transfers"]
    assert line["officer"] == "cb.01"


async def test_what_a_case_shows_of_itself_tells_how_its_date_came_about(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    trail: list[dict[str, Any]] = [
        {"kind": "received", "at": hand.now(), "text": "nhận lúc 08:00", "legal_basis": None},
        {"kind": "due", "at": FIRST, "text": "hạn trả là 17:00", "legal_basis": None},
    ]
    code = await begin(routing, due_trail=trail)
    [first] = (await shown(routing, code))["promises"]
    assert (first["cause"], first["explained"]) == ("received", "Nhận lúc 08:00; hạn trả là 17:00.")
    assert [line["kind"] for line in first["trail"]] == ["received", "due"]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("halt", {"kind": "decision", "reason": "legal-dispute", "legal_basis": "Khoản 1 Điều 9 văn bản mẫu"}),
        ("complete", {"outcome": "terminated", "ground": "legal-dispute"}),
    ],
)
async def test_a_decision_to_stop_or_to_end_is_signed_by_the_head(
    timed: Timed, action: str, body: dict[str, str]
) -> None:
    routing = timed.service
    code = await begin(routing)
    await did(routing, code, "accept")
    headers = await routing.key(f"agency:{OFFICE}")
    reply = await act(routing, code, action, OFFICE, headers=headers, **body)
    assert (reply.status_code, reply.json()["slug"]) == (403, "head-needed")
    assert (await act(routing, code, action, OFFICE, **body)).status_code == 200
