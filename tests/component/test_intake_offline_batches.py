"""A counter that was offline sends what it registered meanwhile, in one burst."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from services.intake.domain.numbering import parts
from services.kit.clock import VIETNAM
from tests.component.counter_fixtures import TOPIC, answers, dossier_of, register
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, Intake, now

DAY = timedelta(days=1)


def day_of(moment: Any) -> date:
    found: date = moment.astimezone(VIETNAM).date()
    return found


async def test_a_burst_of_yesterday_and_today_is_numbered_by_the_day_of_receipt_in_order_and_without_gaps(
    intake: Intake,
) -> None:
    """TT 01/2018/TT-VPCP Art 19: numbers run from 1 each day at each counter."""
    today = now()
    noon_before = datetime.combine(day_of(today) - DAY, time(12), VIETNAM)
    batch, wanted = [], []
    for number in range(60):
        yesterday = number % 2 == 0
        at = noon_before + timedelta(seconds=number) if yesterday else today
        refused = number % 7 == 3  # takes no number
        changes = {"procedure_code": "9.999999"} if refused else {}
        counter = OTHER_COUNTER if number % 5 == 4 else COUNTER
        reference = f"offline-{number:02d}"
        batch.append(register(intake, reference, counter=counter, occurred_at=at, **changes))
        if not refused:
            wanted.append((reference, counter, day_of(at)))
    records = [intake.record(message, TOPIC) for message in batch]
    await intake.consumer.handle(records)
    answered = await answers(intake)
    assert [answer["external_ref"] for answer in answered] == [message.external_ref for message in batch]
    codes = {answer["external_ref"]: answer["code"] for answer in answered if answer["answer"] == "command-accepted"}
    assert sorted(codes) == [reference for reference, _, _ in wanted]
    for counter in (COUNTER, OTHER_COUNTER):
        for day in (day_of(noon_before), day_of(today)):
            mine = [codes[reference] for reference, at, on in wanted if (at, on) == (counter, day)]
            assert [parts(code) for code in mine] == [
                (f"{counter}-{day:%y%m%d}", number) for number in range(1, len(mine) + 1)
            ]


async def test_a_burst_that_is_delivered_again_in_other_pieces_changes_nothing(intake: Intake) -> None:
    records = [
        intake.record(register(intake, f"offline-{number}", occurred_at=now() - DAY), TOPIC) for number in range(10)
    ]
    await intake.consumer.handle(records[:6])
    await intake.consumer.handle(records[4:])
    assert len(await intake.documents("dossiers")) == len(await answers(intake)) == 10


async def test_the_promise_counts_from_when_the_citizen_stood_at_the_desk(intake: Intake) -> None:
    sent = datetime(2026, 11, 23, 9, tzinfo=VIETNAM)  # no long holiday, in which all days have the same promise
    intake.consumer = replace(intake.consumer, now=lambda: sent)
    at = sent - 6 * DAY
    await intake.take(register(intake, occurred_at=at), topic=TOPIC)
    [answer] = await answers(intake)
    found = await dossier_of(intake, answer["code"])
    assert found.received_at == at
    await intake.take(register(intake, "R-2", occurred_at=sent), topic=TOPIC)
    later = await dossier_of(intake, (await answers(intake))[-1]["code"])
    assert found.due_at is not None
    assert later.due_at is not None
    assert found.due_at < later.due_at


async def test_a_week_is_the_limit_and_what_is_older_is_answered_with_why(intake: Intake) -> None:
    await intake.take(
        register(intake, "R-1", occurred_at=now() - 7 * DAY + timedelta(minutes=1)),
        register(intake, "R-2", occurred_at=now() - 7 * DAY - timedelta(minutes=1)),
        topic=TOPIC,
    )
    assert [answer.get("slug") for answer in await answers(intake)] == [None, "moment-too-old"]
