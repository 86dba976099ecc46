"""What a partner compares its own records by: every transfer with its revision, nothing left out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.events.intake import DossierWithdrawn
from services.routing.queries.changes import SETTLED
from services.routing.store import TRANSFERS
from services.routing.transfers import transfer_id
from tests.component.routing_fixtures import TWO_STEPS_WAY, Timed, begin, did, local, shown
from tests.component.service_fixtures import COUNTER, DISTRICT, OFFICE, TWO_STEPS, Service, dossier
from tests.replies import slug


async def listed(routing: Service, agency: str = OFFICE, **asked: Any) -> dict[str, Any]:
    """One page of the list."""
    headers = await routing.key(f"agency:{agency}")
    reply = await routing.http.get(f"/v1/agencies/{agency}/transfers", params=asked, headers=headers)
    assert reply.status_code == 200, reply.text
    page: dict[str, Any] = reply.json()
    return page


class Partner:
    """An agency's own software: it keeps the newest it has seen of each transfer, and where it stopped."""

    def __init__(self, routing: Service, agency: str = OFFICE) -> None:
        self.routing, self.agency = routing, agency
        self.kept: dict[tuple[str, int], dict[str, Any]] = {}
        self.place: dict[str, str] = {"since": local(1, 0).isoformat()}
        self.repeats = 0

    async def compare(self, limit: int = 200, between: Callable[[], Awaitable[None]] | None = None) -> int:
        """Read on until there is no more. Returns: pages."""
        for pages in range(1, 1000):
            page = await listed(self.routing, self.agency, limit=limit, **self.place)
            for transfer in page["transfers"]:
                id = transfer["code"], transfer["number"]
                known = self.kept.get(id)
                self.repeats += known is not None and known["revision"] == transfer["revision"]
                if known is None or known["revision"] < transfer["revision"]:
                    self.kept[id] = transfer
            self.place = {"after": page["next"]}
            if page["complete"]:
                return pages
            if between is not None:
                await between()
        raise AssertionError("the list has no end")

    def states(self) -> dict[tuple[str, int], str]:
        return {id: transfer["state"] for id, transfer in sorted(self.kept.items())}


async def lay(routing: Service, number: int, changed_at: datetime, revision: int = 1, agency: str = OFFICE) -> None:
    """A transfer as a document alone, at the moment at which its writer committed."""
    document = {
        "_id": transfer_id(dossier(number), 1), "code": dossier(number), "number": 1, "agency": agency,
        "state": "offered", "case_state": "open", "due_at": None, "ended_at": None, "revision": revision,
        "changed_at": changed_at,
    }  # fmt: skip
    await routing.mongo.collection(TRANSFERS).replace_one({"_id": document["_id"]}, document, upsert=True)


async def test_every_transfer_is_listed_with_its_revision_also_when_it_is_over(timed: Timed) -> None:
    routing = timed.service
    done, gone = await begin(routing, 1, TWO_STEPS), await begin(routing, 2)
    for action, agency, step in TWO_STEPS_WAY:
        timed.hand.move(seconds=1)
        await did(routing, done, action, agency, step)
    await routing.take(DossierWithdrawn(code=gone, occurred_at=timed.hand.move(seconds=1), counter=COUNTER))
    page = await listed(routing)
    assert [(t["code"], t["number"], t["state"]) for t in page["transfers"]] == [
        (done, 1, "done"),
        (gone, 1, "recalled"),
    ]
    assert page["complete"] is True
    case = await shown(routing, done)
    found = page["transfers"][0]
    assert found["revision"] == case["revision"] == 5  # it tells how the case ended, so that is a change of it too
    assert (found["case_state"], found["overdue"]) == ("resolved", False)
    [other] = (await listed(routing, DISTRICT))["transfers"]
    assert (other["code"], other["number"], other["state"]) == (done, 2, "done")


