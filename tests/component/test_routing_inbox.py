"""An agency's inbox: what lies in which box, in which order, page after page, and for whose eyes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.events.intake import DossierPaid
from contracts.types import LimitUnit
from services.routing.domain.clock import Limit
from services.routing.queries.inbox import Box
from services.routing.store import TRANSFERS
from services.routing.transfers import transfer_id
from tests.component.routing_fixtures import (
    TWO_STEPS_WAY,
    Timed,
    act,
    begin,
    codes_in,
    did,
    due,
    inbox,
    local,
    moment,
)
from tests.component.service_fixtures import (
    COMMUNE,
    COUNTER,
    DISTRICT,
    OFFICE,
    OTHER_COUNTER,
    PROCEDURE,
    TWO_STEPS,
    Service,
    dossier,
)
from tests.replies import refused, slug

BOXES = [box.value for box in Box]


async def boxes_of(routing: Service, code: str, agency: str = OFFICE) -> list[str]:
    """The boxes in which a dossier lies."""
    return [box for box in BOXES if code in await codes_in(routing, box, agency)]


async def counts(routing: Service, agency: str = OFFICE) -> dict[str, int]:
    headers = await routing.key(f"agency:{agency}")
    reply = await routing.http.get(f"/v1/agencies/{agency}/inbox/counts", headers=headers)
    assert reply.status_code == 200, reply.text
    assert not any(count["more"] for count in reply.json()["counts"].values())
    return {box: count["count"] for box, count in reply.json()["counts"].items() if count["count"]}


async def test_a_dossier_lies_in_the_box_of_what_is_to_be_done_with_it(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    code = await begin(routing, procedure=TWO_STEPS)
    assert (await boxes_of(routing, code), await boxes_of(routing, code, DISTRICT)) == (["to-accept"], [])
    await did(routing, code, "accept")
    assert await boxes_of(routing, code) == ["in-work"]
    await did(routing, code, "request-payment")
    assert await boxes_of(routing, code) == ["waiting"]
    await routing.take(DossierPaid(code=code, occurred_at=hand.now(), amount_vnd=120_000, reference="BL-1"))
    assert await boxes_of(routing, code) == ["in-work"]
    await did(routing, code, "halt")
    assert await boxes_of(routing, code) == ["waiting"]
    await did(routing, code, "resume")
    await did(routing, code, "complete")
    assert (await boxes_of(routing, code), await boxes_of(routing, code, DISTRICT)) == ([], ["to-accept"])
    await did(routing, code, "decline", DISTRICT, 2)
    assert await boxes_of(routing, code, DISTRICT) == []


async def test_what_is_nearly_due_or_overdue_is_seen_beside_its_own_box_and_what_waits_is_neither(
    timed: Timed,
) -> None:
    """Soon: four working hours before the step's own due time."""
    routing, hand = timed.service, timed.hand
    codes = [await begin(routing, number) for number in (1, 2)]
    await did(routing, codes[1], "accept")
    hand.set(9, 10, 59)
    assert [await boxes_of(routing, code) for code in codes] == [["to-accept"], ["in-work"]]
    hand.set(9, 11)
    assert [await boxes_of(routing, code) for code in codes] == [["to-accept", "due-soon"], ["in-work", "due-soon"]]
    assert await counts(routing) == {"to-accept": 1, "in-work": 1, "due-soon": 2}
    hand.set(9, 17, 1)
    assert [await boxes_of(routing, code) for code in codes] == [["to-accept", "overdue"], ["in-work", "overdue"]]
    page = await inbox(routing, box="overdue")
    assert [transfer["overdue"] for transfer in page["transfers"]] == [True, True]
    await did(routing, codes[1], "halt")
    assert await boxes_of(routing, codes[1]) == ["waiting"]
    assert await counts(routing) == {"to-accept": 1, "overdue": 1, "waiting": 1}
    [waiting] = (await inbox(routing, box="waiting"))["transfers"]
    assert (waiting["overdue"], waiting["case_state"]) == (False, "halted")


async def test_what_an_agency_sees_of_a_transfer(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    await did(routing, code, "assign")
    [seen] = (await inbox(routing))["transfers"]
    first = {name: seen.pop(name) for name in ("due_at", "accept_by", "offered_at", "changed_at")}
    assert seen == {
        "code": code, "number": 1, "agency": OFFICE, "step": 1, "steps": 2, "step_name": "", "role": "",
        "state": "offered", "procedure_code": TWO_STEPS, "mechanism": "one_stop", "channel": "counter",
        "counter": COUNTER, "officer": "cb.01", "case_due_at": due(timed.hand.now()).isoformat().replace("+00:00", "Z"),
        "case_state": "open", "accepted_at": None, "ended_at": None, "revision": 2, "overdue": False,
    }  # fmt: skip
    assert moment(first["due_at"]) < due(timed.hand.now())
    assert moment(first["accept_by"]) == local(2, 14)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"procedure": TWO_STEPS}, [2]),
        ({"procedure": "1.999999"}, []),
        ({"counter": OTHER_COUNTER}, [3]),
        ({"officer": "cb.01"}, [3, 4]),
        ({"officer": "cb.01", "counter": COUNTER}, [4]),
        ({"officer": "cb.01", "counter": COUNTER, "procedure": TWO_STEPS}, []),
    ],
)
async def test_a_box_is_filtered_by_procedure_counter_and_officer(
    timed: Timed, asked: dict[str, str], found: list[int]
) -> None:
    routing = timed.service
    for number, more in ((1, {}), (2, {"procedure": TWO_STEPS}), (3, {"counter": OTHER_COUNTER}), (4, {})):
        await begin(routing, number, **more, limit=Limit(float(number), LimitUnit.WORKING_DAYS))
        if number >= 3:
            await did(routing, dossier(number), "assign")
    assert sorted(await codes_in(routing, "to-accept", **asked)) == [dossier(number) for number in found]


