"""What is asked all day reads by index, and no more than it answers: the plans of the queries that were really sent."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from services.kit.mongo import driver
from services.routing.news import InboxNews
from services.routing.queries.inbox import Box
from services.routing.store import CASES, TRANSFERS
from services.routing.transfers import transfer_id
from tests.component.routing_fixtures import HandClock, HandSettings, Timed, begin, did, inbox, local
from tests.component.service_fixtures import COUNTER, DISTRICT, OFFICE, Service, dossier, open_routing

EMBEDDED = os.environ.get("ENGINES", "embedded") == "embedded" and "MONGODB_URL" not in os.environ
"""It reads all that matches and sorts it, whatever the limit; the native server and MongoDB do neither."""
ASKED = ("find", "aggregate")
SAID = frozenset({"find", "aggregate", "filter", "sort", "projection", "limit", "pipeline", "cursor", "hint"})
MANY, PAGE = 400, 10


@dataclass
class Spy(CommandListener):
    """The queries that clients send."""

    sent: list[Mapping[str, Any]] = field(default_factory=list)

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ASKED:
            self.sent.append({name: value for name, value in event.command.items() if name in SAID})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""


@dataclass
class Watched(Timed):
    """Routing with many open cases, and what its processes ask of the database."""

    spy: Spy

    def asked_of(self, collection: str) -> list[Mapping[str, Any]]:
        """What was asked since the last time."""
        found = [query for query in self.spy.sent if collection in (query.get("find"), query.get("aggregate"))]
        self.spy.sent.clear()
        return found

    async def explained(self, collection: str) -> list[Mapping[str, Any]]:
        """The plans of what was asked since the last time."""
        queries = self.asked_of(collection)
        assert queries
        database = self.service.mongo.client[self.service.mongo.name]
        plans = [await database.command("explain", dict(query), verbosity="executionStats") for query in queries]
        self.spy.sent.clear()
        return plans


@pytest.fixture
async def watched(mongodb_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    spy = Spy()
    for client in ("AsyncIOMotorClient", "AsyncMongoClient"):
        monkeypatch.setattr(driver, client, partial(getattr(driver, client), event_listeners=[spy]))
    hand = HandClock(local(2, 8))
    settings = HandSettings(mongodb_url=mongodb_url, mongodb_prefix=prefix)  # type: ignore[arg-type]
    settings.hold(hand)
    async with open_routing(settings) as service:
        await fill(service)
        spy.sent.clear()
        yield Watched(service, hand, spy)


async def fill(routing: Service) -> None:
    """Transfers of two agencies in all boxes and of the past, and as many cases beside them."""
    now, boxes = routing.clock(), ("to-accept", "in-work", "waiting", None)
    transfers = [
        {
            "_id": transfer_id(dossier(number), 1), "code": dossier(number), "number": 1,
            "agency": (OFFICE, DISTRICT)[number % 2], "state": "offered", "case_state": "open",
            "procedure_code": f"1.01446{number % 4}.H12", "counter": f"{COUNTER}{number % 3}",
            "officer": f"cb.{number % 5}", "due_at": now + timedelta(minutes=(7 * number) % MANY - 100),
            "ended_at": None, "revision": 1, "changed_at": now - timedelta(minutes=number),
            **({"box": box} if (box := boxes[number // 2 % 4]) else {}),
        }
        for number in range(1000, 1000 + MANY)
    ]  # fmt: skip
    await routing.mongo.collection(TRANSFERS).insert_many(transfers)
    cases = [{"_id": f"past-{number}", "state": "resolved", "_v": 1, "_n": 0} for number in range(MANY)]
    await routing.mongo.collection(CASES.collection).insert_many(cases)


def nodes(plan: Any) -> Iterator[Mapping[str, Any]]:
    """Every stage of the plan that won."""
    if isinstance(plan, list):
        for part in plan:
            yield from nodes(part)
    elif isinstance(plan, Mapping):
        if "stage" in plan:
            yield plan
        for name, part in plan.items():
            if name not in {"rejectedPlans", "executionStats"}:
                yield from nodes(part)


def stages(plan: Mapping[str, Any]) -> set[str]:
    return {node["stage"] for node in nodes(plan)}


def indexes(plan: Mapping[str, Any]) -> set[str]:
    return {node["indexName"] for node in nodes(plan) if "indexName" in node}


def read(plan: Mapping[str, Any]) -> int:
    """Documents."""
    cursor = plan["stages"][0]["$cursor"] if "stages" in plan else plan
    number: int = cursor["executionStats"]["totalDocsExamined"]
    return number


def by_index(plan: Mapping[str, Any], *names: str) -> int:
    """Assert that nothing but these is looked into. Returns: documents read."""
    assert "COLLSCAN" not in stages(plan)
    assert indexes(plan), plan
    assert indexes(plan) <= set(names)
    return read(plan)


INBOX = ("inbox", "inbox-procedure", "inbox-counter", "inbox-officer")
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"procedure": "1.014461.H12"},
    {"counter": f"{COUNTER}1"},
    {"officer": "cb.1"},
)
ALL_OF_THEM = {"procedure": "1.014461.H12", "counter": f"{COUNTER}1", "officer": "cb.1"}


@pytest.mark.parametrize("box", list(Box))
async def test_a_page_of_an_inbox_is_read_in_its_order_and_is_all_that_is_read(watched: Watched, box: Box) -> None:
    boxes = 2 if box in {Box.DUE_SOON, Box.OVERDUE} else 1
    for filters, index in zip(FILTERS, INBOX, strict=True):
        page: dict[str, Any] = {"next": ""}
        while page["next"] is not None:
            after = {"after": page["next"]} if page["next"] else {}
            page = await inbox(watched.service, box=box.value, limit=PAGE, **filters, **after)
            plans = await watched.explained(TRANSFERS)
            assert len(plans) <= boxes * 7
            documents = sum(by_index(plan, index) for plan in plans)
            if not EMBEDDED:
                assert all("SORT" not in stages(plan) for plan in plans)
                assert documents <= boxes * (PAGE + 1), (filters, after)


@pytest.mark.native
async def test_several_filters_at_once_are_met_in_what_one_of_them_leaves(watched: Watched) -> None:
    """The embedded server uses no index where anything else is asked of a document."""
    for box in Box:
        await inbox(watched.service, box=box.value, **ALL_OF_THEM)
        for plan in await watched.explained(TRANSFERS):
            assert by_index(plan, *INBOX[1:]) <= MANY / 3


async def test_counts_are_read_from_the_indexes(watched: Watched) -> None:
    headers = await watched.service.key(f"agency:{OFFICE}")
    await watched.service.http.get(f"/v1/agencies/{OFFICE}/inbox/counts", headers=headers)
    sent = list(watched.spy.sent)
    for plan in await watched.explained(TRANSFERS):
        by_index(plan, "inbox")
    watched.spy.sent.extend(sent)
    [plan] = await watched.explained(CASES.collection)
    assert by_index(plan, "to-sign") == 0


async def test_the_list_of_changes_is_read_in_its_order_and_only_what_is_new(watched: Watched) -> None:
    headers = await watched.service.key(f"agency:{OFFICE}")
    page: dict[str, Any] = {"next": "", "complete": False}
    while not page["complete"]:
        asked = {"after": page["next"]} if page["next"] else {"since": local(1, 0).isoformat()}
        path = f"/v1/agencies/{OFFICE}/transfers"
        reply = await watched.service.http.get(path, params={"limit": "50", **asked}, headers=headers)
        page = reply.json()
        plans = await watched.explained(TRANSFERS)
        documents = sum(by_index(plan, "changes") for plan in plans)
        if not EMBEDDED:
            assert all("SORT" not in stages(plan) for plan in plans)
            assert documents <= 51


async def test_news_are_looked_for_among_the_newest_only(watched: Watched) -> None:
    news = InboxNews(watched.service.mongo, watched.service.clock)
    async with news.listen(OFFICE):
        await news.look()
    for plan in await watched.explained(TRANSFERS):
        assert by_index(plan, "news") == 0


async def test_due_timers_are_found_without_a_look_at_what_is_not_due(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.routing.timers.AT_ONCE", 2)
    for number in range(1, 6):
        await begin(watched.service, number)
    watched.hand.set(2, 15)
    await begin(watched.service, 6)
    watched.spy.sent.clear()
    loop = watched.loop()
    assert await loop.lease.hold()
    assert await loop.once() == 5
    looks = [query for query in watched.spy.sent if "timer_at" in query.get("filter", {})]
    assert len(looks) >= 3
    # What is left of the last moment of a full look is a rare question, for which the embedded server has no plan.
    watched.spy.sent[:] = [query for query in looks if not (EMBEDDED and "_id" in query["filter"])]
    for plan in await watched.explained(CASES.collection):
        assert by_index(plan, "timer") == 0  # all six have timers still, and none is due any more


async def test_what_operators_and_heads_of_agencies_look_for_is_found_by_index(watched: Watched) -> None:
    codes = [await begin(watched.service, number) for number in (1, 2)]
    for agency in (OFFICE, DISTRICT):
        await did(watched.service, codes[0], "decline", agency)
    watched.hand.set(6, 16)
    await watched.fire()
    operator = await watched.service.key("operator")
    for path, index in (("/v1/unplaced", "unplaced"), (f"/v1/agencies/{OFFICE}/apologies", "to-sign")):
        watched.spy.sent.clear()
        reply = await watched.service.http.get(path, headers=operator)
        assert len(reply.json()["cases"]) == 1
        [plan] = await watched.explained(CASES.collection)
        assert by_index(plan, index) == 1
