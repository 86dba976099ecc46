"""Read models that were damaged are built anew, equal to what they were, also while the system goes on."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from pymongo import MongoClient

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.events.calendar import CalendarPublished
from contracts.events.notify import NoticeDelivered, NoticeSent
from contracts.topics import CALENDAR as CALENDAR_TOPIC
from contracts.topics import CALENDAR_KEY, NOTICE_EVENTS
from contracts.types import NoticeChannel, NoticeKind
from services.intake.store import CALENDAR, DOSSIERS, INFORMED, THE_CALENDAR
from services.kit import schema
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.operations.operation import OPERATIONS
from services.kit.outbox import OUTBOX, documents, row
from services.kit.rebuilding import rebuild_derived
from services.routing.rebuild_transfers import rebuild_transfers
from services.routing.store import CASES, TRANSFERS
from services.routing.tallies import TALLIES
from services.routing.transfers import documents as expected_transfers
from tests.component.cli_fixtures import motcua
from tests.component.service_fixtures import Intake, Service, dossier, now, submitted
from tests.component.statistics_fixtures import ACTIONS, Loop, accept, agrees, ask, busy_day, complete, payment
from tests.component.statistics_fixtures import loop as loop

SEEN: list[int] = []


def seen(number: int) -> None:
    SEEN.append(number)


async def transfers(routing: Service) -> dict[str, dict[str, Any]]:
    """Without what says when each was written."""
    found = await routing.documents(TRANSFERS)
    return {d.pop("_id"): {k: v for k, v in d.items() if k not in ("revision", "changed_at")} for d in found}


async def as_the_cases_say(routing: Service) -> dict[str, dict[str, Any]]:
    cases = [CASES.to_state(document) for document in await routing.documents(CASES.collection)]
    return {id: document for case in cases for id, document in expected_transfers(case).items()}


async def test_inboxes_are_built_anew_from_the_cases(loop: Loop) -> None:
    routing = loop.routing
    await busy_day(loop)
    before = await transfers(routing)
    assert len(before) > 3
    stored = routing.mongo.collection(TRANSFERS)
    ids = sorted(before)
    await stored.delete_one({"_id": ids[0]})
    await stored.update_one({"_id": ids[1]}, {"$set": {"agency": "H12.999", "box": "to-accept"}})
    copy = {**(await stored.find_one({"_id": ids[2]})), "_id": f"{ids[2].rpartition('/')[0]}/77", "number": 77}
    await stored.insert_many([copy, {"_id": "H12.970.00-000000-0000/1", "code": "H12.970.00-000000-0000", "number": 1}])
    SEEN.clear()
    found = await rebuild_transfers(routing.mongo, now, seen)
    assert found.changed == 4
    assert sum(SEEN) == found.looked_at + len(before) + 2
    assert await transfers(routing) == before
    assert (await rebuild_transfers(routing.mongo, now, seen)).changed == 0


async def test_inboxes_are_right_at_the_end_though_agencies_act_while_they_are_built(loop: Loop) -> None:
    routing = loop.routing
    await routing.take(*(submitted(dossier(number)) for number in range(1, 31)))
    await routing.mongo.collection(TRANSFERS).update_many({}, {"$set": {"state": "declined"}})

    async def act() -> None:
        for number in range(1, 31):
            await routing.take(accept(number), topic=ACTIONS)
            await routing.take(payment(number) if number % 2 else complete(number), topic=ACTIONS)

    acting = asyncio.create_task(act())
    while not acting.done():
        await rebuild_transfers(routing.mongo, now, seen)
    await acting
    assert not await routing.parked()
    assert await transfers(routing) == await as_the_cases_say(routing)


async def test_a_case_that_changes_while_its_inbox_is_built_is_read_anew(loop: Loop) -> None:
    """Between the reading and the writing: no other guard would see it, for the change is at another document."""
    routing = loop.routing
    await routing.take(submitted(dossier(1)))
    await routing.mongo.collection(TRANSFERS).delete_many({})
    later = now() + timedelta(days=9)
    changes = [{"$set": {"due_at": later}, "$inc": {"_v": 1}}]
    client: MongoClient[dict[str, Any]] = MongoClient(_url(routing))

    def clock() -> datetime:
        while changes:
            client[routing.mongo.name][CASES.collection].update_one({"_id": dossier(1)}, changes.pop())
        return now()

    await rebuild_transfers(routing.mongo, clock, seen)
    client.close()
    [only] = await routing.documents(TRANSFERS)
    assert only["case_due_at"] == later
    assert await transfers(routing) == await as_the_cases_say(routing)


async def test_fields_for_queries_are_derived_anew(loop: Loop) -> None:
    routing = loop.routing
    await busy_day(loop)
    before = await routing.documents(CASES.collection)
    cases = routing.mongo.collection(CASES.collection)
    open_one = next(case for case in before if "open_due" in case)
    closed = next(case for case in before if "open_since" not in case)
    await cases.update_one({"_id": open_one["_id"]}, {"$unset": {"open_due": "", "open_since": ""}})
    await cases.update_one({"_id": closed["_id"]}, {"$set": {"timer_at": now(), "of_a_newer_release": 1}})
    found = await rebuild_derived(routing.mongo, CASES, seen)
    assert (found.looked_at, found.changed) == (len(before), 2)
    await cases.update_one({"_id": closed["_id"]}, {"$unset": {"of_a_newer_release": ""}})  # nobody else touched it
    assert await routing.documents(CASES.collection) == before


async def test_a_document_that_changes_under_our_hands_is_looked_at_anew(intake: Intake) -> None:
    code = await intake.register()
    stale = await intake.mongo.collection(DOSSIERS.collection).find_one({"_id": code})
    assert stale is not None
    changed = {"_v": stale["_v"] + 1, "answer_watch": now() - timedelta(days=1)}
    await intake.mongo.collection(DOSSIERS.collection).update_one({"_id": code}, {"$set": changed})
    assert (await rebuild_derived(intake.mongo, DOSSIERS, seen)).changed == 1
    after = await intake.mongo.collection(DOSSIERS.collection).find_one({"_id": code})
    assert after == stale | {"_v": stale["_v"] + 1}


async def tell(mongo: Mongo, topic: str, key: str, *messages: Message) -> None:
    """What another service has in its journal."""
    events = [row(topic, key, Envelope(new_id(), "/x", m.TYPE, now(), key), m.to_json()) for m in messages]
    for event in events:
        await mongo.collection(OUTBOX).insert_many(documents([event], None, now()))


def environment(intake: Intake) -> dict[str, str]:
    prefix = intake.settings.mongodb_prefix
    return {"MONGODB_URL": intake.settings.mongodb_url.get_secret_value(), "MONGODB_PREFIX": prefix}


async def other(intake: Intake, service: str) -> Mongo:
    env = environment(intake)
    mongo = Mongo(env["MONGODB_URL"], f"{env['MONGODB_PREFIX']}_{service}")
    await schema.ensure(mongo, [])
    return mongo


async def test_what_citizens_were_told_comes_back_from_the_journal_of_notify(intake: Intake) -> None:
    codes = [await intake.register() for _ in range(3)]
    news: list[NoticeSent | NoticeDelivered] = []
    for number, code in enumerate(codes):
        same = {
            "code": code, "occurred_at": now(), "notice_id": f"n{number}",
            "kind": NoticeKind.RECEIVED, "channel": NoticeChannel.ZALO,
        }  # fmt: skip
        news += [NoticeSent(**same, attempt=1), NoticeDelivered(**same)]
    await intake.take(*news, topic=NOTICE_EVENTS.name)
    notify = await other(intake, "notify")
    for fact in news:
        await tell(notify, NOTICE_EVENTS.name, fact.code, fact)
    before = {d["_id"]: d["told"] for d in await intake.documents(INFORMED.collection)}
    assert len(before) == 3
    informed = intake.mongo.collection(INFORMED.collection)
    await informed.delete_one({"_id": codes[0]})
    await informed.update_one({"_id": codes[1]}, {"$set": {"told": []}})
    ended = await motcua("rebuild", "told", **environment(intake))
    assert "đã xem 3, sửa 2" in ended.out
    assert {d["_id"]: d["told"] for d in await intake.documents(INFORMED.collection)} == before
    assert "sửa 0" in (await motcua("rebuild", "told", **environment(intake))).out
    await notify.close()


async def test_the_calendar_comes_back_from_the_journal_of_routing(intake: Intake) -> None:
    routing = await other(intake, "routing")
    published = [CalendarPublished(version=n, published_at=now()) for n in (1, 2)]
    await tell(routing, CALENDAR_TOPIC.name, CALENDAR_KEY, *published)
    await intake.take(*published, topic=CALENDAR_TOPIC.name)
    before = await CALENDAR.read(intake.mongo, THE_CALENDAR)
    assert before is not None
    await intake.mongo.collection(CALENDAR.collection).update_one({}, {"$set": {"content": "{}"}})
    assert "sửa 1" in (await motcua("rebuild", "calendar", **environment(intake))).out
    assert await CALENDAR.read(intake.mongo, THE_CALENDAR) == before
    await routing.close()


async def test_statistics_and_every_other_model_by_name(loop: Loop) -> None:
    routing = loop.routing
    await busy_day(loop)
    await loop.come_back()
    expected = await ask(routing)
    await routing.mongo.collection(TALLIES).delete_many({})
    env = {"MONGODB_URL": _url(routing), "MONGODB_PREFIX": routing.mongo.name.removesuffix("_routing")}
    who = ("--by", "operator-7", "--reason", "số liệu lệch sau khôi phục")
    ended = await motcua("rebuild", "statistics", *who, **env)
    assert ended.code == 0
    [operation] = [d async for d in routing.mongo.collection(OPERATIONS).find({"command": "models.rebuild"})]
    assert (operation["by"], operation["reason"], operation["subject"]) == (who[1], who[3], "model:statistics")
    assert (operation["state"], operation["result"]["outcome"]) == ("done", "finished")
    assert operation["result"]["changed"] > 0
    assert "/giây" in ended.err
    assert await agrees(routing) == 0
    rebuilt = await ask(routing)
    assert {**rebuilt, "refused": 1} == {**expected, "refused": 1}  # refusals are told by intake alone
    for name in ("inboxes", "lookups-intake", "lookups-routing", "lookups-notify"):
        assert "sửa 0" in (await motcua("rebuild", name, **env)).out
    listed = (await motcua("rebuild", "--list")).out
    assert all(name in listed for name in ("statistics", "inboxes", "told", "calendar", "lookups-notify"))
    assert (await motcua("rebuild", "nothing", **env)).code == 2


def _url(service: Service) -> str:
    host, port = next(iter(service.mongo.client.nodes))
    return f"mongodb://{host}:{port}/?directConnection=true"
