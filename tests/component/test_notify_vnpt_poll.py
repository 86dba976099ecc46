"""The loop that asks VNPT what became of texts, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from contracts.types import NoticeChannel, NoticeKind
from local.simulators.rig import Gateways
from services.kit import schema
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.notify import vnpt_poll
from services.notify.channels import Question
from services.notify.channels.vnpt import Vnpt
from services.notify.consumers import SOURCE
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.results import Answer, Verdict
from services.notify.domain.transitions import State
from services.notify.receipt_box import ReceiptBox
from services.notify.receipts import ReceiptLoop
from services.notify.store import MORE, NOTICES, RECEIPTS, STORES
from services.notify.vnpt_poll import VnptPoll
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.component.vnpt_fixtures import PHONE, arrived, letter, now
from tests.component.vnpt_fixtures import adapter as adapter
from tests.eventually import eventually


@pytest.fixture
async def ready(mongo: Mongo) -> Mongo:
    await schema.ensure(mongo, STORES, MORE)
    return mongo


@pytest.fixture
async def lease(ready: Mongo) -> Lease:
    lease = Lease(ready, "worker", ttl_s=600)
    assert await lease.hold()
    return lease


async def sent(
    mongo: Mongo, adapter: Vnpt, phone: str = PHONE, age: timedelta = timedelta(0), **changes: Any
) -> Notice:
    """A notice that VNPT has taken."""
    id, at = f"n-{new_id()}", now() - age
    values: dict[str, Any] = {"provider": "vnpt", "result": "taken", "gateway_code": "0"} | changes
    attempt = Attempt(f"{id}-1", 1, NoticeChannel.SMS, at=at, called_at=at, **values)
    notice = Notice(
        id=id, code="H99.01-260302-0007", kind=NoticeKind.RESOLVED, event_id=new_id(), correlation_id="c",
        happened_at=at, created_at=at, expires_at=at + timedelta(hours=72), next_at=at + timedelta(hours=72),
        counter="H99.01", state=State.SENT, channel=NoticeChannel.SMS, made=1, attempts=(attempt,),
    )  # fmt: skip
    if attempt.provider == "vnpt":
        assert (await adapter.send(letter(phone, attempt.id))).verdict is Verdict.TAKEN
    await mongo.collection(NOTICES.collection).insert_one({"_id": id, "_v": 1, "_n": 0} | NOTICES.to_document(notice))
    return notice


async def stored(mongo: Mongo) -> dict[str, bool]:
    return {document["ref"]: document["delivered"] async for document in mongo.collection(RECEIPTS).find({})}


def make_poll(mongo: Mongo, adapter: Vnpt, lease: Lease) -> VnptPoll:
    return VnptPoll(mongo, ReceiptBox(mongo), adapter, lease, now, every_s=0.05)


async def test_what_is_final_becomes_a_receipt_and_the_rest_waits(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    good, bad = await sent(ready, adapter), await sent(ready, adapter, "84599999810")
    await sent(ready, adapter, "84599999801")
    await arrived(gateways, 2)
    poll = make_poll(ready, adapter, lease)
    for _ in range(2):
        assert not await poll.once()
    assert await stored(ready) == {f"{good.id}-1": True, f"{bad.id}-1": False}
    [document] = [d async for d in ready.collection(RECEIPTS).find({"delivered": True})]
    assert document["_id"] == f"vnpt|delivered|{good.id}-1"
    assert PHONE[2:] not in str(document)


async def test_the_receipts_loop_applies_what_was_stored(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    notice = await sent(ready, adapter)
    await arrived(gateways, 1)
    poll, stop = make_poll(ready, adapter, lease), asyncio.Event()
    receipts = ReceiptLoop(ready, Committer(ready, SOURCE, now), lease, now, timedelta(days=1))
    loops = [asyncio.create_task(loop.run(stop)) for loop in (poll, receipts)]

    async def delivered() -> bool:
        found = await NOTICES.read(ready, notice.id)
        return found is not None and found.state is State.DELIVERED

    await eventually(delivered)
    stop.set()
    await asyncio.gather(*loops)
    assert not await ready.collection(NOTICES.collection).count_documents({"tokens": "poll:vnpt"})


async def test_neither_other_gateways_nor_texts_with_a_receipt_are_asked_about(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    await sent(ready, adapter, provider="esms")
    await sent(ready, adapter, delivered_at=now())
    await arrived(gateways, 1)
    await gateways.faults(throttle=1.0)
    poll = make_poll(ready, adapter, lease)
    await poll.once()
    assert (await gateways.http.get("/control/stats")).json()["vnpt"]["refused"] == {}
    assert await stored(ready) == {}


async def test_a_lap_gives_everyone_a_turn_the_oldest_first(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vnpt_poll, "BATCH", 2)
    for minutes in (50, 40, 30):
        await sent(ready, adapter, "84599999801", timedelta(minutes=minutes))
    young = await sent(ready, adapter, age=timedelta(minutes=10))
    old = await sent(ready, adapter, age=timedelta(minutes=20))
    await arrived(gateways, 2)
    poll = make_poll(ready, adapter, lease)
    seen = []
    for _ in range(3):
        more = await poll.once()
        seen.append((more, set(await stored(ready))))
    assert seen == [
        (True, set()),
        (True, {f"{old.id}-1"}),
        (False, {f"{old.id}-1", f"{young.id}-1"}),
    ]


async def test_a_gateway_that_finds_us_too_fast_is_asked_more_slowly_and_loses_nothing(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    for _ in range(12):
        await sent(ready, adapter)
    await arrived(gateways, 12)
    poll = make_poll(ready, adapter, lease)
    await gateways.faults(throttle=1.0)
    for expected in (4, 2, 1, 1):
        assert not await poll.once()
        assert poll._at_once == expected
    assert await stored(ready) == {}
    await gateways.faults(throttle=0.3)

    async def all_stored() -> bool:
        await poll.once()
        return len(await stored(ready)) == 12

    await eventually(all_stored)
    await gateways.faults()
    await poll.once()
    assert poll._at_once > 1


async def test_a_gateway_that_is_away_ends_the_round_and_nobody_is_left_out_for_it(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    for _ in range(20):
        await sent(ready, adapter)
    await arrived(gateways, 20)
    await gateways.faults(http_502=1.0)
    poll = make_poll(ready, adapter, lease)
    assert not await poll.once()
    refused = (await gateways.http.get("/control/stats")).json()["vnpt"]["refused"]
    assert refused == {"502": vnpt_poll.MOST_AT_ONCE}
    await gateways.faults()

    async def all_stored() -> bool:
        await poll.once()
        return len(await stored(ready)) == 20

    await eventually(all_stored)


@dataclass(frozen=True)
class Counted(Vnpt):
    """Writes down what it is asked."""

    asked: list[str] = field(default_factory=list)

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question.attempt_id)
        return await super().ask(question)


async def test_old_texts_are_asked_about_in_every_tenth_lap(
    gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease
) -> None:
    old = await sent(ready, adapter, "84599999801", timedelta(hours=2))
    young = await sent(ready, adapter, "84599999801")
    counted = Counted(adapter.transport, adapter.account)
    poll = make_poll(ready, counted, lease)
    for _ in range(11):
        assert not await poll.once()
    assert counted.asked.count(f"{young.id}-1") == 11
    assert counted.asked.count(f"{old.id}-1") == 2


async def test_who_does_not_lead_asks_nothing(gateways: Gateways, adapter: Vnpt, ready: Mongo, lease: Lease) -> None:
    await sent(ready, adapter)
    await arrived(gateways, 1)
    other, stop = Lease(ready, "worker", ttl_s=600), asyncio.Event()
    assert not await other.hold()
    idle, busy = Counted(adapter.transport, adapter.account), Counted(adapter.transport, adapter.account)
    polls = (make_poll(ready, idle, other), make_poll(ready, busy, lease))
    tasks = [asyncio.create_task(poll.run(stop)) for poll in polls]

    async def one_stored() -> bool:
        return len(await stored(ready)) == 1

    await eventually(one_stored)
    stop.set()
    await asyncio.gather(*tasks)
    assert idle.asked == []