async def test_a_partner_that_comes_back_reads_only_what_changed_since(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    codes = [await begin(routing, number) for number in range(1, 6)]
    partner = Partner(routing)
    await partner.compare(limit=2)
    assert partner.states() == dict.fromkeys(((code, 1) for code in codes), "offered")
    hand.move(minutes=5)
    await partner.compare()
    before = partner.repeats
    await did(routing, codes[3], "accept")
    assert (await listed(routing, **partner.place))["transfers"][0]["code"] == codes[3]
    await partner.compare()
    assert partner.kept[codes[3], 1]["state"] == "accepted"
    assert partner.repeats == before
    hand.move(minutes=5)
    await partner.compare()
    hand.move(minutes=5)
    assert (await listed(routing, **partner.place))["transfers"] == []


async def test_what_becomes_visible_late_is_not_missed_though_a_later_change_was_read_before(timed: Timed) -> None:
    """Two writers: the first to begin is the last to commit."""
    routing, hand = timed.service, timed.hand
    partner = Partner(routing)
    start = hand.now()
    await lay(routing, 1, start)
    await lay(routing, 2, hand.move(seconds=8))
    await partner.compare()
    await lay(routing, 3, start + timedelta(seconds=1))
    hand.move(minutes=10)
    await lay(routing, 4, hand.now())
    await partner.compare()
    assert sorted(code for code, _ in partner.kept) == [dossier(number) for number in range(1, 5)]


async def test_nor_is_it_missed_when_the_partner_was_in_the_middle_of_many_pages_and_paused(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    start = hand.now()
    for number in range(1, 21):
        await lay(routing, number, start + timedelta(milliseconds=100 * number))
    hand.move(seconds=3)
    partner = Partner(routing)
    late = iter([(51, 2), (52, 19)])

    async def between() -> None:
        found = next(late, None)
        if found is not None:
            number, tenths = found
            await lay(routing, number, start + timedelta(milliseconds=100 * tenths))
        hand.move(seconds=20)

    await partner.compare(limit=5, between=between)
    await partner.compare()
    assert sorted(code for code, _ in partner.kept) == [dossier(n) for n in (*range(1, 21), 51, 52)]


async def test_a_repeat_is_known_by_its_revision(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    code = await begin(routing)
    partner = Partner(routing)
    for _ in range(3):
        hand.move(seconds=2)
        await partner.compare()
    assert (partner.repeats, list(partner.kept)) == (2, [(code, 1)])
    hand.move(seconds=SETTLED.total_seconds())
    await partner.compare()
    await partner.compare()
    assert partner.repeats == 3  # what has settled is told no more


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 200])
async def test_many_changes_of_one_moment_are_listed_once_each_in_the_order_of_change(timed: Timed, limit: int) -> None:
    routing, hand = timed.service, timed.hand
    start = hand.now()
    for number, second in ((5, 0), (6, 0), (7, 0), (1, 1), (2, 1), (3, 1), (4, 9)):
        await lay(routing, number, start + timedelta(seconds=second))
    await lay(routing, 99, start, agency=DISTRICT)
    hand.move(minutes=3)
    partner = Partner(routing)
    assert await partner.compare(limit=limit) == max(1, -(-7 // limit))
    assert [code for code, _ in partner.kept] == [dossier(number) for number in (5, 6, 7, 1, 2, 3, 4)]
    assert partner.repeats == 0


async def test_a_month_is_listed_to_who_names_no_time_and_a_stated_one_is_kept_to(timed: Timed) -> None:
    routing, hand = timed.service, timed.hand
    for number, days in ((1, 31), (2, 29), (3, 1)):
        await lay(routing, number, hand.now() - timedelta(days=days))

    async def codes(**asked: Any) -> list[str]:
        return [transfer["code"] for transfer in (await listed(routing, **asked))["transfers"]]

    assert await codes() == [dossier(2), dossier(3)]
    assert await codes(since="2020-01-01T00:00:00Z") == [dossier(1), dossier(2), dossier(3)]
    assert await codes(since=(hand.now() - timedelta(days=2)).isoformat()) == [dossier(3)]
    assert await codes(since=hand.now().isoformat()) == []


async def test_the_list_is_its_agencys_alone_and_takes_only_places_that_it_named(timed: Timed) -> None:
    routing = timed.service
    path = f"/v1/agencies/{OFFICE}/transfers"
    stranger = await routing.key(f"agency:{DISTRICT}", f"counter:{COUNTER}")
    assert slug(await routing.http.get(path, headers=stranger)) == (403, "scope-missing")
    own = await routing.key(f"agency:{OFFICE}")
    for after in ("", "x", "~", "2026-03-02T08:00:00~c", "2026-03-02", "2026-03-02T08:00:00Z~c~x"):
        assert slug(await routing.http.get(path, params={"after": after}, headers=own)) == (422, "page-unknown")
    for asked in ({"since": "yesterday"}, {"since": "2026-03-02"}, {"limit": 0}, {"limit": 501}):
        assert slug(await routing.http.get(path, params=asked, headers=own)) == (422, "request-invalid")
