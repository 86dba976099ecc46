"""The calendar file: read whole, or refused whole with every faulty line."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from contracts.problems import Invalid
from services.kit.worktime import CalendarDay, CalendarTable, DayKind, DayRow, HoursRow, WorkingHours
from services.routing.calendar import compare, read_calendar

HEADER = "row,unit,date,kind,name,windows,valid_from,valid_until,legal_basis"
STORM = "day,H12.970.101,2026-11-25,emergency_closure,Nghỉ bão,,,,QĐ 10/QĐ-UBND"
HOURS = "hours,H12.970.21,,,,07:00-11:30 13:30-17:00,2026-01-01,,QĐ 11/QĐ-UBND"
SAMPLE = Path(__file__).parents[3] / "local" / "samples" / "calendar.csv"


def file(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *lines)).encode()


def faults(content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(Invalid) as caught:
        read_calendar(content)
    assert caught.value.slug == "calendar-refused"
    told = caught.value.facts["faults"]
    assert isinstance(told, list)
    assert all(fault["reason"] for fault in told)
    return [(fault["line"], fault["slug"]) for fault in told]


def slug(content: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        read_calendar(content)
    return caught.value.slug


def test_days_and_hours_are_read_for_their_units() -> None:
    read = read_calendar(file(STORM, HOURS, "day,,31/12/2026,làm bù,,,,,Thông báo 1/TB"))
    assert read.days == (
        DayRow(CalendarDay(date(2026, 12, 31), DayKind.MAKE_UP_WORK, "Thông báo 1/TB")),
        DayRow(CalendarDay(date(2026, 11, 25), DayKind.EMERGENCY_CLOSURE, "QĐ 10/QĐ-UBND", "Nghỉ bão"), "H12.970.101"),
    )
    windows = ((time(7), time(11, 30)), (time(13, 30), time(17)))
    assert read.hours == (HoursRow(WorkingHours(windows, date(2026, 1, 1), None, "QĐ 11/QĐ-UBND"), "H12.970.21"),)


@pytest.mark.parametrize(
    "header",
    [
        "Loại dòng;Đơn vị;Ngày;Loại ngày;Tên ngày;Khung giờ;Từ ngày;Đến ngày;Căn cứ pháp lý",
        "loai dong;Mã đơn vị;NGÀY;loại ngày;Tên;Giờ làm việc;Hiệu lực từ;Hiệu lực đến;Căn cứ",
    ],
)
def test_vietnamese_words_dates_and_semicolons_say_the_same(header: str) -> None:
    """As a spreadsheet under Vietnamese settings writes it, with a byte order mark."""
    storm = "ngày;H12.970.101;25/11/2026;Ngừng làm việc;Nghỉ bão;;;;QĐ 10/QĐ-UBND"
    hours = "giờ làm việc;H12.970.21;;;;7h00-11h30, 13h30 – 17h00;01/01/2026;;QĐ 11/QĐ-UBND"
    read = read_calendar(b"\xef\xbb\xbf" + file(storm, hours, header=header))
    assert not compare(read, read_calendar(file(STORM, HOURS)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("holiday,,2026-11-25,public_holiday,,,,,QĐ", "row-kind-unknown"),
        ("day,H12.970,2026-11-25,party,,,,,QĐ", "day-kind-unknown"),
        ("day,H12.970,2026-02-30,public_holiday,,,,,QĐ", "date-impossible"),
        ("day,H12.970,29/02/2026,public_holiday,,,,,QĐ", "date-impossible"),
        ("day,H12.970,25-11-2026,public_holiday,,,,,QĐ", "date-malformed"),
        ("day,H12.970,1999-12-31,public_holiday,,,,,QĐ", "date-out-of-calendar"),
        ("day,H12.970,2100-01-01,public_holiday,,,,,QĐ", "date-out-of-calendar"),
        ("day,H12.970,,public_holiday,,,,,QĐ", "date-missing"),
        ("day,H12.970,2026-11-25,public_holiday,,,,,", "legal-basis-missing"),
        ("day,h12.970,2026-11-25,public_holiday,,,,,QĐ", "unit-code-malformed"),
        ("day,H12.9701,2026-11-25,public_holiday,,,,,QĐ", "unit-code-malformed"),
        (f"day,{'.'.join(['H12'] * 10)},2026-11-25,public_holiday,,,,,QĐ", "unit-code-malformed"),
        (f"day,H12.970,2026-11-25,public_holiday,{'T' * 501},,,,QĐ", "text-too-long"),
        (f"day,H12.970,2026-11-25,public_holiday,,,,,{'C' * 501}", "text-too-long"),
        ("day,H12.970,2026-11-25,public_holiday,,07:00-11:00,,,QĐ", "cell-unexpected"),
        ("day,H12.970,2026-11-25,public_holiday,,,,,QĐ,thừa", "cell-unexpected"),
        ("hours,H12.970,2026-11-25,,,07:00-11:00,2026-01-01,,QĐ", "cell-unexpected"),
        ("hours,H12.970,,,,,2026-01-01,,QĐ", "windows-malformed"),
        ("hours,H12.970,,,,sáng chiều,2026-01-01,,QĐ", "windows-malformed"),
        ("hours,H12.970,,,,07:00-11:00 và chiều,2026-01-01,,QĐ", "windows-malformed"),
        ("hours,H12.970,,,,07:00-25:00,2026-01-01,,QĐ", "windows-malformed"),
        ("hours,H12.970,,,,07:00-08:00 09:00-10:00 11:00-12:00 13:00-14:00 15:00-16:00,2026-01-01,,QĐ",
         "windows-malformed"),
        ("hours,H12.970,,,,07:00-11:00 10:30-17:00,2026-01-01,,QĐ", "windows-overlap"),
        ("hours,H12.970,,,,07:00-11:00 11:00-17:00,2026-01-01,,QĐ", "windows-overlap"),
        ("hours,H12.970,,,,11:00-07:00,2026-01-01,,QĐ", "windows-overlap"),
        ("hours,H12.970,,,,07:00-11:00,,,QĐ", "date-missing"),
        ("hours,H12.970,,,,07:00-11:00,2026-06-01,2026-05-31,QĐ", "validity-reversed"),
        ("hours,H12.970,,,,07:00-11:00,2026-06-01,2026-06-31,QĐ", "date-impossible"),
    ],
)  # fmt: skip
def test_a_faulty_line_refuses_the_file_and_is_named(line: str, expected: str) -> None:
    assert faults(file(STORM, line, HOURS)) == [(3, expected)]


def test_every_faulty_line_is_named_at_once() -> None:
    """Two rows for one date of one unit are a fault of the second; other units may have that date."""
    again = STORM.replace("Nghỉ bão", "Nghỉ lũ")
    hours_again = HOURS.replace("11:30", "11:00")
    other_unit = STORM.replace("H12.970.101", "H12.970.102")
    content = file(STORM, other_unit, again, HOURS, "", hours_again, "day,,2026-13-01,nghỉ lễ,,,,,QĐ")
    assert faults(content) == [(4, "day-repeated"), (7, "hours-repeated"), (8, "date-impossible")]


def test_a_file_of_faults_names_the_first_ones_and_counts_all() -> None:
    with pytest.raises(Invalid) as caught:
        read_calendar(file(*["day,,2026-13-01,nghỉ lễ,,,,,QĐ"] * 60))
    assert caught.value.facts["count"] == 60
    assert len(caught.value.facts["faults"]) == 50  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "file-empty"),
        (b"PK\x03\x04\0\0", "file-empty"),
        (HEADER.encode(), "file-empty"),
        (b"row,legal_basis\nday,Qu\xff", "file-not-utf8"),
        (file('day,"H12', STORM), "file-malformed"),
        (file(STORM, header=HEADER.replace("row,", "what,")), "column-unknown"),
        (file(STORM, header=HEADER.replace("name", "kind")), "column-repeated"),
        (b"row,unit,date,kind\nday,,2026-11-25,public_holiday", "column-missing"),
        (file(*(f"day,H12.{number:03d},2026-11-25,public_holiday,,,,,Q" for number in range(999)),
              *(f"day,H13.{number:03d},2026-11-25,public_holiday,,,,,Q" for number in range(999)),
              *(f"day,H14.{number:03d},2026-11-25,public_holiday,,,,,Q" for number in range(999)),
              *(f"day,H15.{number:03d},2026-11-25,public_holiday,,,,,Q" for number in range(4))), "file-too-long"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_as_a_whole_has_a_slug(content: bytes, expected: str) -> None:
    assert slug(content) == expected


def test_the_difference_of_two_tables_is_by_unit_and_date() -> None:
    before = read_calendar(file(STORM, HOURS))
    after = read_calendar(file(STORM.replace("Nghỉ bão", "Nghỉ lũ"), STORM.replace("101", "102")))
    changes = compare(before, after)
    assert [row.unit for row in changes.days.added] == ["H12.970.102"]
    assert [(old.day.name, new.day.name) for old, new in changes.days.changed] == [("Nghỉ bão", "Nghỉ lũ")]
    assert [row.unit for row in changes.hours.removed] == ["H12.970.21"]
    assert not compare(before, CalendarTable(9, before.days[::-1], before.hours))


def test_the_sample_file_reads() -> None:
    read = read_calendar(SAMPLE.read_bytes())
    assert (len(read.days), len(read.hours)) == (2, 2)
