"""Agencies over HTTP: rights first, then a case's whole way to its result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.events.intake import DossierSupplemented, DossierWithdrawn
from contracts.types import Mechanism
from services.routing.queries.inbox import Box
from tests.component.routing_fixtures import BODIES, codes_in
from tests.component.service_fixtures import (
    COUNTER,
    DISTRICT,
    OFFICE,
    PROCEDURE,
    TWO_STEPS,
    Service,
    dossier,
    now,
    published,
    submitted,
)

ACTIONS: dict[str, Mapping[str, Any]] = {
    **BODIES, "extend": {"reason": "workload", "due_at": (now() + timedelta(days=30)).isoformat()},
}  # fmt: skip


OFFERED = ["accept", "assign", "decline", "extend"]
TAKEN = ["assign", "complete", "extend", "halt", "request-payment"]


async def case(routing: Service, number: int = 1, procedure: str = PROCEDURE, **changes: Any) -> str:
    code = dossier(number)
    agencies = ("Phòng Kinh tế", "Ủy ban nhân dân cấp huyện") if procedure == TWO_STEPS else ("Phòng Kinh tế",)
    await routing.take(published(procedure, 1, agencies), topic="catalogue.procedures.v1")
    await routing.take(submitted(code, procedure, **changes))
    return code


async def act(
    routing: Service, code: str, action: str, agency: str = OFFICE, step: int = 1, **changes: Any
) -> httpx.Response:
    own = [f"agency:{agency}", *(["head"] if action == "extend" else [])]
    headers = changes.pop("headers", None) or await routing.key(*own)
    body = {"agency": agency, "step": step} | dict(ACTIONS[action]) | changes
    return await routing.http.post(f"/v1/cases/{code}/{action}", json=body, headers=headers)


def said(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["slug"]


async def test_every_route_needs_a_key(routing: Service) -> None:
    operations = [
        (method.upper(), path)
        for path, methods in (await routing.http.get("/openapi.json")).json()["paths"].items()
        if path.startswith("/v1")
        for method in methods
    ]
    assert {path.rpartition("/")[2] for _, path in operations} >= {*ACTIONS, "inbox", "counts", "events", "transfers"}
    for method, path in operations:
        place = re.sub(r"{[a-z_]+}", "x", path.replace("{code}", dossier()).replace("{agency}", OFFICE))
        reply = await routing.http.request(method, place, **({} if method in {"GET", "DELETE"} else {"json": {}}))
        assert said(reply) == (401, "key-missing"), (method, path)


class TestActions:
    @pytest.mark.parametrize("action", list(ACTIONS))
    async def test_anonymous(self, routing: Service, action: str) -> None:
        code = await case(routing)
        reply = await act(routing, code, action, headers={"X": "y"})
        assert said(reply) == (401, "key-missing")

    @pytest.mark.parametrize("action", list(ACTIONS))
    async def test_wrong_role(self, routing: Service, action: str) -> None:
        code = await case(routing)
        for scope in (f"counter:{COUNTER}", "service"):
            reply = await act(routing, code, action, headers=await routing.key(scope))
            assert said(reply) == (403, "scope-missing")

    @pytest.mark.parametrize("action", list(ACTIONS))
    async def test_wrong_agency(self, routing: Service, action: str) -> None:
        code = await case(routing)
        stranger = await routing.key(f"agency:{DISTRICT}")
        assert said(await act(routing, code, action, headers=stranger)) == (403, "scope-missing")
        assert said(await act(routing, code, action, DISTRICT)) == (403, "wrong-agency")
        assert await routing.told(code) == ["dossier.transferred.v1", "agency.transfer-opened.v1"]

    async def test_a_case_that_is_not_there_is_missing(self, routing: Service) -> None:
        assert said(await act(routing, dossier(4711), "accept")) == (404, "case-unknown")

    async def test_input_of_the_wrong_shape_is_refused(self, routing: Service) -> None:
        code = await case(routing)
        for changes in ({"step": 0}, {"step": "x"}, {"agency": "h12"}, {"more": 1}, {"occurred_at": "now"}):
            key = await routing.key("operator")
            assert said(await act(routing, code, "accept", headers=key, **changes)) == (422, "request-invalid")
        for items in ([], ["x"] * 31, [""]):
            reply = await act(routing, code, "request-supplement", items=items)
            assert said(reply) == (422, "request-invalid")


class TestReading:
    async def test_anonymous(self, routing: Service) -> None:
        inbox = f"/v1/agencies/{OFFICE}/inbox"
        for path in (f"/v1/cases/{await case(routing)}", inbox, f"/v1/agencies/{OFFICE}/transfers", "/v1/statistics"):
            assert (await routing.http.get(path)).status_code == 401

    async def test_wrong_role(self, routing: Service) -> None:
        desk = await routing.key(f"counter:{COUNTER}")
        for path in (f"/v1/agencies/{OFFICE}/inbox", f"/v1/agencies/{OFFICE}/transfers", "/v1/statistics"):
            assert said(await routing.http.get(path, headers=desk)) == (403, "scope-missing")

    async def test_wrong_agency(self, routing: Service) -> None:
        """A case in which an agency has no part does not exist for it, nor does another agency's inbox open."""
        code, stranger = await case(routing), await routing.key(f"agency:{DISTRICT}", "counter:H12.971.00")
        assert said(await routing.http.get(f"/v1/cases/{code}", headers=stranger)) == (404, "case-unknown")
        for list_of in ("inbox", "transfers"):
            reply = await routing.http.get(f"/v1/agencies/{OFFICE}/{list_of}", headers=stranger)
            assert said(reply) == (403, "scope-missing")

    @pytest.mark.parametrize(
        ("scope", "allowed"),
        [(f"agency:{OFFICE}", OFFERED), (f"counter:{COUNTER}", []), ("operator", OFFERED), ("service", [])],
    )
    async def test_its_agencies_its_counter_and_operators_see_a_case(
        self, routing: Service, scope: str, allowed: list[str]
    ) -> None:
        """And what they may do with it."""
        code = await case(routing)
        reply = await routing.http.get(f"/v1/cases/{code}", headers=await routing.key(scope))
        assert (reply.status_code, reply.json()["steps"][0]["allowed"]) == (200, allowed)


