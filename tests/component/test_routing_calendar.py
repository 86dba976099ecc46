"""The working calendar in routing: published from a file, told to others, asked over HTTP and at a terminal."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.events.calendar import CalendarPublished
from contracts.problems import Invalid
from services.kit.commit import Committer
from services.kit.worktime import CalendarTable
from services.routing.calendar import read_calendar
from services.routing.commands.publish_calendar import PublishCalendar, Published
from tests.component.cli_fixtures import motcua
from tests.component.cli_fixtures import place as place
from tests.component.ledger import events
from tests.component.service_fixtures import COMMUNE, COUNTER, DISTRICT, OFFICE, Service, now
from tests.replies import slug

HEADER = "row,unit,date,kind,name,windows,valid_from,valid_until,legal_basis\n"
STORM = f"day,{COMMUNE},2026-11-25,emergency_closure,Nghỉ bão,,,,QĐ 10/QĐ-UBND\n"
HOURS = f"hours,{DISTRICT},,,,07:00-11:30 13:30-17:00,2026-01-01,,QĐ 11/QĐ-UBND\n"
FRIDAY = "2026-11-20T15:40:00+07:00"


def table(*rows: str) -> CalendarTable:
    return read_calendar((HEADER + "".join(rows)).encode())


async def publish(routing: Service, *rows: str, dry_run: bool = False) -> Published:
    return await Committer(routing.mongo, "/routing", now).run(PublishCalendar(table(*rows), dry_run))


async def told(routing: Service) -> list[dict[str, Any]]:
    found = await events(routing.mongo, topic="calendar.v1")
    assert all(event["key"] == b"calendar" for event in found)
    return [json.loads(event["body"]) for event in found]


async def due(routing: Service, scope: str = f"agency:{OFFICE}", **asked: Any) -> Any:
    question = {"received_at": FRIDAY, "value": 3, "unit_of_limit": "working_days"} | asked
    return await routing.http.get("/v1/calendar/due", params=question, headers=await routing.key(scope))


async def test_each_change_is_a_version_that_everybody_hears_of_whole(routing: Service) -> None:
    first = await publish(routing, STORM)
    second = await publish(routing, STORM, HOURS)
    assert [(one.version, one.stored) for one in (first, second)] == [(1, True), (2, True)]
    one, two = await told(routing)
    assert (one["version"], len(one["days"]), one["hours"]) == (1, 1, [])
    assert (two["version"], len(two["days"]), len(two["hours"])) == (2, 1, 1)
    read = CalendarPublished.model_validate(two)
    assert (read.days[0].unit, read.days[0].kind, read.days[0].name) == (COMMUNE, "emergency_closure", "Nghỉ bão")
    assert read.hours[0].windows == (("07:00", "11:30"), ("13:30", "17:00"))


async def test_the_same_calendar_again_changes_nothing_and_tells_nobody(routing: Service) -> None:
    await publish(routing, STORM, HOURS)
    again = await publish(routing, HOURS, STORM)
    assert (again.version, again.stored, bool(again.changes)) == (1, False, False)
    assert len(await told(routing)) == 1


async def test_a_dry_run_says_what_would_change_and_stores_nothing(routing: Service) -> None:
    await publish(routing, STORM, HOURS)
    lasts = STORM.replace("Nghỉ bão", "Nghỉ lũ") + STORM.replace("11-25", "11-26")
    tried = await publish(routing, lasts, dry_run=True)
    days, hours = tried.changes.days, tried.changes.hours
    assert (len(days.added), len(days.changed), len(hours.removed)) == (1, 1, 1)
    assert (tried.version, tried.stored) == (1, False)
    assert len(await told(routing)) == 1


async def test_units_that_the_directory_does_not_know_are_named(routing: Service) -> None:
    """The desk of a known unit is known, and so is a province by the units below it."""
    rows = [STORM.replace(COMMUNE, unit) for unit in (COMMUNE, COUNTER, "H12", "H12.970.99", "H13")]
    found = await publish(routing, *rows, dry_run=True)
    assert found.unknown_units == ("H13",)
    await publish(routing, STORM.replace(COMMUNE, "H12.971.01"))
    assert (await publish(routing, STORM.replace(COMMUNE, "H12.971.01"))).unknown_units == ("H12.971.01",)


async def test_a_calendar_that_fits_into_no_message_is_refused_before_it_is_stored(routing: Service) -> None:
    long = "".join(
        f"day,H12.{number % 999:03d},2026-{1 + number // 999:02d}-05,public_holiday,{'Đ' * 450},,,,{'Đ' * 450}\n"
        for number in range(1500)
    )
    with pytest.raises(Invalid) as caught:
        await publish(routing, long)
    assert caught.value.slug == "calendar-too-large"
    assert await told(routing) == []


async def test_a_due_date_is_explained_on_the_calendar_of_the_unit(routing: Service) -> None:
    """Received 15:40 on Friday 20/11/2026 with 3 working days; 24/11 is a holiday, 25/11 the commune is closed."""
    national = (await due(routing)).json()
    assert (national["version"], national["due_at"]) == (0, "2026-11-26T10:00:00Z")
    await publish(routing, STORM, HOURS)
    here = (await due(routing, unit=COMMUNE)).json()
    assert (here["version"], here["limit_text"]) == (1, "3 ngày làm việc")
    assert here["due_text"] == "17:00 thứ Sáu ngày 27/11/2026"
    assert [line["kind"] for line in here["trail"]] == [
        "received", "first-day-excluded", "limit", "day-off", "day-off", "due",
    ]  # fmt: skip
    assert here["trail"][4]["legal_basis"] == "QĐ 10/QĐ-UBND"
    assert "nghỉ thứ Tư ngày 25/11/2026: Nghỉ bão (QĐ 10/QĐ-UBND)" in here["explained"]
    assert datetime.fromisoformat((await due(routing, unit=DISTRICT)).json()["due_at"]).day == 26


async def test_the_days_and_hours_of_a_unit_are_shown_with_whose_decision_they_are(routing: Service) -> None:
    await publish(routing, STORM, HOURS)
    headers = await routing.key(f"counter:{COUNTER}")
    url = "/v1/calendar"
    shown = (await routing.http.get(url, params={"unit": COMMUNE, "year": 2026}, headers=headers)).json()
    assert (shown["version"], shown["unit"], shown["year"]) == (1, COMMUNE, 2026)
    days = {day["date"]: day for day in shown["days"]}
    assert days["2026-11-25"] == {
        "date": "2026-11-25", "kind": "emergency_closure", "working": False, "text": "Nghỉ bão",
        "legal_basis": "QĐ 10/QĐ-UBND", "unit": COMMUNE,
    }  # fmt: skip
    assert (days["2026-08-22"]["working"], days["2026-08-22"]["unit"]) == (True, None)
    assert "2026-01-01" in days
    [hours] = shown["hours"]
    assert (hours["unit"], hours["windows"][0]) == (DISTRICT, ["07:00", "11:30"])
    assert shown["hours_today"] == hours
    plain = (await routing.http.get(url, headers=headers)).json()
    assert (plain["unit"], plain["hours"], plain["hours_today"]["windows"][0]) == (None, [], ["07:00", "11:00"])


async def test_who_has_no_key_or_no_unit_sees_nothing(routing: Service) -> None:
    assert slug(await routing.http.get("/v1/calendar")) == (401, "key-missing")
    assert slug(await due(routing, "backfill")) == (403, "scope-missing")
    assert slug(await routing.http.get("/v1/calendar", headers=await routing.key("backfill"))) == (
        403,
        "scope-missing",
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"value": 1.5, "unit_of_limit": "months"}, "limit-malformed"),
        ({"value": 2, "unit_of_limit": "same_day"}, "limit-malformed"),
        ({"received_at": "2099-12-30T10:00:00+07:00"}, "moment-out-of-calendar"),
        ({"received_at": "9999-12-31T23:00:00+00:00"}, "moment-out-of-calendar"),
        ({"received_at": "1999-12-30T10:00:00+07:00"}, "moment-out-of-calendar"),
        ({"received_at": "2026-11-20T15:40:00"}, "request-invalid"),
        ({"value": 0}, "request-invalid"),
        ({"value": "nan"}, "request-invalid"),
        ({"unit": "huyện"}, "request-invalid"),
        ({"unit_of_limit": "years"}, "request-invalid"),
    ],
)
async def test_bad_questions_are_refused(routing: Service, asked: dict[str, Any], expected: str) -> None:
    assert slug(await due(routing, **asked)) == (422, expected)


async def test_the_command_shows_what_a_file_changes_and_publishes_it_once(
    place: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "lich.csv"
    file.write_text(HEADER + STORM + HOURS)
    tried = await motcua("calendar", "import", str(file), "--dry-run", **place)
    assert (tried.code, "thêm" in tried.out, "Chưa lưu gì" in tried.out) == (0, True, True)
    assert "Chưa có trong danh mục cơ quan" in tried.out
    first = await motcua("calendar", "import", str(file), **place)
    assert (first.code, "phiên bản 1" in first.out) == (0, True)
    again = await motcua("calendar", "import", str(file), **place)
    assert (again.code, "Lịch không đổi." in again.out) == (0, True)
    file.write_text(HEADER + STORM.replace("Nghỉ bão", "Nghỉ [lũ]"))
    changed = await motcua("calendar", "import", str(file), **place)
    assert (changed.code, "đổi" in changed.out, "bỏ" in changed.out, "Nghỉ [lũ]" in changed.out) == (0, *[True] * 3)
    shown = await motcua("calendar", "show", "--unit", COUNTER, **place)
    assert (shown.code, "Phiên bản 2; 0 dòng" in shown.out) == (0, True)
    shown = await motcua("calendar", "show", **place)
    assert (shown.code, "25/11/2026" in shown.out, "QĐ 10/QĐ-UBND" in shown.out) == (0, True, True)


async def test_a_faulty_file_is_refused_whole_with_every_line(place: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "lich.csv"
    file.write_text(HEADER + STORM + STORM + STORM.replace("2026-11-25", "2026-11-31"))
    ended = await motcua("calendar", "import", str(file), **place)
    assert ended.code == 2
    assert "calendar-refused" in ended.err
    assert all(word in ended.out for word in ("day-repeated", "date-impossible"))
    assert "Phiên bản 0; 0 dòng" in (await motcua("calendar", "show", **place)).out
    missing = await motcua("calendar", "import", str(tmp_path / "none.csv"), **place)
    assert (missing.code, "file-unreadable" in missing.err) == (2, True)
