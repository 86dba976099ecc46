"""Agencies side by side: the join begins when as many granted as it needs, and no branch is forgotten."""

from __future__ import annotations

import asyncio

import pytest

from contracts.events.intake import DossierSupplemented, DossierWithdrawn
from tests.component.routing_fixtures import (
    Timed,
    act,
    begin,
    branches,
    codes_in,
    did,
    due,
    moment,
    put_workflow,
    shown,
    states,
)
from tests.component.service_fixtures import COMMUNE, COUNTER, DISTRICT, OFFICE, Service
from tests.replies import refused

BRANCHES = ((OFFICE, 1), (COMMUNE, 2), (DISTRICT, 3))
ALL, ANY, QUORUM = 0, 1, 2
NO = {"outcome": "denied", "ground": "not-eligible"}


async def begun(timed: Timed, needs: int, number: int = 1) -> str:
    """A dossier that lies with three agencies at once."""
    await put_workflow(timed.service, *branches(needs))
    return await begin(timed.service, number)


async def finish(routing: Service, code: str, agency: str, step: int, **outcome: str) -> None:
    for action, more in (("accept", {}), ("complete", outcome)):
        await did(routing, code, action, agency, step, **more)


async def recalled(routing: Service, code: str) -> list[int]:
    return sorted(event["step"] for event in await routing.events(code, "dossier.step-recalled.v1"))


async def test_a_dossier_lies_with_all_agencies_of_its_branches_at_once_under_one_due_date(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ALL)
    case = await shown(routing, code)
    assert (case["active"], [step["state"] for step in case["steps"]]) == ([1, 2, 3], ["offered"] * 3 + ["waiting"])
    for agency, _ in BRANCHES:
        assert await codes_in(routing, "to-accept", agency) == [code]
    dues = [step["due_at"] for step in case["steps"]]
    assert dues[0] == dues[1] == dues[2] < dues[3] == case["due_at"]
    opened = await routing.events(code, "agency.transfer-opened.v1")
    assert [(event["agency"], event["transfer"]) for event in opened] == [(OFFICE, 1), (COMMUNE, 2), (DISTRICT, 3)]


@pytest.mark.parametrize(
    ("needs", "before"), [(ALL, ["waiting", "waiting"]), (QUORUM, ["waiting"]), (ANY, [])], ids=["all", "two", "any"]
)
async def test_the_join_begins_with_the_last_grant_it_needs_and_takes_back_what_nobody_waits_for(
    timed: Timed, needs: int, before: list[str]
) -> None:
    routing = timed.service
    code = await begun(timed, needs)
    seen = []
    for agency, step in BRANCHES:
        await finish(routing, code, agency, step)
        seen.append((await states(routing, code))[3])
        if seen[-1] == "offered":
            break
    assert seen == [*before, "offered"]
    idle = list(range(len(seen) + 1, 4))
    assert await recalled(routing, code) == idle
    for agency, step in BRANCHES[len(seen) :]:
        assert code not in await codes_in(routing, "to-accept", agency)
        found = refused(await act(routing, code, "accept", agency, step), 409, "step-not-current")
        assert (found["active"], found["allowed"]) == ([4], [])
    await finish(routing, code, OFFICE, 4)
    assert (await shown(routing, code))["outcome"] == "granted"
    [resolved] = await routing.events(code, "dossier.resolved.v1")
    assert resolved["agency"] == OFFICE
    assert len(await routing.events(code, "dossier.step-completed.v1")) == len(seen) + 1


@pytest.mark.parametrize(("needs", "denials"), [(ALL, 1), (QUORUM, 2), (ANY, 3)], ids=["all", "two", "any"])
async def test_denials_end_the_dossier_as_soon_as_its_join_can_never_begin_and_not_before(
    timed: Timed, needs: int, denials: int
) -> None:
    routing = timed.service
    code = await begun(timed, needs)
    for agency, step in BRANCHES[:denials]:
        assert (await shown(routing, code))["state"] == "open"
        await finish(routing, code, agency, step, **NO)
    case = await shown(routing, code)
    assert (case["state"], case["outcome"], case["active"]) == ("resolved", "denied", [])
    assert [step["state"] for step in case["steps"]] == ["done"] * denials + ["recalled"] * (3 - denials) + ["cut-off"]
    [resolved] = await routing.events(code, "dossier.resolved.v1")
    assert resolved["ground"] == "not-eligible"
    assert await recalled(routing, code) == list(range(denials + 1, 4))
    for agency, _ in BRANCHES:
        for box in ("to-accept", "in-work", "waiting"):
            assert await codes_in(routing, box, agency) == []