async def test_two_steps_lead_to_a_result_with_its_timeliness_and_repeats_change_nothing(routing: Service) -> None:
    code = await case(routing, procedure=TWO_STEPS, mechanism=Mechanism.INTERLINKED)
    steps = [
        ("accept", OFFICE, 1, "accepted", "waiting"), ("accept", OFFICE, 1, "accepted", "waiting"),
        ("complete", OFFICE, 1, "done", "offered"), ("complete", OFFICE, 1, "done", "offered"),
        ("accept", DISTRICT, 2, "done", "accepted"), ("complete", DISTRICT, 2, "done", "done"),
        ("complete", DISTRICT, 2, "done", "done"), ("complete", OFFICE, 1, "done", "done"),
    ]  # fmt: skip
    for action, agency, step, *after in steps:
        reply = await act(routing, code, action, agency, step)
        shown = reply.json()
        assert (reply.status_code, [one["state"] for one in shown["steps"]]) == (200, after), reply.text
    assert (shown["state"], shown["outcome"], shown["timeliness"], shown["active"]) == (
        "resolved", "granted", "early", [],
    )  # fmt: skip
    assert [one["allowed"] for one in shown["steps"]] == [[], []]
    assert await routing.told(code) == [
        "dossier.transferred.v1", "agency.transfer-opened.v1", "dossier.transfer-accepted.v1",
        "dossier.step-completed.v1", "dossier.transferred.v1", "agency.transfer-opened.v1",
        "dossier.transfer-accepted.v1", "dossier.step-completed.v1", "dossier.resolved.v1",
    ]  # fmt: skip


