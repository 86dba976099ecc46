"""From notice to phone over the simulated gateways, with the faults gateways are known for."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.types import NoticeChannel, NoticeKind
from services.kit.commit import Committer
from services.kit.sealing import Opener, Sealer, new_private_key
from services.kit.work import Cause, Item
from services.notify.commands.record_result import RecordResult
from services.notify.consumers import SOURCE
from services.notify.domain.results import Result, Verdict
from services.notify.domain.transitions import State
from services.notify.due import DueNotices
from services.notify.pace import Paces
from services.notify.quota import CHANGED
from services.notify.store import RECEIPTS, SENDER
from tests.component.notify_fixtures import COUNTER, PHONE, Town, code, now
from tests.component.notify_fixtures import town as town
from tests.eventually import eventually


async def test_a_notice_reaches_the_phone_by_zalo_with_its_words(town: Town) -> None:
    await town.happens(town.submitted(code()))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    [message] = await town.messages()
    assert message["provider"] == "zalo"
    assert message["tracking_id"] == notice.attempts[0].id
    assert "Đăng ký khai sinh" in message["text"]
    assert f"Bộ phận Một cửa {COUNTER}" in message["text"]
    assert [kind for kind, _ in await town.told()] == ["sent", "delivered"]


async def test_a_phone_without_zalo_gets_one_sms(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999118"))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    [message] = await town.messages()
    assert message["provider"] == "esms"
    assert message["text"].startswith("[MOTCUA] Ho so ")
    assert message["parts"] == 1
    assert notice.channel is NoticeChannel.SMS
    assert [attempt.gateway_code for attempt in notice.attempts] == ["-118", "100"]


async def test_who_asked_for_sms_is_not_tried_on_zalo(town: Town) -> None:
    await town.happens(town.submitted(code(), PHONE, "sms"))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    assert [message["provider"] for message in await town.messages()] == ["esms"]
    assert len(notice.attempts) == 1


async def test_results_recorded_twice_make_one_message_and_one_word_about_it(town: Town) -> None:
    await town.happens(town.submitted(code()))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    committer, ladder = Committer(town.mongo, SOURCE, now), (await town.sender()).ladder
    for verdict in (Verdict.TAKEN, Verdict.NO_ANSWER, Verdict.RECIPIENT):
        result = RecordResult(notice.id, notice.attempts[0].id, Result(verdict, "0"), ladder, 0.5)
        await committer.run_all([Item(result, Cause("c"))])
    async with town.working():
        await eventually(town.messages)
    assert (await town.notice(code())).state is State.DELIVERED
    assert len(await town.messages()) == 1
    assert [kind for kind, _ in await town.told()] == ["sent", "delivered"]


async def test_receipts_that_came_during_an_outage_are_read_before_silence_is_judged(town: Town) -> None:
    """The caller dies between call and record; its receipt waits unread while the time for it runs out."""
    await town.happens(town.submitted(code()))
    dying = await town.sender()
    await dying.once()
    await asyncio.gather(*dying._calls)

    async def receipt_waits() -> bool:
        return await town.mongo.collection(RECEIPTS).count_documents({"lane": "new"}) == 1

    await eventually(receipt_waits)
    successor = await town.sender(zalo_unknown_seconds=0)

    async def ended() -> bool:
        await successor.once()
        return (await town.notice(code())).is_final

    await eventually(ended)
    assert [message["provider"] for message in await town.messages()] == ["zalo"]


async def test_two_senders_at_once_send_each_notice_once(town: Town) -> None:
    dossiers = [code(number) for number in range(1, 41)]
    await town.happens(*(town.submitted(dossier, f"09012340{i:02d}") for i, dossier in enumerate(dossiers)))
    async with town.working(), town.working():

        async def all_arrived() -> bool:
            return all(notice.state is State.DELIVERED for notice in await town.notices())

        await eventually(all_arrived)
    assert len(await town.messages()) == len(dossiers)
    assert (await town.stats())["zalo"]["repeated_references"] == 0


async def test_zalo_that_accepts_and_drops_the_line_is_not_asked_twice_and_its_receipt_counts(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999504"))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    [message] = await town.messages()
    assert message["provider"] == "zalo"
    assert [entry.state for entry in notice.history] == ["sending", "unknown", "delivered"]


async def test_zalo_that_drops_the_line_and_sends_no_receipt_is_followed_by_one_sms(town: Town) -> None:
    await town.faults(drop_after_accept=1.0, receipt_never=1.0, providers=["zalo"])
    await town.happens(town.submitted(code()))
    async with town.working():
        await town.reaches(code(), "delivered")
    assert [message["provider"] for message in await town.messages()] == ["zalo", "esms"]


@pytest.mark.parametrize("fault", ["timeout_after_accept", "drop_after_accept"])
async def test_an_sms_call_without_answer_is_repeated_under_its_request_id_and_the_phone_has_one(
    town: Town, fault: str
) -> None:
    await town.faults(**{fault: 1.0}, receipt_never=1.0, providers=["esms"])
    await town.happens(town.submitted(code(), PHONE, "sms"))
    async with town.working():
        notice = await town.reaches(code(), "sent")
    [message] = await town.messages()
    assert message["request_id"] == notice.attempts[0].id
    assert notice.attempts[0].calls >= 2
    assert notice.attempts[0].gateway_code == "124"


async def test_a_text_whose_id_was_never_told_is_still_matched_to_its_callback(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999804"))
    async with town.working():
        notice = await town.reaches(code(), "delivered")
    assert [message["provider"] for message in await town.messages()] == ["esms"]
    assert notice.channel is NoticeChannel.SMS


async def test_behind_a_bad_gateway_zalo_may_have_it_so_it_is_not_called_again_and_sms_follows(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999502"))
    async with town.working():
        await town.reaches(code(), "delivered")

        async def both_answers() -> bool:  # the receipt may be here before the answer is recorded
            return [one.gateway_code for one in (await town.notice(code())).attempts] == ["http-502", "100"]

        await eventually(both_answers)
    assert [message["provider"] for message in await town.messages()] == ["esms"]


async def test_accepted_without_receipt_goes_to_sms_after_the_set_time(town: Town) -> None:
    await town.happens(town.submitted(code(), "0599999501"))
    async with town.working(zalo_receipt_seconds=1.0):
        notice = await town.reaches(code(), "delivered")
    assert [message["provider"] for message in await town.messages()] == ["zalo", "esms"]
    assert notice.channel is NoticeChannel.SMS


@pytest.mark.parametrize(("phone", "reason"), [("0599999899", "sms-recipient"), ("0599999810", "sms-not-delivered")])
async def test_a_phone_nobody_reaches_is_on_the_counters_call_list(town: Town, phone: str, reason: str) -> None:
    await town.happens(town.submitted(code(), phone))
    async with town.working():
        notice = await town.reaches(code(), "undeliverable")
    assert notice.reason == reason
    reply = await town.api.get("/v1/call-list", params={"counter": COUNTER}, headers=await town.key(["operator"]))
    [entry] = reply.json()["entries"]
    assert (entry["code"], entry["reason"]) == (code(), reason)
    assert phone[1:] not in reply.text


async def test_an_unreadable_box_and_a_fixed_line_end_with_a_reason_and_no_call(town: Town) -> None:
    stranger = Sealer(Opener(new_private_key()).public_key).seal(json.dumps({"phone": PHONE}).encode())
    await town.happens(town.submitted(code(1), contact=stranger), town.submitted(code(2), "02839123456"))
    async with town.working():
        assert (await town.reaches(code(1), "failed")).reason == "contact-unreadable"
        assert (await town.reaches(code(2), "undeliverable")).reason == "phone-not-mobile"
    assert await town.messages() == []


async def test_a_claim_of_a_dead_process_is_taken_up_again_without_a_second_zalo_message(town: Town) -> None:
    """Killed between the claim and the call, and between the call and its record: the same trace is left."""
    await town.happens(town.submitted(code(1)), town.submitted(code(2), PHONE, "sms"))
    dying = await town.sender()
    died: list[str] = []

    class Dies:
        def __init__(self, channel: Any) -> None:
            self.channel, self.trait = channel, channel.trait

        async def send(self, letter: Any) -> Result:
            await self.channel.send(letter)
            died.append(letter.attempt_id)
            await asyncio.Event().wait()
            raise AssertionError

    desk = dying.caller.desk
    doomed = replace(desk, gateways={name: Dies(gateway) for name, gateway in desk.gateways.items()})
    dying.caller = replace(dying.caller, desk=doomed)
    assert await dying.once() == 2
    await eventually(lambda: len(died) == 2)
    for task in list(dying._calls):
        task.cancel()
    assert {notice.state for notice in await town.notices()} == {State.SENDING}
    async with town.working():
        await town.reaches(code(1), "delivered", 20)
        await town.reaches(code(2), "delivered", 20)
    by_provider = [message["provider"] for message in await town.messages()]
    assert sorted(by_provider) == ["esms", "zalo"]


async def test_a_sender_that_was_stopped_between_claim_and_call_does_not_call_after_others_took_over(
    town: Town,
) -> None:
    """A machine that was suspended, say. When it wakes up, the citizen has the SMS already."""
    awake = asyncio.Event()

    class Stopped(Paces):
        async def wait(self, provider: str) -> None:
            await awake.wait()

    await town.happens(town.submitted(code()))
    slow = await town.sender()
    desk = slow.caller.desk
    slow.caller = replace(slow.caller, desk=replace(desk, paces=Stopped({})))
    assert await slow.once() == 1
    async with town.working():
        await town.reaches(code(), "delivered", 30)
    awake.set()

    async def recorded() -> bool:
        return await slow.record() == 1

    await eventually(recorded)
    assert [message["provider"] for message in await town.messages()] == ["esms"]
    notice = await town.notice(code())
    assert (notice.state, notice.attempts[0].gateway_code) == (State.DELIVERED, "too-late")


async def test_a_disabled_template_goes_by_sms_and_rests(town: Town) -> None:
    reply = await town.gateways.put("/control/templates/300101", json={"status": "DISABLE"})
    reply.raise_for_status()
    async with town.working():
        await town.happens(town.submitted(code(1)))
        first = await town.reaches(code(1), "delivered")
        await town.happens(town.submitted(code(2), "0901234568"))
        second = await town.reaches(code(2), "delivered")
    assert [attempt.channel for attempt in first.attempts] == ["zalo", "sms"]
    assert [attempt.channel for attempt in second.attempts] == ["sms"]


async def test_the_daily_quota_used_up_sends_the_rest_by_sms(town: Town) -> None:
    await town.faults(zalo_daily_quota=0)
    await town.happens(town.submitted(code()))
    sender = await town.sender()
    sender.refresh = ()  # nobody asks for the quota: the first refusal tells

    async def delivered() -> bool:
        await sender.once()
        return (await town.notice(code())).state is State.DELIVERED

    await eventually(delivered)
    notice = await town.notice(code())
    assert [attempt.gateway_code for attempt in notice.attempts] == ["-144", "100"]


async def test_a_notice_that_waits_in_an_old_minute_is_found_after_a_long_rest(town: Town) -> None:
    await town.happens(town.submitted(code()))
    notice = await town.notice(code())
    due = DueNotices(town.mongo, now)
    assert [one.id for one in await due.take(10)] == [notice.id]
    assert await due.take(0) == []
    due.forget()
    assert [one.id for one in await due.take(10)] == [notice.id]
    later = DueNotices(town.mongo, lambda: now() + timedelta(days=2))
    found = [one.id for _ in range(20) for one in await later.take(10)]
    assert notice.id in found


async def test_a_notice_written_behind_the_mark_is_found_by_the_next_leader(town: Town) -> None:
    """A leader whose clock ran ahead moved the mark past the minute in which another process then wrote."""
    ahead = DueNotices(town.mongo, lambda: now() + timedelta(minutes=30))
    assert await ahead.take(10) == []
    await town.happens(town.submitted(code()))
    heir = DueNotices(town.mongo, lambda: now() + timedelta(minutes=30))
    assert len(await heir.take(10)) == 1


async def test_a_quota_that_drops_in_the_middle_of_the_day_sends_the_rest_by_sms(town: Town) -> None:
    """Zalo tells by webhook (`change_oa_daily_quota`); what is left is asked, and nothing need be refused first."""
    async with town.working():
        await town.happens(town.submitted(code(1)))
        await town.reaches(code(1), "delivered")
        await town.faults(zalo_daily_quota=0)
        sender_knows = town.mongo.collection(SENDER)

        async def told() -> bool:
            return await sender_knows.find_one({"_id": CHANGED}) is not None

        await eventually(told)
    async with town.working() as sender:
        await eventually(lambda: "zalo" in sender.caller.desk.stops.closed(NoticeKind.RECEIVED))
        await town.happens(town.submitted(code(2), "0901234569"))
        second = await town.reaches(code(2), "delivered")
    assert [attempt.provider for attempt in second.attempts] == ["esms"]


async def test_one_slow_gateway_does_not_hold_up_the_others(town: Town) -> None:
    texts = [town.submitted(code(n), f"09012345{n:02d}", "sms") for n in range(40, 70)]
    by_zalo = [town.submitted(code(n), f"09012345{n:02d}") for n in range(10, 40)]
    await town.happens(*texts, *by_zalo)
    async with town.working(gateway_rates={"esms": 1.0}, gateway_concurrency=8):

        async def all_by_zalo() -> bool:
            return len(await town.messages(provider="zalo")) == len(by_zalo)

        await eventually(all_by_zalo)
        assert len(await town.messages(provider="esms")) < len(texts)


async def test_what_cannot_be_refreshed_does_not_keep_notices_from_phones(town: Town) -> None:
    await town.mongo.collection(SENDER).insert_one({"_id": "balance", "points": {}})
    await town.happens(town.submitted(code()))
    async with town.working():
        await town.reaches(code(), "delivered")