async def lay(routing: Service, *transfers: tuple[int, timedelta], agency: str = OFFICE, **fields: Any) -> None:
    """Transfers as documents alone: (number of the dossier, due so much after now)."""
    now = routing.clock()
    await routing.mongo.collection(TRANSFERS).insert_many(
        {
            "_id": transfer_id(dossier(number), 1), "code": dossier(number), "number": 1, "agency": agency,
            "box": "in-work", "state": "accepted", "case_state": "open", "procedure_code": PROCEDURE,
            "counter": COUNTER, "officer": None, "due_at": now + left, "ended_at": None, "revision": 1,
            "changed_at": now, **fields,
        }
        for number, left in transfers
    )  # fmt: skip


async def turn(routing: Service, box: str, limit: int, between: Any = None, **asked: Any) -> list[str]:
    """All pages of a box, one after the other; `between` happens after each."""
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await inbox(routing, box=box, limit=limit, **asked, **after)
        found += [transfer["code"] for transfer in page["transfers"]]
        assert len(page["transfers"]) <= limit
        if page["next"] is None:
            return found
        after = {"after": page["next"]}
        if between is not None:
            await between(found)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize("limit", [1, 3, 4, 12, 500])
async def test_pages_hold_everything_once_soonest_due_first_also_where_many_are_due_at_the_same_moment(
    timed: Timed, limit: int
) -> None:
    routing = timed.service
    order = [(7, -90 * 24), (3, -5), (1, -1), (2, -1), (9, 2), (4, 3), (5, 3), (6, 3), (8, 3), (12, 30), (10, 400),
             (11, 9000)]  # fmt: skip
    await lay(routing, *((number, hours * HOUR) for number, hours in reversed(order)))
    codes = [dossier(number) for number, _ in order]
    assert await turn(routing, "in-work", limit) == codes
    assert await turn(routing, "overdue", limit) == codes[:4]
    assert await turn(routing, "due-soon", limit) == codes[4:9]  # within four working hours, that is until 14:00
    assert await turn(routing, "in-work", limit, counter=COUNTER) == codes
    assert await turn(routing, "to-accept", limit) == []


async def test_what_comes_while_somebody_turns_the_pages_moves_nothing_that_was_there(timed: Timed) -> None:
    """Everything that was there is seen once; what came is seen when it lies ahead."""
    routing = timed.service
    await lay(routing, *((number, number * HOUR) for number in range(1, 31)))
    came: list[tuple[str, bool]] = []

    async def between(seen: list[str]) -> None:
        number = 100 + len(seen)
        await lay(routing, (number, timedelta(minutes=30)), (number + 500, timedelta(hours=len(seen) + 3, minutes=1)))
        came.extend([(dossier(number), False), (dossier(number + 500), True)])
        gone = transfer_id(seen[-1], 1)  # the last one seen leaves the box: the place is kept all the same
        await routing.mongo.collection(TRANSFERS).delete_one({"_id": gone})

    found = await turn(routing, "in-work", 7, between)
    assert len(found) == len(set(found))
    assert [code for code in found if code in {dossier(n) for n in range(1, 31)}] == [dossier(n) for n in range(1, 31)]
    assert {code for code, ahead in came if ahead} <= set(found)
    assert not {code for code, ahead in came if not ahead} & set(found)


