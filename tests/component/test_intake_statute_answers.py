"""The desk's time to answer a filing (statutory rule 4; NQ 66.7/2025/NQ-CP Art 8)."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.events.counter import AcceptFiling, RefuseDossier, RequestCompletion, WantedPaper, WithdrawDossier
from contracts.types import Channel
from services.intake.answers import AnswerTimer
from services.kit.clock import VIETNAM
from services.kit.commit import Committer
from services.kit.lease import Lease
from tests.component.counter_fixtures import dossier_of, filing, send
from tests.component.service_fixtures import COUNTER, Intake
from tests.eventually import eventually

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=VIETNAM)
"""No holiday until Tuesday the 24th; desks are open from 07:00 to 11:00 and from 13:00 to 17:00."""
MINUTE = timedelta(minutes=1)
WANTED = (WantedPaper(name="Giấy chứng sinh", reason="missing-papers"),)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM)


async def timer(intake: Intake, moment: datetime, pause_s: float = 600) -> AnswerTimer:
    """The worker's timer at that moment; it leads."""
    lease = Lease(intake.mongo, f"timer-{moment.timestamp()}", ttl_s=600)
    assert await lease.hold()
    committer = Committer(intake.mongo, "/intake", lambda: moment)
    return AnswerTimer(intake.mongo, committer, lease, lambda: moment, pause_s)


async def look(intake: Intake, moment: datetime) -> int:
    return await (await timer(intake, moment)).once()


async def command(intake: Intake, moment: datetime, message: Any) -> dict[str, Any]:
    """A command that is sent and read at that moment."""
    intake.consumer = dataclasses.replace(intake.consumer, now=lambda: moment)
    [answer] = await send(intake, message)
    assert answer["answer"] == "command-accepted", answer
    return answer


async def filed(intake: Intake, moment: datetime, channel: Channel = Channel.ONLINE, ref: str = "F-1") -> str:
    answer = await command(intake, moment, filing(intake, external_ref=ref, channel=channel, occurred_at=moment))
    code: str = answer["code"]
    return code


async def flags(intake: Intake, code: str) -> tuple[bool, int]:
    """Whether the dossier is flagged, and how many events told of it."""
    return (await dossier_of(intake, code)).answer_overdue, len(await intake.events(code, "dossier.answer-overdue.v1"))


@pytest.mark.parametrize(
    ("filed_at", "due_at"),
    [
        (at(19, 9), at(20, 9)),
        (at(20, 16, 30), at(23, 16, 30)),
        (at(21, 10), at(23, 17)),
    ],
    ids=["within the week", "over the weekend", "on a Saturday"],
)
async def test_an_online_filing_that_nobody_touched_for_eight_working_hours_is_flagged_and_told_once(
    intake: Intake, filed_at: datetime, due_at: datetime
) -> None:
    """Art 8.1: trong 08 giờ làm việc."""
    code = await filed(intake, filed_at)
    assert (await dossier_of(intake, code)).answer_due_at == due_at
    assert await look(intake, due_at) == 0
    assert await flags(intake, code) == (False, 0)
    assert await look(intake, due_at + MINUTE) == 1
    assert await look(intake, due_at + 2 * MINUTE) == 0
    assert await flags(intake, code) == (True, 1)
    [event] = await intake.events(code, "dossier.answer-overdue.v1")
    assert datetime.fromisoformat(event["answer_due_at"]) == due_at
    assert event["counter"] == COUNTER
    story = (await dossier_of(intake, code)).timeline
    assert [entry.kind for entry in story] == ["registered", "answer-overdue"]


@pytest.mark.parametrize("channel", [Channel.COUNTER, Channel.POST])
@pytest.mark.parametrize(
    ("asked_at", "late"), [(at(20, 16, 59), False), (at(23, 8), True)], ids=["within one day", "after more"]
)
async def test_a_supplement_notice_on_a_direct_filing_after_more_than_one_working_day_is_flagged(
    intake: Intake, channel: Channel, asked_at: datetime, late: bool
) -> None:
    """Art 8.2: không quá 01 ngày làm việc."""
    code = await filed(intake, at(19, 9), channel)
    await command(intake, asked_at, RequestCompletion(counter=COUNTER, code=code, items=WANTED))
    found = await dossier_of(intake, code)
    assert (found.status, found.answer_overdue) == ("supplement", late)
    assert await look(intake, asked_at + timedelta(days=30)) == 0


@pytest.mark.parametrize(
    "answer",
    [
        lambda code: AcceptFiling(counter=COUNTER, code=code),
        lambda code: RequestCompletion(counter=COUNTER, code=code, items=WANTED),
        lambda code: RefuseDossier(counter=COUNTER, code=code, grounds=("not-eligible",)),
        lambda code: WithdrawDossier(counter=COUNTER, code=code),
    ],
    ids=["accepted", "asked for papers", "refused", "withdrawn"],
)
async def test_a_filing_that_is_answered_is_never_flagged(intake: Intake, answer: Any) -> None:
    code = await filed(intake, FRIDAY)
    await command(intake, FRIDAY + timedelta(hours=1), answer(code))
    assert await look(intake, FRIDAY + timedelta(days=30)) == 0
    assert await flags(intake, code) == (False, 0)


async def test_more_than_one_look_can_hold_and_one_that_cannot_be_flagged_does_not_hide_the_others(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.due.AT_ONCE", 2)
    codes = [await filed(intake, FRIDAY, ref=f"F-{number}") for number in range(5)]
    await intake.mongo.collection("dossiers").update_one({"_id": codes[1]}, {"$unset": {"counter": ""}})
    assert await look(intake, FRIDAY + timedelta(days=30)) == 4
    assert [len(await intake.events(code, "dossier.answer-overdue.v1")) for code in codes] == [1, 0, 1, 1, 1]


async def test_the_timer_looks_as_soon_as_it_leads_and_not_before(intake: Intake) -> None:
    code = await filed(intake, FRIDAY)
    subject = await timer(intake, FRIDAY + timedelta(days=30))
    await subject.lease.release()
    stop = asyncio.Event()
    running = asyncio.create_task(subject.run(stop))
    assert await flags(intake, code) == (False, 0)
    assert await subject.lease.hold()
    await eventually(lambda: _flagged(intake, code))
    stop.set()
    await asyncio.wait_for(running, 60)


async def _flagged(intake: Intake, code: str) -> bool:
    return await flags(intake, code) == (True, 1)
