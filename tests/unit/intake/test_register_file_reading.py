"""Reading an old register: columns in any order, dates as people write them, and nothing guessed."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from contracts.problems import Invalid
from contracts.types import HandOverMethod, Outcome
from services.intake.register import Entry, RegisterFile, read_register
from services.intake.register.cells import address_and_phone, identity, method, outcome, written
from services.kit.clock import VIETNAM
from tests.unit.intake import xlsx_fixtures

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
"""09:30 in Viet Nam."""
HEADER = (
    "STT", "Mã hồ sơ", "Mã TTHC", "Tên TTHC", "Tên tổ chức, cá nhân", "Số định danh", "Địa chỉ", "SĐT", "Ngày nhận",
    "Hẹn trả", "Ngày có kết quả", "Kết quả", "Ngày trả", "Phương thức nhận",
)  # fmt: skip
ROW: dict[str, Any] = {
    "STT": 1, "Mã TTHC": "1.014466.H12", "Tên TTHC": "Đăng ký khai sinh", "Tên tổ chức, cá nhân": "Nguyễn Văn A",
    "Số định danh": "096190001234", "Địa chỉ": "Ấp 1", "SĐT": "0901234001", "Ngày nhận": "04/03/2019 09:15",
    "Hẹn trả": "07/03/2019", "Ngày có kết quả": "06/03/2019 14:00", "Kết quả": "Đồng ý", "Ngày trả": "07/03/2019",
    "Phương thức nhận": "Trực tiếp",
}  # fmt: skip


def as_csv(*rows: dict[str, Any], header: tuple[str, ...] = HEADER, above: tuple[str, ...] = ()) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([line] for line in above)
    writer.writerow(header)
    writer.writerows([row.get(column, "") for column in header] for row in rows)
    return out.getvalue().encode()


def as_xlsx(*rows: dict[str, Any], header: tuple[str, ...] = HEADER, above: tuple[str, ...] = ()) -> bytes:
    lines = [[line] for line in above]
    return xlsx_fixtures.workbook(Năm__2019=[*lines, header, *([row.get(column) for column in header] for row in rows)])


def read(**changes: Any) -> Entry:
    """The one entry of a good row with changes."""
    file = read_register(as_csv(ROW | changes), NOW)
    assert file.refused == []
    [entry] = file.entries
    return entry


def why_not(**changes: Any) -> str:
    file = read_register(as_csv(ROW | changes), NOW)
    assert file.entries == []
    [note] = file.refused
    assert (note.place.line, bool(note.reason)) == (2, True)
    return note.slug


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=VIETNAM)  # type: ignore[arg-type]


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_row_is_read_whole(write: Any) -> None:
    [entry] = read_register(write(ROW), NOW).entries
    assert entry.reference == "register:2019::1"
    assert (entry.code, entry.procedure_code, entry.procedure_name) == (None, "1.014466.H12", "Đăng ký khai sinh")
    assert entry.applicant.full_name == "Nguyễn Văn A"
    assert (entry.applicant.id_number, entry.applicant.phone) == ("096190001234", "0901234001")
    assert entry.received_at == local(2019, 3, 4, 9, 15)
    assert entry.due_at == local(2019, 3, 7, 17)
    assert entry.resolved_at == local(2019, 3, 6, 14)
    assert (entry.outcome, entry.returned_at) == (Outcome.GRANTED, local(2019, 3, 7, 17))
    assert entry.method is HandOverMethod.COUNTER


def test_cells_with_real_dates_and_numbers_are_read_as_a_person_sees_them() -> None:
    row = ROW | {
        "Ngày nhận": datetime(2019, 3, 4, 9, 15), "Hẹn trả": datetime(2019, 3, 7), "SĐT": 901234001,
        "Mã TTHC": 2.00104, "Ngày có kết quả": datetime(2019, 3, 6, 14), "Ngày trả": None,
    }  # fmt: skip
    [entry] = read_register(as_xlsx(row), NOW).entries
    assert (entry.received_at, entry.due_at) == (local(2019, 3, 4, 9, 15), local(2019, 3, 7, 17))
    assert (entry.procedure_code, entry.applicant.phone) == ("2.001040", "0901234001")


def test_columns_are_found_in_any_order_case_and_spelling_and_under_a_title() -> None:
    header = ("NGƯỜI NỘP", "ngay tiep nhan", "Mã  hồ sơ", "Thủ tục hành chính", "Địa chỉ, số điện thoại", "Ghi chú")
    row = {
        "NGƯỜI NỘP": "Nguyễn Văn A", "ngay tiep nhan": "9 giờ 15 phút, ngày 04/03/2019", "Ghi chú": "gì đó",
        "Mã  hồ sơ": "000.00.10.h12-190304-0007 ", "Thủ tục hành chính": "Đăng ký khai sinh",
        "Địa chỉ, số điện thoại": "Ấp 1, xã Thử, SĐT: 0901 234 001",
    }  # fmt: skip
    above = ("ỦY BAN NHÂN DÂN HUYỆN THỬ", "SỔ THEO DÕI HỒ SƠ")
    for write in (as_csv, as_xlsx):
        [entry] = read_register(write(row, header=header, above=above), NOW).entries
        assert (entry.code, entry.place.line) == ("000.00.10.H12-190304-0007", 4)
        assert entry.reference == "register:000.00.10.H12-190304-0007"
        assert (entry.applicant.address, entry.applicant.phone) == ("Ấp 1, xã Thử", "0901234001")
        assert entry.received_at == local(2019, 3, 4, 9, 15)


def test_the_form_of_2025_has_no_column_for_the_result_so_the_day_of_return_stands_for_it() -> None:
    header = (
        "STT", "Mã hồ sơ", "Tên TTHC", "Tên tổ chức, cá nhân", "Địa chỉ/SĐT", "Cơ quan chủ trì giải quyết",
        "Nhận hồ sơ", "Hẹn trả kết quả", "Trả kết quả", "Phương thức nhận kết quả", "Ký nhận",
    )  # fmt: skip
    row = {
        "Mã hồ sơ": "H12.10-190304-0007", "Tên TTHC": "Đăng ký khai sinh", "Tên tổ chức, cá nhân": "Nguyễn Văn A",
        "Nhận hồ sơ": "04/03/2019", "Hẹn trả kết quả": "07/03/2019", "Trả kết quả": "06/03/2019 10:00",
        "Phương thức nhận kết quả": "bưu chính",
    }  # fmt: skip
    [entry] = read_register(as_csv(row, header=header), NOW).entries
    assert entry.resolved_at == entry.returned_at == local(2019, 3, 6, 10)
    assert (entry.outcome, entry.method) == (Outcome.GRANTED, HandOverMethod.POST)


def test_an_open_dossier_has_neither_result_nor_return() -> None:
    entry = read(**{"Ngày có kết quả": "", "Kết quả": "-", "Ngày trả": "–", "Hẹn trả": ""})
    assert (entry.due_at, entry.resolved_at, entry.outcome, entry.returned_at) == (None, None, None, None)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"Tên tổ chức, cá nhân": ""}, "applicant-name-missing"),
        ({"Số định danh": "96190001234"}, "citizen-id-invalid"),
        ({"STT": ""}, "row-without-number"),
        ({"STT": "một"}, "row-without-number"),
        ({"Mã hồ sơ": "HS-17/2019"}, "dossier-code-malformed"),
        ({"Ngày nhận": ""}, "date-missing"),
        ({"Ngày nhận": "43528.38"}, "date-malformed"),
        ({"Ngày nhận": "04/03"}, "date-malformed"),
        ({"Ngày nhận": "31/02/2019"}, "date-impossible"),
        ({"Ngày nhận": "03/13/2019"}, "date-impossible"),
        ({"Ngày nhận": "04/03/2019 25:00"}, "date-impossible"),
        ({"Ngày nhận": "04/03/0219"}, "date-impossible"),
        ({"Hẹn trả": "mai"}, "date-malformed"),
        ({"Kết quả": "chưa rõ"}, "outcome-unknown"),
        ({"Kết quả": "?"}, "outcome-unknown"),
        ({"Ngày có kết quả": "", "Ngày trả": ""}, "date-missing"),
        ({"Phương thức nhận": "chim bồ câu"}, "return-method-unknown"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_with_its_line_and_why(changes: dict[str, Any], slug: str) -> None:
    assert why_not(**changes) == slug


@pytest.mark.parametrize(("phone", "slug"), [("02903 831 234", "phone-not-mobile"), ("12", "phone-invalid")])
def test_a_phone_that_cannot_be_used_costs_the_phone_not_the_row(phone: str, slug: str) -> None:
    file = read_register(as_csv(ROW | {"SĐT": phone}), NOW)
    assert [entry.applicant.phone for entry in file.entries] == [None]
    assert [(note.slug, note.place.line) for note in file.doubtful] == [(slug, 2)]
    assert phone not in file.doubtful[0].reason


def test_a_row_that_is_there_twice_is_refused_with_the_line_of_the_first() -> None:
    file = read_register(as_csv(ROW, ROW | {"STT": 2}, ROW), NOW)
    assert len(file.entries) == 2
    assert [(note.slug, note.place.line) for note in file.refused] == [("row-repeated", 4)]
    assert "dòng 2" in file.refused[0].reason


def test_numbers_begin_anew_in_every_year_and_book() -> None:
    header = (*HEADER, "Quyển số")
    rows = [ROW, ROW | {"Quyển số": "02"}, ROW | {"Ngày nhận": "04/03/2018"}]
    file = read_register(as_csv(*rows, header=header), NOW)
    assert file.refused == []
    references = [entry.reference for entry in file.entries]
    assert references == ["register:2019::1", "register:2019:02:1", "register:2018::1"]
    assert read_register(as_csv(ROW | {"Quyển số": "số đỏ"}, header=header), NOW).refused[0].slug == "book-malformed"


def test_lines_that_are_no_dossier_are_passed_over() -> None:
    numbers = {column: f"({place})" for place, column in enumerate(HEADER, start=1)}
    total, signature = {"STT": "Tổng cộng: 1"}, {"Kết quả": "NGƯỜI LẬP SỔ"}
    file = read_register(as_csv(numbers, ROW, total, signature), NOW)
    assert (len(file.entries), file.refused) == (1, [])


def test_a_day_without_a_time_keeps_the_order_of_what_happened_on_it() -> None:
    day = "04/03/2019"
    entry = read(**{"Ngày nhận": f"{day} 17:30", "Ngày có kết quả": day, "Ngày trả": day, "Hẹn trả": day})
    assert entry.received_at == entry.resolved_at == entry.returned_at == entry.due_at == local(2019, 3, 4, 17, 30)
    entry = read(**{"Ngày nhận": day, "Ngày có kết quả": day, "Ngày trả": day, "Hẹn trả": day})
    assert (entry.received_at, entry.resolved_at) == (local(2019, 3, 4, 7), local(2019, 3, 4, 17))


def test_a_day_without_a_time_is_not_in_the_future_when_it_is_today() -> None:
    entry = read(
        **{"Ngày nhận": "23/11/2026", "Ngày có kết quả": "23/11/2026", "Ngày trả": "23/11/2026"} | {"Hẹn trả": ""}
    )
    assert entry.received_at == local(2026, 11, 23, 7)
    assert entry.resolved_at == entry.returned_at == NOW


@pytest.mark.parametrize(
    ("header", "slug"),
    [
        (HEADER[:4] + HEADER[5:], "column-missing"),
        (HEADER[:8] + HEADER[9:], "column-missing"),
        (HEADER[2:], "column-missing"),
        (HEADER[:2] + HEADER[4:], "column-missing"),
        ((*HEADER, "Ngày tiếp nhận"), "column-repeated"),
    ],
    ids=["no name", "no day of receipt", "neither code nor number", "no procedure", "two days of receipt"],
)
def test_a_file_without_the_columns_it_needs_is_refused_as_a_whole(header: tuple[str, ...], slug: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_register(as_csv(ROW, header=header), NOW)
    assert refusal.value.slug == slug


def test_every_visible_sheet_must_be_a_register() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(list(HEADER))
    sheet.append([ROW.get(column) for column in HEADER])
    other = workbook.create_sheet("Ghi chú")
    other.append(["Một", "Hai"])

    def saved(state: str) -> bytes:
        other.sheet_state = state
        out = io.BytesIO()
        workbook.save(out)
        return out.getvalue()

    with pytest.raises(Invalid, match="Ghi chú") as refusal:
        read_register(saved("visible"), NOW)
    assert refusal.value.slug == "column-missing"
    assert len(read_register(saved("hidden"), NOW).entries) == 1


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "file-empty"),
        (as_xlsx(ROW)[:-300], "file-malformed"),
        (as_xlsx(ROW)[:3000], "file-malformed"),
        (b"%PDF-1.7 ...", "file-type-unknown"),
        ("STT,Mã hồ sơ".encode("utf-16"), "file-not-utf8"),
        ("STT;Ngày nhận;Tên".encode("cp1258", "replace"), "file-not-utf8"),
        (b"x" * (20 * 1024 * 1024 + 1), "file-too-big"),
    ],
    ids=["empty", "truncated", "truncated early", "a PDF", "UTF-16", "windows-1258", "too large"],
)
def test_a_file_that_is_no_register_is_refused_as_a_whole(content: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_register(content, NOW)
    assert refusal.value.slug == slug


@pytest.mark.parametrize(
    "text",
    [
        "04/03/2019 09:15", "4/3/2019 9:15", "04-03-2019 09:15:00", "04.03.2019, lúc 9h15", "2019-03-04 09:15:00",
        "2019-03-04T09:15:00.000", "9 giờ 15 phút, ngày 04/03/2019", "09:15 04/03/2019", "NGÀY 04/03/2019 9G15",
    ],
)  # fmt: skip
def test_a_moment_may_be_written_in_many_ways(text: str) -> None:
    found = written(text, "Ngày nhận")
    assert found is not None
    assert (found.moment, found.day_only) == (local(2019, 3, 4, 9, 15), False)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)))
def test_what_a_sheet_shows_of_a_date_is_that_date(moment: datetime) -> None:
    found = written(str(moment), "Ngày nhận")
    assert found is not None
    assert found.moment.replace(tzinfo=None) == moment.replace(second=0, microsecond=0)
    day = written(f"{moment:%d/%m/%Y}", "Ngày nhận")
    assert day is not None
    assert day.at(time(7)).astimezone(VIETNAM).date() == moment.date()


@given(st.text(max_size=30))
def test_whatever_a_cell_holds_it_is_read_or_refused(text: str) -> None:
    for reader in (outcome, method, identity, address_and_phone, lambda cell: written(cell, "Ngày nhận")):
        with suppress(Invalid):
            reader(text)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("096190001234", "citizen"), ("096 190 001 234", "citizen"), ("381234567", "citizen"),
        ("2001234567", "organisation"), ("2001234567-001", "organisation"), ("", "citizen"),
    ],
)  # fmt: skip
def test_the_number_tells_a_citizen_from_an_organisation(text: str, kind: str) -> None:
    assert identity(text)[0] == kind


def test_an_empty_register_is_no_error() -> None:
    assert read_register(as_csv(), NOW) == RegisterFile()
