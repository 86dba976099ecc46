"""One-time codes and invitations to rate: to the phone, at once or not at all, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.types import CodePurpose, NoticeKind
from services.kit.failures import DEAD_LETTERS
from services.kit.sealing import Opener, Sealer, new_private_key
from services.notify.due import DueNotices
from services.notify.store import NOTICES, RECIPIENTS
from tests.component.notify_fixtures import COUNTER, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.eventually import eventually

DIGITS, TOKEN = "246810", "Zk3vQ9rT2mXw"
RATING = "https://mot-cua.example.vn/danh-gia"


async def told(town: Town, kind: NoticeKind) -> str:
    """Wait until the dossier's notice of a kind has ended; its state."""

    async def ended() -> str:
        [notice] = [notice for notice in await town.notices(code()) if notice.kind is kind]
        assert notice.is_final, notice.state
        return notice.state

    return await eventually(ended)


@pytest.mark.parametrize(
    ("purpose", "words"), [(CodePurpose.TRACKING, "ma tra cuu"), (CodePurpose.HAND_OVER, "ma nhan ket qua")]
)
async def test_a_code_goes_by_sms_at_once_though_the_citizen_prefers_zalo(
    town: Town, purpose: CodePurpose, words: str
) -> None:
    await town.happens(town.submitted(code(), PHONE, "zalo"), town.code_issued(code(), DIGITS, purpose))
    async with town.working():
        assert await told(town, NoticeKind.ONE_TIME_CODE) == "delivered"
        await told(town, NoticeKind.RECEIVED)
    [message] = await town.messages(provider="esms")
    assert f"{words} {DIGITS}, het han luc " in message["text"]
    assert message["parts"] == 1