async def test_where_any_branch_will_do_a_denial_leaves_the_others_to_go_on(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ANY)
    await finish(routing, code, OFFICE, 1, **NO)
    await finish(routing, code, DISTRICT, 3)
    assert await states(routing, code) == ["done", "recalled", "done", "offered"]


async def test_a_branch_that_is_declined_goes_to_the_agency_above_and_the_others_go_on(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ALL)
    await did(routing, code, "decline", COMMUNE, 2)
    case = await shown(routing, code)
    assert [(step["agency"], step["state"]) for step in case["steps"][:3]] == [
        (OFFICE, "offered"), (DISTRICT, "offered"), (DISTRICT, "offered"),
    ]  # fmt: skip
    assert await codes_in(routing, "to-accept", DISTRICT) == [code, code]
    await did(routing, code, "decline", DISTRICT, 2)
    assert await states(routing, code) == ["offered", "unplaced", "offered", "waiting"]
    for agency, step in ((OFFICE, 1), (DISTRICT, 3)):
        await finish(routing, code, agency, step)
    assert await states(routing, code) == ["done", "unplaced", "done", "waiting"]
    operator = await routing.key("operator")
    found = (await routing.http.get("/v1/unplaced", headers=operator)).json()["cases"]
    assert [case["code"] for case in found] == [code]
    placed = await routing.http.post(f"/v1/cases/{code}/place", json={"agency": OFFICE, "step": 2}, headers=operator)
    assert placed.status_code == 200, placed.text
    await finish(routing, code, OFFICE, 2)
    assert await states(routing, code) == ["done", "done", "done", "offered"]
    assert (await routing.http.get("/v1/unplaced", headers=operator)).json()["cases"] == []


async def test_while_one_branch_waits_for_papers_the_others_finish_and_the_join_waits_for_it(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ALL)
    for agency, step in BRANCHES:
        await did(routing, code, "accept", agency, step)
    await did(routing, code, "request-supplement", OFFICE, 1)
    assert await codes_in(routing, "waiting", OFFICE) == [code]
    assert await codes_in(routing, "in-work", COMMUNE) == [code]
    twice = refused(await act(routing, code, "request-supplement", COMMUNE, 2), 409, "action-not-allowed")
    assert twice["allowed"] == ["assign", "complete"]
    assert refused(await act(routing, code, "halt", DISTRICT, 3), 409, "action-not-allowed")["state"] == "supplement"
    await did(routing, code, "complete", COMMUNE, 2)
    at = timed.hand.set(5, 9)
    new = due(at)
    await routing.take(DossierSupplemented(code=code, occurred_at=at, counter=COUNTER, due_at=new))
    case = await shown(routing, code)
    assert [step["state"] for step in case["steps"]] == ["offered", "done", "accepted", "waiting"]
    assert moment(case["due_at"]) == moment(case["steps"][3]["due_at"]) == new
    assert case["steps"][1]["due_at"] < case["steps"][0]["due_at"]  # what is done keeps its own
    await did(routing, code, "complete", DISTRICT, 3)
    await finish(routing, code, OFFICE, 1)
    assert await states(routing, code) == ["done", "done", "done", "offered"]


async def test_a_denial_elsewhere_ends_a_dossier_that_waits_for_papers(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ALL)
    for agency, step in BRANCHES:
        await did(routing, code, "accept", agency, step)
    await did(routing, code, "request-supplement", OFFICE, 1)
    done = await did(routing, code, "complete", COMMUNE, 2, **NO)
    assert (done["state"], done["stop"], done["outcome"]) == ("resolved", None, "denied")
    told = await routing.told(code)
    at = timed.hand.now()
    await routing.take(DossierSupplemented(code=code, occurred_at=at, counter=COUNTER, due_at=due(at)))
    assert (await routing.told(code), await routing.parked()) == (told, [])


