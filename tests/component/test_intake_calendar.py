"""Intake counts on the calendar that routing publishes, with the limit of the channel and the case."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.events.calendar import CalendarPublished
from contracts.events.counter import AcceptFiling, SupplementDossier
from contracts.events.routing import DossierSupplementRequested
from contracts.types import Channel, LimitUnit
from services.intake.commands.application import Application
from services.intake.commands.publish_procedure import PublishProcedure
from services.intake.commands.register_dossier import History, RegisterDossier
from services.intake.domain.people import Applicant
from services.intake.domain.procedure import LimitRule, Paper
from services.intake.store import CALENDAR, THE_CALENDAR
from services.kit.clock import VIETNAM
from services.kit.commit import Committer
from services.kit.kafka import Record
from services.kit.worktime import WorkCalendar, table_of
from services.routing.calendar import read_calendar
from services.routing.commands.publish_calendar import PublishCalendar
from tests.component.counter_fixtures import dossier_of, filing, register, send
from tests.component.desk_fixtures import act, filed, shown
from tests.component.form_fixtures import online as online
from tests.component.form_fixtures import saved
from tests.component.ledger import events
from tests.component.service_fixtures import (
    COUNTER,
    DISTRICT,
    NO_LIMIT,
    OFFICE,
    PROCEDURE,
    PROCEDURES,
    Intake,
    Service,
    now,
)
from tests.replies import refused

TOPIC = "calendar.v1"
THURSDAY = datetime(2025, 4, 3, 15, 40, tzinfo=VIETNAM)
"""Of the days after it Monday 7/4/2025 is a holiday; three working days end on Wednesday 9/4."""
CLOSED = "2025-04-08"
ELSEWHERE = "H12.980"
HARD = "Trường hợp phức tạp"
RULES = (
    LimitRule(2.0, LimitUnit.WORKING_DAYS, Channel.ONLINE),
    LimitRule(10.0, LimitUnit.WORKING_DAYS, case=HARD),
    LimitRule(8.0, LimitUnit.WORKING_DAYS, Channel.ONLINE, HARD),
)


def at(day: int, hour: int, minute: int = 0, month: int = 4) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=VIETNAM)


def closure(unit: str | None = DISTRICT, version: int = 1, day: str = CLOSED, **more: Any) -> CalendarPublished:
    row = {"unit": unit, "day": day, "kind": "emergency_closure", "name": "Nghỉ bão", "legal_basis": "QĐ 10/QĐ-UBND"}
    return CalendarPublished.model_validate({"version": version, "published_at": now(), "days": [row], **more})


async def hear(intake: Intake, *messages: CalendarPublished) -> None:
    await intake.take(*messages, topic=TOPIC, key="calendar")
    assert await intake.buried() == []


async def submitted(intake: Intake, **changes: Any) -> dict[str, Any]:
    """The event of a registration of that Thursday."""
    code = await intake.register(backfill=True, occurred_at=THURSDAY.isoformat(), **changes)
    [event] = await intake.events(code, "dossier.submitted.v1")
    return event


def moment(event: dict[str, Any], name: str = "due_at") -> datetime:
    return datetime.fromisoformat(event[name])


async def by_cases(intake: Intake) -> Intake:
    """Publish limits by channel and case, and a paper that one case asks for."""
    papers = (Paper("Giấy xác nhận", 1, case="Người nước ngoài"),)
    changed = replace(PROCEDURES[0], limits=RULES, papers=papers)
    await Committer(intake.mongo, "/intake", now).run(PublishProcedure(changed))
    return intake


async def test_what_routing_publishes_is_what_the_next_promise_is_counted_on(intake: Intake, routing: Service) -> None:
    before = await submitted(intake)
    assert moment(before) == at(9, 17)
    content = (
        "loại dòng;đơn vị;ngày;loại ngày;tên ngày;căn cứ\n"
        f"ngày;{DISTRICT};08/04/2025;ngừng làm việc;Nghỉ bão;QĐ 10/QĐ-UBND\n"
    )
    await Committer(routing.mongo, "/routing", now).run(PublishCalendar(read_calendar(content.encode())))
    [told] = await events(routing.mongo, topic=TOPIC)
    headers = tuple((name, value) for name, value in told["headers"])
    await intake.consumer.handle([Record(TOPIC, 0, 1, told["key"], told["body"], headers, 0)])
    after = await submitted(intake)
    assert moment(after) == at(10, 17)
    assert [line["kind"] for line in after["due_trail"]] == [
        "received", "first-day-excluded", "limit", "day-off", "day-off", "due",
    ]  # fmt: skip
    assert after["due_trail"][4]["legal_basis"] == "QĐ 10/QĐ-UBND"
    assert (after["limit_value"], after["limit_unit"], "case" in after) == (3.0, "working_days", False)
    receipt = (await shown(intake, after["code"]))["receipt"]
    assert "nghỉ thứ Ba ngày 08/04/2025: Nghỉ bão (QĐ 10/QĐ-UBND)" in receipt["due_explained"]
    assert moment(await submitted(intake, counter=COUNTER)) == at(10, 17)
    assert (await dossier_of(intake, before["code"])).due_at == at(9, 17)


async def test_an_older_version_never_replaces_a_newer_one(intake: Intake) -> None:
    """Compaction keeps one, but a broker that was replaced may bring an old one again."""
    newest, older = closure(version=3), closure(version=2, day="2025-04-09")
    await hear(intake, newest, older)
    await hear(intake, older, closure(version=3, day="2025-04-09"))
    kept = await CALENDAR.read(intake.mongo, THE_CALENDAR)
    assert kept is not None
    assert (kept.version, [row.day.date.isoformat() for row in table_of(kept).days]) == (3, [CLOSED])
    await hear(intake, closure(version=4, days=[]))
    assert moment(await submitted(intake)) == at(9, 17)


@pytest.mark.parametrize(
    ("unit", "due_day"),
    [(None, 10), ("H12", 10), (DISTRICT, 10), (COUNTER, 9), ("H12.970.01", 9), (ELSEWHERE, 9)],
)
async def test_rows_of_the_counters_unit_and_of_all_above_it_count(
    intake: Intake, unit: str | None, due_day: int
) -> None:
    """A desk that is closed for a day does not move the dates of agencies that work."""
    await hear(intake, closure(unit))
    assert moment(await submitted(intake)) == at(due_day, 17)


async def test_a_dossier_for_another_agency_is_counted_on_its_calendar_and_only_provisionally(intake: Intake) -> None:
    """Phi địa giới: NĐ 309/2026/NĐ-CP Art 17.3."""
    await hear(intake, closure(ELSEWHERE))
    event = await submitted(intake, competent_agency=f"{ELSEWHERE}.02")
    assert (moment(event), event["competent_agency"]) == (at(10, 17), f"{ELSEWHERE}.02")
    assert [line["kind"] for line in event["due_trail"]][-2:] == ["provisional", "due"]
    assert "Nghị định 309/2026/NĐ-CP, Điều 17 khoản 3" in (await dossier_of(intake, event["code"])).due_explained
    at_home = await submitted(intake)
    assert (moment(at_home), at_home["due_trail"][-2]["kind"]) == (at(9, 17), "day-off")


async def test_solved_on_the_spot_was_promised_for_the_same_day(intake: Intake) -> None:
    """NĐ 61/2018 Art 17.4; where no limit is published, the receipt names none."""
    reply = await intake.post_dossier(intake.body(procedure_code=NO_LIMIT, on_the_spot={}))
    [event] = await intake.events(reply.json()["code"], "dossier.submitted.v1")
    assert (event["limit_value"], event["limit_unit"], reply.json()["limit_text"]) == (1.0, "same_day", None)
    assert event["due_trail"][-1]["kind"] == "due"


async def test_a_date_that_an_old_register_states_was_not_counted_here(intake: Intake) -> None:
    """It carries neither a limit nor reasons; a supplement is counted all the same."""
    applicant = Applicant("citizen", "Nguyễn Văn A")
    application = Application(COUNTER, PROCEDURE, Channel.COUNTER, applicant)
    history = History(code=f"{COUNTER}-250403-0007", due_at=at(30, 17))
    old = RegisterDossier("register|7", "7", application, THURSDAY, backfill=True, history=history)
    await Committer(intake.mongo, "/intake", now).run(old)
    [event] = await intake.events(f"{COUNTER}-250403-0007", "dossier.submitted.v1")
    assert moment(event) == at(30, 17)
    assert not {"limit_value", "limit_unit"} & event.keys()
    assert event.get("due_trail", []) == []
    assert (await dossier_of(intake, event["code"])).limit_value == 3.0


async def test_the_desks_time_to_answer_and_to_forward_papers_is_counted_on_its_own_hours(intake: Intake) -> None:
    """NQ 66.7/2025 Art 8.1: 8 working hours; NĐ 61/2018 Art 18: the same day, or the next morning after 15:00."""
    hours = {
        "unit": COUNTER, "windows": [["08:00", "12:00"], ["13:00", "17:00"]], "valid_from": "2025-01-01",
        "legal_basis": "QĐ 11/QĐ-UBND",
    }  # fmt: skip
    await hear(intake, closure(COUNTER, hours=[hours]))
    intake.consumer = dataclasses.replace(intake.consumer, now=lambda: at(4, 11))
    [answer] = await send(intake, filing(intake, external_ref="F-1", channel=Channel.ONLINE, occurred_at=at(4, 11)))
    # Friday 11:00-12:00 and 13:00-17:00, Monday a holiday, Tuesday closed, Wednesday 08:00-11:00.
    assert (await dossier_of(intake, answer["code"])).answer_due_at == at(9, 11)
    accepted = await submitted(intake)
    code = accepted["code"]
    forward = datetime.fromisoformat((await shown(intake, code))["paper_forward_due_at"])
    assert forward == at(4, 8)


async def test_a_supplement_is_counted_from_zero_on_the_calendar_with_its_reasons(intake: Intake) -> None:
    """NĐ 61/2018 Art 19.4."""
    code = (await submitted(intake))["code"]
    asked = DossierSupplementRequested(
        code=code, occurred_at=THURSDAY, agency=OFFICE, reason="missing-papers", items=("Giấy",), step=1
    )
    await intake.take(asked)
    await hear(intake, closure())
    intake.consumer = dataclasses.replace(intake.consumer, now=lambda: at(4, 9))
    await send(intake, SupplementDossier(counter=COUNTER, code=code, occurred_at=at(4, 9)))
    [event] = await intake.events(code, "dossier.supplemented.v1")
    assert moment(event) == at(11, 17)
    assert event["due_trail"][-1]["text"] == "hạn trả kết quả là 17:00 thứ Sáu ngày 11/04/2025"


@pytest.mark.parametrize(
    ("changes", "value", "due"),
    [
        ({}, 3.0, at(9, 17)),
        ({"channel": "online"}, 2.0, at(8, 17)),
        ({"case": HARD}, 10.0, at(18, 17)),
        ({"channel": "online", "case": "trường hợp  phức tạp"}, 8.0, at(16, 17)),
        ({"case": "Người nước ngoài"}, 3.0, at(9, 17)),
    ],
)
async def test_the_limit_of_the_channel_and_the_case_is_promised(
    intake: Intake, changes: dict[str, Any], value: float, due: datetime
) -> None:
    await by_cases(intake)
    event = await submitted(intake, **changes)
    assert (event["limit_value"], moment(event)) == (value, due)
    assert event.get("case", "").casefold() == " ".join(changes.get("case", "").split()).casefold()
    body = await shown(intake, event["code"])
    assert body["case"] == event.get("case")
    assert body["receipt"]["limit_text"] == f"{value:g} ngày làm việc"


async def test_a_case_that_is_not_published_is_refused_with_those_that_are(intake: Intake) -> None:
    refused(await intake.post_dossier(intake.body(case=HARD)), 422, "case-not-published")
    await by_cases(intake)
    before = await intake.counts("dossiers", "numbers", "outbox")
    body = refused(await intake.post_dossier(intake.body(case="Khác")), 422, "case-not-published")
    assert body["known"] == [HARD, "Người nước ngoài"]
    [answer] = await send(intake, register(intake, case="Khác"))
    assert (answer["answer"], answer["slug"]) == ("command-rejected", "case-not-published")
    assert (await intake.counts("dossiers", "numbers"), before["dossiers"]) == ({"dossiers": 0, "numbers": 0}, 0)


async def test_the_clerk_who_accepts_may_find_another_case(intake: Intake) -> None:
    """By HTTP and by Kafka; without a word the filing keeps the case that it was filed under."""
    await by_cases(intake)
    by_http, as_filed, unknown = [await filed(intake, checklist=[], case=case) for case in (None, HARD, None)]
    assert (await act(intake, by_http, "accept", case=HARD)).status_code == 200
    assert (await act(intake, as_filed, "accept")).status_code == 200
    refused(await act(intake, unknown, "accept", case="Khác"), 422, "case-not-published")
    [answer] = await send(intake, AcceptFiling(counter=COUNTER, code=unknown, case=HARD))
    assert answer["answer"] == "command-accepted"
    for code in (by_http, as_filed, unknown):
        [event] = await intake.events(code, "dossier.submitted.v1")
        assert (event["case"], event["limit_value"]) == (HARD, 10.0)


async def test_a_counters_software_and_the_online_form_state_the_case(online: Intake) -> None:
    await by_cases(online)
    [answer] = await send(online, register(online, "R-9", case=HARD))
    [event] = await online.events(answer["code"], "dossier.submitted.v1")
    assert (event["case"], event["limit_value"]) == (HARD, 10.0)
    url, headers = await saved(online, case=HARD)
    sent = await online.http.post(f"{url}/submit", headers=headers)
    assert sent.status_code == 201, sent.text
    found = await dossier_of(online, sent.json()["code"])
    assert (found.case, found.limit_value) == (HARD, 8.0)
    url, headers = await saved(online, case="Khác")
    refused(await online.http.post(f"{url}/submit", headers=headers), 422, "case-not-published")


async def test_a_repeated_command_with_another_case_is_another_command(intake: Intake) -> None:
    await by_cases(intake)
    first = register(intake, "R-1", case=HARD)
    [once], [again] = await send(intake, first), await send(intake, first)
    assert again["code"] == once["code"]
    [other] = await send(intake, register(intake, "R-1"))
    assert (other["answer"], other["slug"]) == ("command-rejected", "external-ref-reused")


async def test_the_published_procedure_shows_its_limits_and_cases(intake: Intake) -> None:
    await by_cases(intake)
    body = (await intake.http.get(f"/v1/procedures/{PROCEDURE}")).json()
    assert body["cases"] == [HARD, "Người nước ngoài"]
    assert body["limits"][0] == {"channel": "online", "case": None, "limit_text": "2 ngày làm việc"}
    assert body["limits"][1] == {"channel": None, "case": HARD, "limit_text": "10 ngày làm việc"}
    [event] = await events(intake.mongo, topic="catalogue.procedures.v1")
    assert json.loads(event["body"])["limits"] == [
        {"channel": "online", "value": 2.0, "unit": "working_days"},
        {"case": HARD, "value": 10.0, "unit": "working_days"},
        {"channel": "online", "case": HARD, "value": 8.0, "unit": "working_days"},
    ]


async def test_without_any_calendar_the_national_one_counts(intake: Intake) -> None:
    """An installation that has published nothing promises by law all the same."""
    assert await CALENDAR.read(intake.mongo, THE_CALENDAR) is None
    assert moment(await submitted(intake)) == WorkCalendar().end_of_working_day((THURSDAY + timedelta(days=6)).date())
