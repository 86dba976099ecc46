"""Events of dossiers become notices, once each, or end them."""

from __future__ import annotations

import pytest

from contracts.events.intake import DossierResubmitted
from contracts.types import NoticeKind, Outcome
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


async def settles(town: Town) -> dict[str, str]:
    """Let the worker work until every notice has ended. Returns: kind to final state."""
    async with town.working():

        async def settled() -> bool:
            return all(notice.is_final for notice in await town.notices())

        await eventually(settled)
    return {notice.kind: notice.state for notice in await town.notices()}


async def test_withdrawing_cancels_what_waits_silences_what_agencies_still_say_and_is_told(town: Town) -> None:
    await town.happens(town.submitted(code()), town.supplement_requested(code()))
    await town.happens(town.withdrawn(code()))
    assert await settles(town) == {"received": "cancelled", "supplement": "cancelled", "withdrawn": "delivered"}
    await town.happens(town.supplement_requested(code()))
    assert len(await town.notices(code())) == 4
    [message] = await town.messages()
    assert "dừng giải quyết vì Ông/Bà đã rút" in message["text"]
    ended = [body["state"] for kind, body in await town.told() if kind == "ended"]
    assert ended == ["cancelled"] * 3


async def test_a_result_after_the_withdrawal_is_told_and_takes_the_withdrawal_back(town: Town) -> None:
    """The agency decided before routing knew: its word counts. The counter hands the result over, and that is told."""
    await town.happens(town.submitted(code()), town.withdrawn(code()))
    await town.happens(town.resolved(code()))
    assert await settles(town) == {"received": "cancelled", "withdrawn": "cancelled", "resolved": "delivered"}
    await town.happens(town.returned(code()))
    assert (await settles(town))["returned"] == "delivered"


async def test_a_withdrawal_that_comes_after_the_result_says_nothing(town: Town) -> None:
    await town.happens(town.submitted(code()), town.resolved(code()), town.withdrawn(code()))
    assert await settles(town) == {"received": "delivered", "resolved": "delivered", "withdrawn": "cancelled"}
    await town.happens(town.returned(code()))
    assert (await settles(town))["returned"] == "delivered"


async def test_a_filing_is_told_and_when_it_is_received_nothing_of_its_recipient_is_lost(town: Town) -> None:
    await town.happens(town.registered(code()))
    filed = await town.notice(code())
    assert filed.kind is NoticeKind.FILED
    assert await settles(town) == {"filed": "delivered"}
    known = await RECIPIENTS.read(town.mongo, code())
    assert known is not None
    event = town.submitted(code(), phone=None, counter="H99.02")
    id = new_id()
    for _ in range(2):
        await town.happens(event, event_id=id)
    await town.happens(event)  # told again under another id: a repeat all the same
    assert await settles(town) == {"filed": "delivered", "received": "delivered"}
    recipient = await RECIPIENTS.read(town.mongo, code())
    assert recipient is not None
    assert (recipient.contact, recipient.due_at, recipient.counter) == (known.contact, event.due_at, "H99.02")
    assert len(recipient.notices) == 2
    first, second = await town.messages()
    assert "Cơ quan trả lời trước" in first["text"]
    assert "đã được tiếp nhận" in second["text"]


async def test_a_contact_given_at_the_desk_replaces_that_of_the_filing(town: Town) -> None:
    await town.happens(town.registered(code()))
    event = town.submitted(code(), "0901234568")
    await town.happens(event)
    assert await settles(town) == {"filed": "cancelled", "received": "delivered"}
    [message] = await town.messages()
    assert message["phone"].endswith("901234568")


async def test_a_filing_without_a_name_of_its_procedure_names_its_code(town: Town) -> None:
    await town.happens(town.registered(code(), procedure_name=None))
    await settles(town)
    [message] = await town.messages()
    assert "Thủ tục: 1.014466.H12" in message["text"]


async def test_a_filing_that_lacks_papers_and_one_that_is_refused_are_told_why(town: Town) -> None:
    await town.happens(town.registered(code()), town.completion_requested(code()))
    assert await settles(town) == {"filed": "cancelled", "supplement": "delivered"}
    await town.happens(town.refused(code(), "papers-not-completed", "not-eligible"))
    assert (await settles(town))["refused"] == "delivered"
    first, second = await town.messages()
    assert "Bản sao giấy tờ mẫu" in first["text"]
    assert "Không bổ sung đủ giấy tờ trong thời hạn; Không đủ điều kiện theo quy định" in second["text"]


async def test_whatever_happens_to_a_filing_without_a_contact_waits_for_nothing(town: Town) -> None:
    await town.happens(
        town.registered(code(), phone=None), town.completion_requested(code()), town.code_issued(code()),
        town.refused(code()), town.withdrawn(code()),
    )  # fmt: skip
    assert await town.notices() == []
    assert await town.mongo.collection(PARKED_KEYS).count_documents({}) == 0


async def test_a_dossier_solved_on_the_spot_is_told_only_that_the_result_was_handed_over(town: Town) -> None:
    await town.happens(
        town.submitted(code(), resolved_at=now(), outcome=Outcome.GRANTED), town.resolved(code()), town.returned(code())
    )
    assert await settles(town) == {"received": "cancelled", "returned": "delivered", "resolved": "cancelled"}
    assert len(await town.messages()) == 1


async def test_a_dossier_solved_long_ago_is_remembered_and_told_nothing(town: Town) -> None:
    await town.happens(
        town.submitted(code(), resolved_at=now(), outcome=Outcome.GRANTED, backfill=True),
        town.resolved(code()).model_copy(update={"backfill": True}),
    )
    assert await town.notices() == []
    assert await RECIPIENTS.read(town.mongo, code()) is not None


async def test_collecting_the_result_cancels_the_word_that_it_waits_and_nothing_else(town: Town) -> None:
    await town.happens(town.submitted(code()))
    await town.happens(town.resolved(code()), town.returned(code()))
    async with town.working():

        async def settled() -> bool:
            return all(notice.is_final for notice in await town.notices(code()))

        await eventually(settled)
    states = {notice.kind: notice.state for notice in await town.notices(code())}
    assert states == {"received": "delivered", "resolved": "cancelled", "returned": "delivered"}


async def test_papers_that_came_back_before_anybody_was_told_are_nothing_to_wait_for(town: Town) -> None:
    await town.happens(DossierResubmitted(code=code(), occurred_at=now(), counter=COUNTER, answer_due_at=now()))
    assert await town.mongo.collection(PARKED_KEYS).count_documents({}) == 0


@pytest.mark.parametrize(
    ("collection", "query"),
    [
        ("notices", {"tokens": {"$in": ["due:1", "due:2"]}}),
        ("notices", {"tokens": f"call:{COUNTER}"}),
        ("notices", {"tokens": "urgent"}),
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