async def test_a_code_is_in_no_document_no_answer_and_no_log(
    town: Town, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await town.happens(town.submitted(code()), town.code_issued(code(), DIGITS))
    [waiting] = [notice for notice in await town.notices() if notice.kind is NoticeKind.ONE_TIME_CODE]
    assert waiting.secret
    async with town.working():
        assert await told(town, NoticeKind.ONE_TIME_CODE) == "delivered"
    [ended] = [notice for notice in await town.notices() if notice.kind is NoticeKind.ONE_TIME_CODE]
    assert ended.secret == ""
    for name in await town.mongo.collection(NOTICES.collection).database.list_collection_names():
        async for document in town.mongo.collection(name).find({}):
            assert DIGITS not in str(document), name
    headers = await town.key(["operator"])
    for path in (f"/v1/dossiers/{code()}/notices", f"/v1/notices/{ended.id}", f"/v1/call-list?counter={COUNTER}"):
        reply = await town.api.get(path, headers=headers)
        assert reply.status_code == 200
        assert DIGITS not in reply.text
        assert waiting.secret not in reply.text
    captured = capsys.readouterr()
    assert DIGITS not in captured.out + captured.err + caplog.text


async def test_a_code_that_no_phone_gets_is_on_nobodys_call_list(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999899"), town.code_issued(code(), DIGITS))
    async with town.working():
        assert await told(town, NoticeKind.ONE_TIME_CODE) == "undeliverable"
        await told(town, NoticeKind.RECEIVED)
    reply = await town.api.get("/v1/call-list", params={"counter": COUNTER}, headers=await town.key(["operator"]))
    assert [entry["kind"] for entry in reply.json()["entries"]] == ["received"]


async def test_a_code_that_comes_too_late_is_not_sent(town: Town) -> None:
    await town.happens(town.submitted(code(), PHONE, "sms"), town.code_issued(code(), expires_at=now()))
    async with town.working():
        assert await told(town, NoticeKind.ONE_TIME_CODE) == "expired"
        await told(town, NoticeKind.RECEIVED)
    assert [message["text"].partition(" da ")[2][:14] for message in await town.messages()] == ["duoc tiep nhan"]


async def test_a_code_that_cannot_be_read_fails_and_nothing_is_sent(town: Town) -> None:
    stranger = Sealer(Opener(new_private_key()).public_key).seal(b'{"code": "246810"}')
    await town.happens(town.registered(code(), phone="0599999899"))
    await town.happens(town.code_issued(code(), secret=stranger))
    async with town.working():
        assert await told(town, NoticeKind.ONE_TIME_CODE) == "failed"
    [notice] = [notice for notice in await town.notices() if notice.kind is NoticeKind.ONE_TIME_CODE]
    assert (notice.reason, notice.attempts) == ("secret-unreadable", ())
    assert await town.mongo.collection(DEAD_LETTERS).count_documents({}) == 0


async def test_a_code_passes_by_a_backlog_even_one_that_was_read_before_it_came(town: Town) -> None:
    dossiers = [code(number) for number in range(1, 31)]
    await town.happens(*(town.submitted(dossier) for dossier in dossiers))
    due = DueNotices(town.mongo, now)
    assert len(await due.take(10)) == 10
    assert due.waiting == 20
    await town.happens(town.code_issued(dossiers[0]))
    [issued] = [notice for notice in await town.notices() if notice.kind is NoticeKind.ONE_TIME_CODE]
    first, *rest = await due.take(5)
    assert (first.id, len(rest)) == (issued.id, 4)


async def test_a_code_waits_for_its_next_try_and_leaves_the_urgent_place_when_it_was_taken(town: Town) -> None:
    await town.happens(town.submitted(code()), town.code_issued(code()))
    later = DueNotices(town.mongo, lambda: now() - timedelta(seconds=30))
    assert await later.take(10) == []
    await town.faults(receipt_never=1.0, providers=["esms"])
    async with town.working():

        async def taken() -> bool:
            [notice] = [notice for notice in await town.notices() if notice.kind is NoticeKind.ONE_TIME_CODE]
            return notice.state == "sent"

        await eventually(taken)
    assert await town.mongo.collection(NOTICES.collection).count_documents({"tokens": "urgent"}) == 0


@pytest.mark.parametrize("channel", ["zalo", "sms"])
async def test_the_last_message_carries_the_link_to_rate(town: Town, channel: str) -> None:
    await town.happens(town.submitted(code(), PHONE, channel))
    await town.happens(town.returned(code(), town.seal({"token": TOKEN})))
    async with town.working(rating_base_url=RATING + "/"):
        assert await told(town, NoticeKind.RETURNED) == "delivered"
        await told(town, NoticeKind.RECEIVED)
    [text] = [m["text"] for m in await town.messages() if f"{RATING}/{TOKEN}" in m["text"]]
    assert text.endswith(TOKEN)
    async for document in town.mongo.collection(NOTICES.collection).find({}):
        assert TOKEN not in str(document)


async def test_a_zalo_message_without_receipt_still_brings_the_link_by_sms(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999501"))
    await town.happens(town.returned(code(), town.seal({"token": TOKEN})))
    async with town.working(rating_base_url=RATING, zalo_receipt_seconds=1.0):
        assert await told(town, NoticeKind.RETURNED) == "delivered"
    linked = [m["provider"] for m in await town.messages() if f"{RATING}/{TOKEN}" in m["text"]]
    assert linked == ["zalo", "esms"]


@pytest.mark.parametrize("case", ["no invitation", "no address", "unreadable"])
async def test_without_a_link_the_last_message_is_told_all_the_same(town: Town, case: str) -> None:
    stranger = Sealer(Opener(new_private_key()).public_key).seal(b'{"token": "abc"}')
    boxes = {"no invitation": None, "no address": town.seal({"token": TOKEN}), "unreadable": stranger}
    await town.happens(town.submitted(code()), town.returned(code(), boxes[case]))
    async with town.working(rating_base_url="" if case == "no address" else RATING):
        assert await told(town, NoticeKind.RETURNED) == "delivered"
    [text] = [m["text"] for m in await town.messages() if "đã được trả" in m["text"]]
    assert "http" not in text
    assert "đánh giá" not in text


async def test_a_code_for_a_dossier_that_was_withdrawn_is_sent(town: Town) -> None:
    await town.happens(town.submitted(code()), town.withdrawn(code()), town.code_issued(code()))
    async with town.working():
        assert await told(town, NoticeKind.ONE_TIME_CODE) == "delivered"
    recipient = await RECIPIENTS.read(town.mongo, code())
    assert recipient is not None
    assert len(recipient.notices) == 3
