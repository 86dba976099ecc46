"""Every action of an agency over both doors: done once, by whom it is for, in its time, on what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from contracts.events.intake import DossierWithdrawn
from services.kit.ids import new_id
from tests.component.routing_fixtures import (
    AGENCY_ACTIONS,
    BODIES,
    MESSAGES,
    Timed,
    act,
    begin,
    did,
    message,
    send,
    shown,
    states,
)
from tests.component.service_fixtures import COMMUNE, COUNTER, DISTRICT, OFFICE, TWO_STEPS, Service
from tests.replies import refused, slug

Call = tuple[str, str, int]
"""Action, agency, step."""
TAKEN: tuple[Call, ...] = (("accept", OFFICE, 1),)
DONE: tuple[Call, ...] = (*TAKEN, ("complete", OFFICE, 1))
SECOND: tuple[Call, ...] = (*DONE, ("accept", DISTRICT, 2))


@dataclass(frozen=True)
class Scene:
    """Where an action may be done, in a procedure of two steps, and what comes of it."""

    before: tuple[Call, ...]
    told: tuple[str, ...]
    """Short names of the events, in order."""
    after: tuple[str, str, str]
    """State of the case and of its two steps."""
    again: str | None = None
    """Slug of the same once more; None: it is answered, and changes nothing."""
    agency: str = OFFICE
    step: int = 1


OFFERED = ("dossier.transferred", "agency.transfer-opened")
SCENES: Mapping[str, Scene] = {
    "accept": Scene((), ("dossier.transfer-accepted",), ("open", "accepted", "waiting")),
    "decline": Scene((), ("dossier.transfer-declined", *OFFERED), ("open", "offered", "waiting"), "wrong-agency"),
    "complete": Scene(TAKEN, ("dossier.step-completed", *OFFERED), ("open", "done", "offered")),
    "request-supplement": Scene(
        TAKEN, ("dossier.supplement-requested",), ("supplement", "accepted", "waiting"), "action-not-allowed"
    ),
    "request-payment": Scene(
        TAKEN, ("dossier.payment-requested",), ("payment", "accepted", "waiting"), "action-not-allowed"
    ),
    "halt": Scene(TAKEN, ("dossier.halted",), ("halted", "accepted", "waiting"), "action-not-allowed"),
    "resume": Scene((*TAKEN, ("halt", OFFICE, 1)), ("dossier.resumed",), ("open", "accepted", "waiting")),
    "extend": Scene((), ("dossier.extended",), ("open", "offered", "waiting"), "already-extended"),
    "send-back": Scene(
        SECOND, ("dossier.sent-back", *OFFERED), ("open", "offered", "waiting"), "step-not-current", DISTRICT, 2
    ),
    "reopen": Scene(DONE, ("dossier.sent-back",), ("open", "accepted", "waiting"), "action-not-allowed"),
}
OF_A_CASE = sorted(SCENES)


def test_every_action_has_its_scene() -> None:
    assert set(SCENES) == set(MESSAGES) == set(BODIES) - {"assign"}


async def prepared(routing: Service, action: str, number: int = 1) -> str:
    """A dossier on which the action may be done."""
    code = await begin(routing, number, TWO_STEPS)
    for before, agency, step in SCENES[action].before:
        await did(routing, code, before, agency, step)
    return code


async def told_after(routing: Service, code: str, before: list[str]) -> tuple[str, ...]:
    found = await routing.told(code)
    assert found[: len(before)] == before
    return tuple(name.removesuffix(".v1") for name in found[len(before) :])


async def kept(routing: Service) -> list[Any]:
    """All that an action could change."""
    return [await routing.documents(name) for name in ("cases", "transfers", "outbox")]


@pytest.mark.parametrize("action", OF_A_CASE)
async def test_over_http_it_is_done_told_once_and_once_more_changes_nothing(timed: Timed, action: str) -> None:
    routing, scene = timed.service, SCENES[action]
    code = await prepared(routing, action)
    seen, before = await shown(routing, code), await routing.told(code)
    assert action in seen["steps"][scene.step - 1]["allowed"]
    answer = await did(routing, code, action, scene.agency, scene.step)
    assert (answer["state"], *(step["state"] for step in answer["steps"])) == scene.after
    assert answer["revision"] == seen["revision"] + 1
    assert await told_after(routing, code, before) == scene.told
    after = await kept(routing)
    again = await act(routing, code, action, scene.agency, scene.step)
    assert (again.json().get("slug"), await kept(routing)) == (scene.again, after)


@pytest.mark.parametrize("action", OF_A_CASE)
async def test_over_kafka_it_comes_to_the_same_and_once_more_changes_nothing(timed: Timed, action: str) -> None:
    routing, scene = timed.service, SCENES[action]
    code, id = await prepared(routing, action), new_id()
    before = await routing.told(code)
    await send(routing, code, action, scene.agency, scene.step, id=id)
    answer = await shown(routing, code)
    assert (answer["state"], *(step["state"] for step in answer["steps"])) == scene.after
    assert await told_after(routing, code, before) == scene.told
    after = await kept(routing)
    await send(routing, code, action, scene.agency, scene.step, id=id)  # the broker delivered it twice
    assert (await kept(routing), await routing.buried()) == (after, [])
    await send(routing, code, action, scene.agency, scene.step)  # the partner sent it twice
    told = await routing.told(code)
    assert (told[-len(scene.told) :], len(told)) == (
        [f"{name}.v1" for name in scene.told],
        len(before) + len(scene.told),
    )
    assert await routing.buried() == ([] if scene.again is None else [scene.again])


@pytest.mark.parametrize("action", OF_A_CASE)
async def test_what_was_seen_may_be_stated_and_must_then_be_the_newest(timed: Timed, action: str) -> None:
    routing, scene = timed.service, SCENES[action]
    code = await prepared(routing, action)
    seen: int = (await shown(routing, code))["revision"]
    before = await kept(routing)
    stale = refused(await act(routing, code, action, scene.agency, scene.step, revision=seen - 1), 409, "case-changed")
    assert (stale["revision"], action in stale["allowed"]) == (seen, True)
    assert await kept(routing) == before
    await send(routing, code, action, scene.agency, scene.step, revision=seen + 1)
    assert await routing.buried() == ["case-changed"]
    assert (await did(routing, code, action, scene.agency, scene.step, revision=seen))["revision"] == seen + 1


async def test_an_agency_whose_step_it_is_not_may_do_nothing_over_either_door(timed: Timed) -> None:
    """Not even learn how far the case is: a stale revision is not looked at before the right."""
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    before = (await routing.documents("cases"), await routing.documents("transfers"))
    for action in OF_A_CASE:
        for agency, step in ((DISTRICT, 1), (COMMUNE, 1), (OFFICE, 2)):
            reply = await act(routing, code, action, agency, step, revision=99)
            assert slug(reply) == (403, "wrong-agency"), action
            assert "allowed" not in reply.json()
        other = await routing.key(f"agency:{DISTRICT}", "head", "supervisor")
        reply = await act(routing, code, action, OFFICE, 1, headers=other)
        assert refused(reply, 403, "scope-missing")["needs"] == [f"agency:{OFFICE}", "operator"]
        await send(routing, code, action, COMMUNE, 1)
    assert await routing.buried() == ["wrong-agency"] * len(OF_A_CASE)
    assert (await routing.documents("cases"), await routing.documents("transfers")) == before


async def test_nothing_is_done_on_a_resolved_dossier(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    for action, agency, step in (*SECOND, ("complete", DISTRICT, 2)):
        await did(routing, code, action, agency, step)
    before = (await routing.documents("cases"), await routing.documents("transfers"), await routing.told(code))
    for action in OF_A_CASE:
        for agency, step in ((OFFICE, 1), (DISTRICT, 2)):
            reply = await act(routing, code, action, agency, step)
            if action == "complete":  # said before: it is done
                assert (reply.status_code, reply.json()["state"]) == (200, "resolved")
            else:
                assert refused(reply, 409, "action-not-allowed")["allowed"] == []
        await send(routing, code, action, DISTRICT, 2)
    assert await routing.buried() == ["action-not-allowed"] * (len(OF_A_CASE) - 1)
    after = (await routing.documents("cases"), await routing.documents("transfers"), await routing.told(code))
    assert after == before


async def test_nothing_is_done_on_a_dossier_that_the_citizen_took_back(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    for action, agency, step in SECOND:
        await did(routing, code, action, agency, step)
    await routing.take(DossierWithdrawn(code=code, occurred_at=timed.hand.now(), counter=COUNTER))
    told = await routing.told(code)
    assert await states(routing, code) == ["done", "recalled"]
    for action in OF_A_CASE:
        for agency, step in ((OFFICE, 1), (DISTRICT, 2)):
            reply = await act(routing, code, action, agency, step)
            assert refused(reply, 409, "case-withdrawn")["allowed"] == []
        await send(routing, code, action, DISTRICT, 2)
    assert await routing.buried() == ["case-withdrawn"] * len(OF_A_CASE)
    assert await routing.told(code) == told


async def test_a_step_whose_turn_it_is_not_waits_and_the_answer_says_whose_it_is(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    for action in OF_A_CASE:
        found = refused(await act(routing, code, action, DISTRICT, 2), 409, "step-not-current")
        assert (found["active"], found["allowed"]) == ([1], [])
    unknown = refused(await act(routing, code, "accept", OFFICE, 3), 409, "step-unknown")
    assert unknown["active"] == [1]


async def test_what_needs_an_accepted_step_is_refused_before_and_the_answer_says_what_may_be_done(
    timed: Timed,
) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    may = ["accept", "assign", "decline", "extend"]
    for action in ("complete", "request-supplement", "request-payment", "halt", "resume", "send-back", "reopen"):
        found = refused(await act(routing, code, action), 409, "action-not-allowed")
        assert (found["allowed"], found["step_state"]) == (may, "offered"), action
    taken = await did(routing, code, "accept")
    may = ["assign", "complete", "extend", "halt", "request-payment", "request-supplement"]
    assert taken["steps"][0]["allowed"] == may
    for action in ("decline", "reopen", "send-back"):
        assert refused(await act(routing, code, action), 409, "action-not-allowed")["allowed"] == may


async def test_a_new_date_is_signed_by_the_head_of_the_agency(timed: Timed) -> None:
    """NĐ 61/2018/NĐ-CP Art 19.9. Operators look after the machines; they sign nothing."""
    routing = timed.service
    code = await begin(routing)
    for scopes in ((f"agency:{OFFICE}",), (f"agency:{OFFICE}", "supervisor"), ("operator",)):
        reply = await act(routing, code, "extend", headers=await routing.key(*scopes))
        assert refused(reply, 403, "head-needed")["needs"] == ["head"]
    elsewhere = await routing.key(f"agency:{DISTRICT}", "head")
    assert slug(await act(routing, code, "extend", headers=elsewhere)) == (403, "scope-missing")
    assert "dossier.extended.v1" not in await routing.told(code)
    signed = await did(routing, code, "extend")
    assert (signed["extended"], signed["late_notice"]) == (True, False)
    assert signed["first_due_at"] != signed["due_at"] == signed["promises"][-1]["due_at"]


async def test_a_new_date_without_a_prepared_apology_states_its_reason_and_its_date(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing)
    for changes in ({"reason": None}, {"due_at": None}, {"reason": None, "due_at": None}):
        assert slug(await act(routing, code, "extend", **changes)) == (422, "apology-not-prepared")


async def test_only_a_consultation_or_a_decision_halts(timed: Timed) -> None:
    routing = timed.service
    code = await prepared(routing, "halt")
    for kind in ("supplement", "payment"):
        assert slug(await act(routing, code, "halt", kind=kind)) == (422, "stop-kind-unknown")
        await routing.consumer.handle([routing.record(message(code, "halt", kind=kind), AGENCY_ACTIONS)])
    assert await routing.buried() == ["stop-kind-unknown"] * 2
    assert (await did(routing, code, "halt", kind="decision"))["stop"]["kind"] == "decision"


async def test_a_stop_and_a_payment_state_what_lets_them_be(timed: Timed) -> None:
    """Time is left out of the limit by law only: the text that says so is asked for."""
    routing = timed.service
    code = await prepared(routing, "halt")
    for action in ("halt", "request-payment"):
        for basis in (None, "", " "):
            assert slug(await act(routing, code, action, legal_basis=basis)) == (422, "request-invalid")
    for amount in (-1, 1.5, 10**13):
        assert slug(await act(routing, code, "request-payment", amount_vnd=amount)) == (422, "request-invalid")
    assert "halt" in (await shown(routing, code))["steps"][0]["allowed"]