async def test_a_consultation_stops_its_own_branch_and_a_decision_stops_all(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ALL)
    for agency, step in BRANCHES[:2]:
        await did(routing, code, "accept", agency, step)
    await did(routing, code, "halt", OFFICE, 1)
    assert (await did(routing, code, "accept", DISTRICT, 3))["steps"][2]["allowed"] == ["assign", "complete"]
    assert refused(await act(routing, code, "resume", COMMUNE, 2), 409, "action-not-allowed")["allowed"]
    await did(routing, code, "resume", OFFICE, 1)
    await did(routing, code, "halt", OFFICE, 1, kind="decision")
    for agency, step in BRANCHES[1:]:
        assert refused(await act(routing, code, "complete", agency, step), 409, "action-not-allowed")["allowed"] == []
    await did(routing, code, "resume", OFFICE, 1)
    await did(routing, code, "complete", COMMUNE, 2)


async def test_a_decision_to_end_the_dossier_in_one_branch_ends_them_all(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ANY)
    await did(routing, code, "accept", OFFICE, 1)
    assert (await act(routing, code, "complete", OFFICE, 1, outcome="terminated")).json()["slug"] == "ground-missing"
    await did(routing, code, "complete", OFFICE, 1, outcome="terminated", ground="legal-dispute")
    case = await shown(routing, code)
    assert (case["state"], case["outcome"]) == ("resolved", "terminated")
    assert [step["state"] for step in case["steps"]] == ["done", "recalled", "recalled", "recalled"]


async def test_a_dossier_that_is_taken_back_leaves_every_branch(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ALL)
    await did(routing, code, "accept", OFFICE, 1)
    await routing.take(DossierWithdrawn(code=code, occurred_at=timed.hand.now(), counter=COUNTER))
    assert await states(routing, code) == ["recalled"] * 4
    for agency, _ in BRANCHES:
        assert await codes_in(routing, "to-accept", agency) + await codes_in(routing, "in-work", agency) == []


async def test_agencies_that_finish_at_the_same_moment_are_all_heard_and_the_join_begins_once(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ALL)
    await asyncio.gather(*(did(routing, code, "accept", agency, step) for agency, step in BRANCHES))
    await asyncio.gather(*(did(routing, code, "complete", agency, step) for agency, step in BRANCHES))
    assert await states(routing, code) == ["done", "done", "done", "offered"]
    transferred = await routing.events(code, "dossier.transferred.v1")
    assert sorted(event["step"] for event in transferred) == [1, 2, 3, 4]


async def test_the_first_of_two_that_finish_at_the_same_moment_is_enough_where_any_will_do(timed: Timed) -> None:
    routing = timed.service
    code = await begun(timed, ANY)
    await asyncio.gather(*(did(routing, code, "accept", agency, step) for agency, step in BRANCHES))
    replies = await asyncio.gather(*(act(routing, code, "complete", agency, step) for agency, step in BRANCHES))
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
    assert sorted(await states(routing, code)) == ["done", "offered", "recalled", "recalled"]
    assert len(await routing.events(code, "dossier.step-completed.v1")) == 1


async def test_a_mistake_that_began_a_join_is_taken_back_with_all_that_came_of_it(timed: Timed) -> None:
    """The branches that were recalled are wanted again: else the dossier would be denied though nobody asked them."""
    routing = timed.service
    code = await begun(timed, ANY)
    await finish(routing, code, OFFICE, 1)
    assert await states(routing, code) == ["done", "recalled", "recalled", "offered"]
    await did(routing, code, "reopen", OFFICE, 1)
    assert await states(routing, code) == ["accepted", "offered", "offered", "waiting"]
    for agency, _ in BRANCHES[1:]:
        assert await codes_in(routing, "to-accept", agency) == [code]
    await did(routing, code, "complete", OFFICE, 1, **NO)
    assert (await shown(routing, code))["state"] == "open"
    await finish(routing, code, COMMUNE, 2)
    assert await states(routing, code) == ["done", "done", "recalled", "offered"]
