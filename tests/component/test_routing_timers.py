"""What time brings: each thing once, whatever restarts, however many workers, and whichever rule fails."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from contracts.events.intake import DossierSupplemented, DossierWithdrawn
from contracts.types import LimitUnit, Outcome
from services.kit.clock import VIETNAM
from services.routing.domain.clock import Limit
from services.routing.domain.policy import ABOVE, AcceptWithin, EscalationRule, Policy, Trigger
from tests.component.ledger import events as journal
from tests.component.routing_fixtures import Timed, begin, did, due, local, moment, set_policy, shown
from tests.component.service_fixtures import COMMUNE, COUNTER, DISTRICT, OFFICE, TWO_STEPS, Service

REMINDER = "escalated:reminder"
OF_TIME = {"due-soon", "overdue", "apology-prepared", "escalated"}


async def told(routing: Service, code: str) -> list[tuple[str, str]]:
    """What time brought, in order: day and hour, name; with the number of the step, and the rule, it is about."""
    found: list[tuple[str, str]] = []
    for row in await journal(routing.mongo, subject=code):
        name, event = row["type"].split(".")[3], json.loads(row["body"])
        if name in OF_TIME:
            at = moment(event["occurred_at"]).astimezone(VIETNAM)
            about = event.get("rule") or (event.get("step") if name in {"due-soon", "overdue"} else None)
            found.append((f"{at:%d %H:%M}", name if about is None else f"{name}:{about}"))
    return found


async def live(timed: Timed, until: datetime, every: timedelta = timedelta(minutes=30)) -> None:
    """Rounds until then, each by a worker that has just started."""
    while timed.hand.now() < until:
        timed.hand.moment = min(until, timed.hand.now() + every)
        await timed.fire()


ALONE = [
    ("02 14:01", "escalated:not-accepted"),  # four working hours after it was handed over
    ("06 11:01", "apology-prepared"),  # NĐ 61/2018/NĐ-CP Art 19.9: a day before at the latest
    ("06 17:01", "due-soon"),
    ("09 11:01", "due-soon:1"),
    ("09 17:01", "overdue"),
    ("09 17:01", "escalated:overdue"),
    ("09 17:01", "overdue:1"),
    ("10 17:01", "escalated:step-overdue"),
]
"""A dossier received on Monday at 08:00, due a week later at 17:00, that nobody touches."""


async def test_a_dossier_that_nobody_touches_is_warned_of_told_late_and_escalated_once_each(timed: Timed) -> None:
    code = await begin(timed.service)
    timed.hand.move(minutes=1)
    await live(timed, local(23, 18), timedelta(hours=1))
    # For as long as nothing happens, the agency above is reminded every five working days.
    assert await told(timed.service, code) == [*ALONE, ("16 17:01", REMINDER), ("23 17:01", REMINDER)]


async def test_two_workers_at_once_bring_each_thing_once(timed: Timed) -> None:
    """Each believes that it leads: the lease keeps them from that, and nothing depends on it."""
    routing, hand = timed.service, timed.hand
    codes = [await begin(routing, number) for number in range(1, 5)]
    loops = [timed.loop("one"), timed.loop("other")]
    assert all([await loop.lease.hold() for loop in loops])
    hand.move(minutes=1)
    while hand.now() < local(11, 17):
        hand.move(hours=1)
        await asyncio.gather(*(loop.once() for loop in loops))
    for code in codes:
        assert await told(routing, code) == ALONE


async def test_a_worker_that_does_not_lead_does_nothing(timed: Timed) -> None:
    code = await begin(timed.service)
    leads, waits = timed.loop(), timed.loop()
    assert await leads.lease.hold()
    assert not await waits.lease.hold()
    timed.hand.set(12, 9)
    assert (await waits.once(), await told(timed.service, code)) == (0, [])
    assert (await leads.once(), await leads.once()) == (1, 0)
    assert len(await told(timed.service, code)) == 6


async def test_after_a_long_outage_nobody_is_warned_of_what_is_over_already(timed: Timed) -> None:
    code = await begin(timed.service)
    await live(timed, timed.hand.set(12, 9) + timedelta(hours=2), timedelta(hours=1))
    names = [name for _, name in await told(timed.service, code)]
    assert sorted(names) == [
        "apology-prepared", "escalated:not-accepted", "escalated:overdue", "escalated:step-overdue", "overdue",
        "overdue:1",
    ]  # fmt: skip


async def test_what_is_done_in_time_is_told_of_to_nobody(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing)
    await did(routing, code, "accept")
    await live(timed, local(5, 17), timedelta(hours=3))
    await did(routing, code, "complete")
    await live(timed, local(13, 17), timedelta(hours=3))
    assert await told(routing, code) == []


async def test_each_step_has_its_own_time_within_the_dossiers(timed: Timed) -> None:
    """Ten working days, half for each agency: the first is late by a day, the dossier is not."""
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS, limit=Limit(10, LimitUnit.WORKING_DAYS))
    first, second = (moment(step["due_at"]) for step in (await shown(routing, code))["steps"])
    assert first < second == due(local(2, 8), Limit(10, LimitUnit.WORKING_DAYS))
    await did(routing, code, "accept")
    await live(timed, first + timedelta(hours=25), timedelta(hours=1))
    await did(routing, code, "complete")
    assert [name for _, name in await told(routing, code)] == ["due-soon:1", "overdue:1", "escalated:step-overdue"]
    [completed] = await routing.events(code, "dossier.step-completed.v1")
    assert completed["timeliness"] == "late"
    await did(routing, code, "accept", DISTRICT, 2)
    done = await did(routing, code, "complete", DISTRICT, 2)
    assert done["timeliness"] == "early"
    await live(timed, second + timedelta(days=3), timedelta(hours=12))
    assert len(await told(routing, code)) == 3


async def test_each_hand_over_has_its_own_time_to_answer_and_silence_is_told_to_the_agency_above(timed: Timed) -> None:
    routing = timed.service
    await set_policy(routing, Policy(accept_within=(AcceptWithin(DISTRICT, 8), AcceptWithin(OFFICE, 2))))
    code = await begin(routing)
    await live(timed, local(2, 10), timedelta(minutes=30))
    assert await told(routing, code) == []
    await live(timed, local(2, 11), timedelta(minutes=30))
    await did(routing, code, "decline")
    await live(timed, local(4, 11), timedelta(hours=1))
    found = await routing.events(code, "dossier.escalated.v1")
    assert [(event["agency"], event["to"], event["step"]) for event in found] == [
        (OFFICE, DISTRICT, 1), (DISTRICT, DISTRICT, 1),  # nobody is above the district
    ]  # fmt: skip
    assert [at for at, _ in await told(routing, code)] == ["02 10:30", "03 12:00"]


async def test_while_a_dossier_waits_only_the_waiting_is_told_and_after_it_the_new_date_is_warned_of(
    timed: Timed,
) -> None:
    routing = timed.service
    await set_policy(routing, Policy(rules=(EscalationRule("waiting-long", Trigger.WAITING, 16, "itself"),)))
    code = await begin(routing)
    await did(routing, code, "accept")
    await live(timed, local(6, 18), timedelta(hours=3))
    assert [name for _, name in await told(routing, code)] == ["apology-prepared", "due-soon"]
    await did(routing, code, "request-supplement")
    await live(timed, local(13, 8), timedelta(hours=3))
    assert (await told(routing, code))[2:] == [("10 18:00", "escalated:waiting-long")]
    at = timed.hand.now()
    await routing.take(DossierSupplemented(code=code, occurred_at=at, counter=COUNTER, due_at=due(at)))
    await did(routing, code, "accept")
    await live(timed, local(23, 8), timedelta(hours=3))
    # The first request for an apology was about a date that is none any more.
    assert [name for _, name in (await told(routing, code))[3:]] == [
        "apology-prepared", "due-soon", "due-soon:1", "overdue", "overdue:1",
    ]  # fmt: skip


def failures() -> float:
    return REGISTRY.get_sample_value("motcua_timer_failures_total") or 0.0


async def test_a_rule_that_fails_is_counted_once_and_the_others_and_the_other_dossiers_go_on(timed: Timed) -> None:
    routing = timed.service
    rules = (
        EscalationRule("a-broken", Trigger.OVERDUE, to="bad code"),
        EscalationRule("b-broken-elsewhere", Trigger.OVERDUE, to="bad code", agencies=(COMMUNE,)),
        EscalationRule("c-works", Trigger.OVERDUE, to=ABOVE),
        EscalationRule("d-works-later", Trigger.OVERDUE, 1.0, "H12"),
    )
    await set_policy(routing, Policy(rules=rules))
    codes = [await begin(routing, number) for number in (1, 2)]
    await begin(routing, 3, competent_agency=COMMUNE)
    for code in codes:
        await did(routing, code, "accept")
    before = failures()
    await live(timed, local(12, 8), timedelta(hours=6))
    assert failures() - before == 1 + 1 + 2  # the third lies with the commune: both broken rules are about it
    for code in codes:
        found = await routing.events(code, "dossier.escalated.v1")
        assert [(event["rule"], event["to"]) for event in found] == [("c-works", DISTRICT), ("d-works-later", "H12")]
        names = [name for _, name in await told(routing, code)]
        assert Counter(names).most_common(1)[0][1] == 1
        assert {"overdue", "overdue:1", "apology-prepared"} <= set(names)


async def test_an_apology_is_prepared_once_signed_once_and_hides_no_lateness(timed: Timed) -> None:
    """NĐ 61/2018/NĐ-CP Art 19.9; the first promise stays in the figures."""
    routing = timed.service
    code = await begin(routing)
    await did(routing, code, "accept")
    await live(timed, local(6, 16), timedelta(hours=1))
    apology = (await shown(routing, code))["apology"]
    assert (apology["agency"], apology["step"], moment(apology["proposed_due_at"])) == (OFFICE, 1, local(12, 17))
    signed = await did(routing, code, "extend", reason="field-check", due_at=None)
    assert (moment(signed["due_at"]), signed["late_notice"], signed["apology"]) == (local(12, 17), False, None)
    [extended] = await routing.events(code, "dossier.extended.v1")
    assert (extended["reason"], extended["step"], moment(extended["first_due_at"])) == ("field-check", 1, local(9, 17))
    await live(timed, local(12, 16), timedelta(hours=2))
    names = [name for _, name in await told(routing, code)]
    assert names == ["apology-prepared", "due-soon", "due-soon:1"]  # of the new date; no second apology
    done = await did(routing, code, "complete")
    assert (done["timeliness"], done["first_timeliness"]) == ("on_time", "late")


async def test_a_new_date_that_is_signed_on_the_day_or_later_is_marked(timed: Timed) -> None:
    routing = timed.service
    codes = [await begin(routing, number) for number in (1, 2)]
    await live(timed, local(9, 10), timedelta(hours=6))
    await did(routing, codes[0], "extend", reason=None, due_at=None)
    await live(timed, local(10, 10), timedelta(hours=6))
    await did(routing, codes[1], "extend", reason=None, due_at=None)
    assert [(await shown(routing, code))["late_notice"] for code in codes] == [True, True]


async def test_of_a_limit_within_the_day_the_apology_waits_until_half_of_it_is_used(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, limit=Limit(1, LimitUnit.SAME_DAY))
    timed.hand.move(minutes=1)
    await live(timed, local(2, 18))
    at = [at for at, name in await told(routing, code) if name == "apology-prepared"]
    assert at == ["02 13:31"]  # of seven working hours


async def test_registers_of_the_past_results_and_withdrawals_have_no_time_to_run(timed: Timed) -> None:
    routing, now = timed.service, timed.hand.now()
    old = now - timedelta(days=400)
    past = {"backfill": True, "received_at": old, "occurred_at": old, "due_at": old + timedelta(days=7)}
    codes = [
        await begin(routing, 1, **past),
        await begin(routing, 2, resolved_at=now, outcome=Outcome.GRANTED),
        await begin(routing, 3),
    ]
    await routing.take(DossierWithdrawn(code=codes[2], occurred_at=now, counter=COUNTER))
    for case in await routing.documents("cases"):
        assert ("timer_at" in case, case["timers"]) == (False, []), case["_id"]
    await live(timed, local(20, 9), timedelta(days=1))
    for code in codes:
        assert await told(routing, code) == []


async def test_more_than_one_look_can_hold_is_dealt_with_in_one_round(
    timed: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.routing.timers.AT_ONCE", 2)
    codes = [await begin(timed.service, number) for number in range(1, 8)]
    timed.hand.set(12, 9)
    assert await timed.fire() == 7
    for code in codes:
        assert len(await told(timed.service, code)) == 6


async def test_an_agency_that_finishes_as_the_time_runs_out_is_told_late_before_or_not_at_all(timed: Timed) -> None:
    routing = timed.service
    codes = [await begin(routing, number) for number in range(1, 7)]
    for code in codes:
        await did(routing, code, "accept")
    timed.hand.set(9, 17, 1)
    await asyncio.gather(timed.fire(), *(did(routing, code, "complete") for code in codes))
    await timed.fire()
    for code in codes:
        names = [name.split(".")[1] for name in await routing.told(code)]
        assert names.count("resolved") == names.count("step-completed") == 1
        assert "overdue" not in names[names.index("resolved") :]
        assert (await shown(routing, code))["timeliness"] == "on_time"  # by date