async def test_a_late_result_is_late_and_one_on_the_day_is_on_time(routing: Service) -> None:
    due = {"late": now() - timedelta(days=2), "on_time": now()}
    for number, (expected, due_at) in enumerate(due.items(), start=1):
        code = await case(routing, number, received_at=now() - timedelta(days=9), due_at=due_at)
        await act(routing, code, "accept")
        assert (await act(routing, code, "complete")).json()["timeliness"] == expected


async def test_an_agency_cannot_move_its_own_completion_before_the_deadline(routing: Service) -> None:
    code = await case(routing, received_at=now() - timedelta(days=9), due_at=now() - timedelta(days=2))
    await act(routing, code, "accept")
    stated = (now() - timedelta(days=3)).isoformat()
    assert (await act(routing, code, "complete", occurred_at=stated)).json()["timeliness"] == "late"


async def test_a_supplement_is_asked_for_once_and_the_case_goes_on_when_the_papers_came(routing: Service) -> None:
    code = await case(routing)
    await act(routing, code, "accept")
    assert (await act(routing, code, "request-supplement")).json()["state"] == "supplement"
    assert said(await act(routing, code, "complete")) == (409, "action-not-allowed")
    due = now() + timedelta(days=20)
    await routing.take(DossierSupplemented(code=code, occurred_at=now(), counter=COUNTER, due_at=due))
    accepted = (await act(routing, code, "accept")).json()
    assert datetime.fromisoformat(accepted["due_at"]) == due
    assert accepted["steps"][0]["allowed"] == TAKEN
    assert said(await act(routing, code, "request-supplement")) == (409, "supplement-already-requested")


async def test_a_second_request_is_a_supervisors_with_a_legal_basis_and_only_he_is_offered_it(
    routing: Service,
) -> None:
    code, basis = await case(routing), {"legal_basis": "Khoản 1 Điều 9 văn bản mẫu"}
    await act(routing, code, "accept")
    await act(routing, code, "request-supplement")
    due = now() + timedelta(days=20)
    await routing.take(DossierSupplemented(code=code, occurred_at=now(), counter=COUNTER, due_at=due))
    await act(routing, code, "accept")
    chief = await routing.key(f"agency:{OFFICE}", "supervisor")
    stranger = await routing.key(f"counter:{COUNTER}", "supervisor")
    for headers, offered in (
        (await routing.key(f"agency:{OFFICE}"), False), (await routing.key("operator"), False), (stranger, False),
        (chief, True),
    ):  # fmt: skip
        shown = (await routing.http.get(f"/v1/cases/{code}", headers=headers)).json()
        assert ("request-supplement" in shown["steps"][0]["allowed"]) is offered
    assert await codes_in(routing, "in-work") == [code]

    assert said(await act(routing, code, "request-supplement", **basis)) == (403, "supervisor-needed")
    without = await act(routing, code, "request-supplement", headers=chief)
    assert said(without) == (409, "supplement-already-requested")
    assert said(await act(routing, code, "request-supplement", headers=stranger, **basis)) == (403, "scope-missing")
    second = await act(routing, code, "request-supplement", headers=chief, **basis)
    assert (second.status_code, second.json()["state"]) == (200, "supplement")
    assert (await routing.events(code, "dossier.supplement-requested.v1"))[1]["legal_basis"] == basis["legal_basis"]


async def test_a_withdrawn_dossier_is_in_no_inbox_and_refuses_every_action(routing: Service) -> None:
    code = await case(routing)
    await act(routing, code, "accept")
    await routing.take(DossierWithdrawn(code=code, occurred_at=now(), counter=COUNTER))
    headers = await routing.key(f"agency:{OFFICE}")
    for box in Box:
        assert await codes_in(routing, box.value) == []
    for action in ACTIONS:
        reply = await act(routing, code, action)
        assert (said(reply), reply.json()["allowed"]) == ((409, "case-withdrawn"), [])
    shown = (await routing.http.get(f"/v1/cases/{code}", headers=headers)).json()
    assert (shown["state"], shown["steps"][0]["allowed"]) == ("withdrawn", [])


