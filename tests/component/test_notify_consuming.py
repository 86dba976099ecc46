"""Events of dossiers become notices, once each, or end them."""

from __future__ import annotations

import pytest

from contracts.types import NoticeKind
from services.kit.failures import PARKED_KEYS
from services.kit.ids import new_id
from services.kit.lease import Lease
from services.kit.retrier import Retrier
from services.notify.store import NOTICES, RECEIPTS, RECIPIENTS, due_token
from tests.component.notify_fixtures import COUNTER, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.eventually import eventually


async def test_a_submitted_dossier_makes_a_recipient_and_one_notice_whatever_is_redelivered(town: Town) -> None:
    event, id = town.submitted(code()), new_id()
    for _ in range(3):
        await town.happens(event, event_id=id)
    notice = await town.notice(code())
    assert notice.id == f"n-{id}"
    assert notice.kind is NoticeKind.RECEIVED
    assert notice.correlation_id == "correlation"
    recipient = await RECIPIENTS.read(town.mongo, code())
    assert recipient is not None
    assert recipient.notices == (notice.id,)
    assert recipient.contact == event.contact


async def test_no_phone_number_is_stored_in_clear(town: Town) -> None:
    await town.happens(town.submitted(code(), PHONE))
    async with town.working():
        await town.reaches(code(), "delivered")
    for collection in (NOTICES.collection, RECIPIENTS.collection, RECEIPTS, "outbox", "inbox"):
        async for document in town.mongo.collection(collection).find({}):
            assert PHONE[1:] not in str(document), collection


async def test_a_citizen_without_contact_gets_no_notice(town: Town) -> None:
    await town.happens(town.submitted(code(), phone=None), town.resolved(code()))
    assert await town.notices() == []


async def test_backfilled_events_make_no_notice_but_later_live_ones_do(town: Town) -> None:
    await town.happens(town.submitted(code(), backfill=True))
    assert await town.notices() == []
    await town.happens(town.resolved(code()))
    assert (await town.notice(code())).kind is NoticeKind.RESOLVED


async def test_a_later_event_waits_until_the_recipient_is_known(town: Town) -> None:
    await town.happens(town.resolved(code()))
    [parked] = [d async for d in town.mongo.collection(PARKED_KEYS).find({})]
    assert parked["slug"] == "recipient-unknown"
    # The dossier's own `submitted` comes behind it here (a repaired record would); the other key is not held up.
    await town.happens(town.submitted(code(8)))
    assert (await town.notice(code(8))).kind is NoticeKind.RECEIVED
    retrier = Retrier(town.mongo, town.consumer, Lease(town.mongo, "worker"))
    assert await retrier.replay(parked["_id"], now()) == 0


async def test_withdrawing_cancels_what_waits_and_silences_what_follows(town: Town) -> None:
    await town.happens(town.submitted(code()), town.resolved(code()))
    await town.happens(town.withdrawn(code()))
    async with town.working():

        async def all_cancelled() -> bool:
            return {notice.state for notice in await town.notices(code())} == {"cancelled"}

        await eventually(all_cancelled)
    await town.happens(town.returned(code()))
    assert len(await town.notices(code())) == 2
    assert await town.messages() == []
    assert [(kind, body["state"]) for kind, body in await town.told()] == [("ended", "cancelled")] * 2


async def test_collecting_the_result_cancels_the_word_that_it_waits_and_nothing_else(town: Town) -> None:
    await town.happens(town.submitted(code()))
    await town.happens(town.resolved(code()), town.returned(code()))
    async with town.working():

        async def settled() -> bool:
            return all(notice.is_final for notice in await town.notices(code()))

        await eventually(settled, timeout=15)
    states = {notice.kind: notice.state for notice in await town.notices(code())}
    assert states == {"received": "delivered", "resolved": "cancelled", "returned": "delivered"}


async def test_withdrawing_before_anybody_was_told_is_nothing_to_wait_for(town: Town) -> None:
    await town.happens(town.withdrawn(code()))
    assert await town.mongo.collection(PARKED_KEYS).count_documents({}) == 0


@pytest.mark.parametrize(
    ("collection", "query"),
    [
        ("notices", {"tokens": {"$in": ["due:1", "due:2"]}}),
        ("notices", {"tokens": f"call:{COUNTER}"}),
        ("recipients", {"sweeping": True}),
        ("receipts", {"lane": "new"}),
    ],
)
async def test_the_hot_queries_use_an_index(town: Town, collection: str, query: dict[str, object]) -> None:
    await town.happens(town.submitted(code()))
    notice = await town.notice(code())
    assert notice.next_at is not None
    found = town.mongo.collection(NOTICES.collection).find({"tokens": {"$in": [due_token(notice.next_at)]}})
    assert [d["_id"] async for d in found] == [notice.id]
    plan = await town.mongo.collection(collection).find(query).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