async def test_a_page_goes_on_where_it_ended_though_its_last_one_has_become_overdue(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    await lay(routing, *((number, number * timedelta(minutes=10)) for number in range(1, 10)))
    page = await inbox(routing, box="due-soon", limit=3)
    hand.move(minutes=55)
    rest = await inbox(routing, box="due-soon", limit=30, after=page["next"])
    assert [transfer["code"] for transfer in rest["transfers"]] == [dossier(number) for number in range(6, 10)]


@pytest.mark.parametrize(
    "after", ["", "x", "~", "2026-03-02", "2026-03-02T08:00:00~c", "0001-01-01T00:00:00+14:00~c", "9999-99-99T0~c"]
)
async def test_a_place_that_no_page_named_is_refused(timed: Timed, after: str) -> None:
    headers = await timed.service.key(f"agency:{OFFICE}")
    reply = await timed.service.http.get(f"/v1/agencies/{OFFICE}/inbox", params={"after": after}, headers=headers)
    assert slug(reply) == (422, "page-unknown")


@pytest.mark.parametrize(
    "asked",
    [{"box": "everything"}, {"limit": 0}, {"limit": 501}, {"officer": "Nguyễn Văn A"}, {"counter": "x"},
     {"procedure": "x"}, {"after": "y" * 121}],
)  # fmt: skip
async def test_a_question_of_the_wrong_shape_is_refused(timed: Timed, asked: dict[str, Any]) -> None:
    headers = await timed.service.key(f"agency:{OFFICE}")
    reply = await timed.service.http.get(f"/v1/agencies/{OFFICE}/inbox", params=asked, headers=headers)
    assert slug(reply) == (422, "request-invalid")


async def test_boxes_are_counted_up_to_a_number_that_nobody_counts_past(
    timed: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    routing = timed.service
    monkeypatch.setattr("services.routing.queries.inbox.MOST_COUNTED", 4)
    await lay(routing, *((number, -number * HOUR) for number in range(1, 5)))
    await lay(routing, *((number, number * 24 * HOUR) for number in range(5, 8)))
    headers = await routing.key(f"agency:{OFFICE}")
    reply = await routing.http.get(f"/v1/agencies/{OFFICE}/inbox/counts", headers=headers)
    assert reply.json()["counts"] == {
        "to-accept": {"count": 0, "more": False}, "in-work": {"count": 4, "more": True},
        "due-soon": {"count": 0, "more": False}, "overdue": {"count": 4, "more": False},
        "waiting": {"count": 0, "more": False}, "to-sign": {"count": 0, "more": False},
    }  # fmt: skip


async def test_an_inbox_is_its_agencys_alone(timed: Timed) -> None:
    routing = timed.service
    await begin(routing)
    paths = [f"/v1/agencies/{OFFICE}/{what}" for what in ("inbox", "inbox/counts", "inbox/events", "apologies")]
    for scopes in ((f"agency:{DISTRICT}",), (f"agency:{COMMUNE}", "head", "supervisor"), (f"counter:{COUNTER}",)):
        for path in paths:
            found = refused(await routing.http.get(path, headers=await routing.key(*scopes)), 403, "scope-missing")
            assert found["needs"] == [f"agency:{OFFICE}", "operator", "service"]
    for scope in ("operator", "service"):
        for path in (paths[0], paths[1], paths[3]):
            assert (await routing.http.get(path, headers=await routing.key(scope))).status_code == 200
    desk = await routing.key(f"agency:{OFFICE}")
    assert slug(await routing.http.get("/v1/unplaced", headers=desk)) == (403, "scope-missing")


async def test_apologies_that_wait_for_the_head_lie_in_a_list_of_their_own(timed: Timed) -> None:
    """NĐ 61/2018/NĐ-CP Art 19.9: prepared a day before the due date at the latest, signed by the head, once."""
    routing, hand = timed.service, timed.hand
    codes = [await begin(routing, number) for number in (1, 2)]
    hand.set(6, 16)
    await timed.fire()
    headers = await routing.key(f"agency:{OFFICE}", "head")

    async def waiting() -> list[str]:
        reply = await routing.http.get(f"/v1/agencies/{OFFICE}/apologies", headers=headers)
        return [case["code"] for case in reply.json()["cases"]]

    assert (await waiting(), (await counts(routing))["to-sign"]) == (codes, 2)
    found = (await routing.http.get(f"/v1/cases/{codes[0]}", headers=headers)).json()["apology"]
    assert (found["agency"], found["step"], found["reason"]) == (OFFICE, 1, "more-time-needed")
    assert moment(found["proposed_due_at"]) == local(12, 17)
    signed = await did(routing, codes[0], "extend", reason=None, due_at=None)
    assert (moment(signed["due_at"]), signed["apology"], signed["late_notice"]) == (local(12, 17), None, False)
    assert (await waiting(), (await counts(routing))["to-sign"]) == (codes[1:], 1)
    for action in ("accept", "complete"):  # the other was faster than feared
        await did(routing, codes[1], action)
    assert await waiting() == []
    again = refused(await act(routing, codes[0], "extend"), 409, "already-extended")
    assert "extend" not in again["allowed"]


async def test_a_case_of_two_agencies_shows_each_what_it_may_do_and_others_nothing(timed: Timed) -> None:
    routing = timed.service
    code = await begin(routing, procedure=TWO_STEPS)
    await did(routing, code, *TWO_STEPS_WAY[0])
    for agency, allowed in ((OFFICE, ["assign", "complete", "extend"]), (DISTRICT, [])):
        reply = await routing.http.get(f"/v1/cases/{code}", headers=await routing.key(f"agency:{agency}"))
        assert reply.status_code == 200
        found = [name for step in reply.json()["steps"] for name in step["allowed"]]
        assert set(found) >= set(allowed)
        assert bool(found) is bool(allowed)
    stranger = await routing.key(f"agency:{COMMUNE}")
    assert slug(await routing.http.get(f"/v1/cases/{code}", headers=stranger)) == (404, "case-unknown")