async def test_a_date_is_extended_once_and_never_into_the_past_or_to_the_end_of_time(routing: Service) -> None:
    code = await case(routing)
    for due_at, slug in (
        (now() - timedelta(days=1), "due-date-in-past"),
        (now() + timedelta(days=1), "due-date-not-later"),
        (datetime.fromisoformat("9999-12-31T23:00:00+00:00"), "due-date-too-far"),
    ):
        assert said(await act(routing, code, "extend", due_at=due_at.isoformat())) == (422, slug)
    assert (await act(routing, code, "extend")).json()["steps"][0]["allowed"] == ["accept", "assign", "decline"]
    again = await act(routing, code, "extend", due_at=(now() + timedelta(days=40)).isoformat())
    assert said(again) == (409, "already-extended")
    assert again.json()["allowed"] == ["accept", "assign", "decline"]


async def test_a_declined_step_goes_to_the_agency_above_and_from_the_top_to_an_operator(routing: Service) -> None:
    code = await case(routing)
    moved = (await act(routing, code, "decline")).json()
    assert (moved["state"], moved["steps"][0]["agency"]) == ("open", DISTRICT)
    lost = (await act(routing, code, "decline", DISTRICT)).json()
    assert (lost["state"], lost["steps"][0]["state"], lost["steps"][0]["allowed"]) == ("open", "unplaced", [])
    reply = await routing.http.get("/v1/unplaced", headers=await routing.key("operator"))
    assert [found["code"] for found in reply.json()["cases"]] == [code]


async def test_an_operator_places_a_case_that_everybody_declined_and_it_goes_on(routing: Service) -> None:
    code = await case(routing)
    operator = await routing.key("operator")
    early = await routing.http.post(f"/v1/cases/{code}/place", json={"agency": OFFICE}, headers=operator)
    assert said(early) == (409, "case-not-unplaced")
    await act(routing, code, "decline")
    await act(routing, code, "decline", DISTRICT)
    wrong = await routing.http.post(f"/v1/cases/{code}/place", json={"agency": "H99"}, headers=operator)
    assert said(wrong) == (404, "agency-unknown")
    office = await routing.key(f"agency:{OFFICE}")
    denied = await routing.http.post(f"/v1/cases/{code}/place", json={"agency": OFFICE}, headers=office)
    assert said(denied) == (403, "scope-missing")
    placed = await routing.http.post(f"/v1/cases/{code}/place", json={"agency": OFFICE}, headers=operator)
    assert placed.json()["state"] == "open"
    await act(routing, code, "accept")
    assert (await act(routing, code, "complete")).json()["state"] == "resolved"


async def test_an_inbox_shows_each_case_where_it_is_soonest_due_first(routing: Service) -> None:
    for number, days in ((1, 9), (2, 3), (3, 6)):
        await case(routing, number, due_at=now() + timedelta(days=days))
    await act(routing, dossier(3), "accept")
    assert await codes_in(routing, "to-accept") == [dossier(2), dossier(1)]
    assert await codes_in(routing, "in-work") == [dossier(3)]
    await act(routing, dossier(3), "complete")
    assert [await codes_in(routing, box) for box in ("in-work", "waiting", "overdue")] == [[], [], []]


async def test_a_denial_states_its_ground(routing: Service) -> None:
    code = await case(routing)
    await act(routing, code, "accept")
    assert said(await act(routing, code, "complete", outcome="denied")) == (422, "ground-missing")
    done = await act(routing, code, "complete", outcome="denied", ground="not-eligible")
    assert done.status_code == 200, done.text
    [event] = await routing.events(code, "dossier.resolved.v1")
    assert event["ground"] == "not-eligible"
