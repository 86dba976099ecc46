"""Reading a catalogue file: every row is accepted, or refused with its line and a word; nothing is guessed."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.catalogue import ProcedurePublished
from contracts.problems import Invalid
from contracts.types import LimitUnit
from services.intake.catalogue import DISTRICT, CatalogueFile, read_catalogue
from services.intake.catalogue.procedures import MOST_PROCEDURES
from services.intake.commands.publish_procedure import PublishProcedure
from services.kit.work import Cause, Work
from tests.unit.intake.dossier_fixtures import AT
from tests.unit.intake.xlsx_fixtures import workbook

COLUMNS = {
    "code": "1.014466.H12",
    "name": "Đăng ký khai sinh",
    "field": "Hộ tịch",
    "level": "huyện",
    "time_limit_value": "3",
    "time_limit_unit": "ngày làm việc",
    "fee_vnd": "8.000",
    "implementing_agency": "Phòng Tư pháp",
    "result": "Giấy khai sinh",
}


def file(*rows: dict[str, str], columns: list[str] | None = None) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or list(COLUMNS), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def row(**changes: str) -> dict[str, str]:
    return COLUMNS | changes


def refused(read: CatalogueFile) -> list[tuple[int, str]]:
    return [(bad.line, bad.slug) for bad in read.refused]


@given(st.permutations([*COLUMNS, "some_other_column"]))
def test_the_order_of_columns_is_free_and_unknown_ones_are_ignored(columns: list[str]) -> None:
    [procedure] = read_catalogue(file(row(some_other_column="x"), columns=columns)).procedures
    assert (procedure.code, procedure.name, procedure.field) == ("1.014466.H12", "Đăng ký khai sinh", "Hộ tịch")
    assert (procedure.limit_value, procedure.limit_unit) == (3.0, LimitUnit.WORKING_DAYS)
    assert (procedure.fee_vnd, procedure.agencies) == (8000, ("Phòng Tư pháp",))


def test_names_of_columns_may_be_in_capitals_with_spaces_and_behind_a_byte_order_mark() -> None:
    read = read_catalogue("\ufeff Name , CODE\nKhai sinh,1.014466\n".encode())
    assert [(p.name, p.code) for p in read.procedures] == [("Khai sinh", "1.014466")]


def test_missing_cells_are_missing_facts_and_extra_cells_are_ignored() -> None:
    read = read_catalogue(b"name,code,field,fee_vnd,time_limit_value,time_limit_unit\nA\nB,1.014466,X,,,,too,many\n")
    first, second = read.procedures
    assert (first.field, first.fee_vnd, first.limit_value, first.agencies) == ("Lĩnh vực khác", None, None, (DISTRICT,))
    assert (second.code, second.field) == ("1.014466", "X")
    assert read.without_limit == 2


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "file-empty"),
        (workbook(papers=[["code", "number", "name"], ["1.014466", 1, "A"]]), "file-holds-papers"),
        (b"code,number,name,originals,copies\n1.014466,1,A,1,0\n", "file-holds-papers"),
        (b"name\n" + b"x\n" * (MOST_PROCEDURES + 1), "file-too-long"),
        (b"code,field\n1.014466,X\n", "column-missing"),
        (b'name,code\n"Khai sinh,1.014466\n', "file-malformed"),
        (b'name,code\n"Khai" sinh,1.014466\n', "file-malformed"),
        (b'"name,code\n', "file-malformed"),
        (b"name,code\rA,1.014466\r", "file-malformed"),
        (b"name\n" + b"x" * 200_000, "file-malformed"),
    ],
)
def test_a_file_that_is_broken_is_refused_as_a_whole_with_a_word(content: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_catalogue(content)
    assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"name": " "}, "name-missing"),
        ({"code": "khai-sinh"}, "code-malformed"),
        ({"code": "1.01446"}, "code-malformed"),
        ({"code": "1.014466" + ".H12" * 9}, "code-malformed"),
        ({"code": "1.014466.H12;"}, "code-malformed"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_nothing_else_is_affected(changes: dict[str, str], slug: str) -> None:
    read = read_catalogue(file(row(), row(**{"code": "1.014467"} | changes), row(code="1.014468")))
    assert refused(read) == [(3, slug)]
    assert [procedure.code for procedure in read.procedures] == ["1.014466.H12", "1.014468"]


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("0", "giờ"),
        ("-3", "ngày"),
        ("vài", "ngày"),
        ("", "ngày"),
        ("3", ""),
        ("3", "tuần trăng"),
        ("nan", "ngày"),
        ("20000", "ngày"),
        ("1e-400", "giờ"),
        ("1,5", "tháng"),
    ],
)
def test_a_limit_that_cannot_be_read_is_left_out_and_named_with_its_line(value: str, unit: str) -> None:
    """Without a limit no dossier can be promised a date under it: a person must look."""
    read = read_catalogue(file(row(), row(code="1.014467", time_limit_value=value, time_limit_unit=unit)))
    assert [(doubt.line, doubt.slug) for doubt in read.doubtful] == [(3, "limit-unknown")]
    assert [p.limit_value for p in read.procedures] == [3.0, None]
    assert (read.without_limit, read.refused) == (1, [])


@pytest.mark.parametrize("columns", [COLUMNS | {"reduced_limit_value": "", "reduced_limit_unit": ""}])
@pytest.mark.parametrize(
    ("law", "reduced", "promised", "statutory"),
    [
        (("20", "ngày"), ("15", "ngày"), (15.0, "calendar_days"), (20.0, "calendar_days")),
        (("3", "ngày làm việc"), ("1", "trong ngày"), (1.0, "same_day"), (3.0, "working_days")),
        (("3", "ngày làm việc"), ("4", "giờ"), (4.0, "working_hours"), (3.0, "working_days")),
        (("3", "ngày làm việc"), ("", ""), (3.0, "working_days"), (None, None)),
        (("3", "ngày làm việc"), ("3,0", "Ngày làm việc"), (3.0, "working_days"), (None, None)),
        (("3", "ngày làm việc"), ("nhanh", "ngày"), (3.0, "working_days"), (None, None)),
    ],
)
def test_the_promise_is_the_reduced_limit_and_the_laws_stays_beside_it(
    columns: dict[str, str],
    law: tuple[str, str],
    reduced: tuple[str, str],
    promised: tuple[float, str],
    statutory: tuple[float | None, str | None],
) -> None:
    """Cắt giảm thời gian giải quyết: the province binds itself to less than the law allows."""
    stated = {"time_limit_value": law[0], "time_limit_unit": law[1]}
    cut_down = {"reduced_limit_value": reduced[0], "reduced_limit_unit": reduced[1]}
    read = read_catalogue(file(row(**stated, **cut_down), columns=list(columns)))
    [procedure] = read.procedures
    assert (procedure.limit_value, procedure.limit_unit) == promised
    assert (procedure.statutory_limit_value, procedure.statutory_limit_unit) == statutory
    assert [doubt.slug for doubt in read.doubtful] == (["limit-unknown"] if reduced[0] == "nhanh" else [])


@pytest.mark.parametrize(
    ("law", "reduced", "slug"),
    [
        (("3", "ngày"), ("4", "ngày"), "reduced-limit-longer"),
        (("", ""), ("4", "ngày"), "reduced-limit-alone"),
        (("0", "ngày"), ("4", "ngày"), "reduced-limit-alone"),
    ],
)
def test_a_limit_that_reduces_nothing_is_refused(law: tuple[str, str], reduced: tuple[str, str], slug: str) -> None:
    text = f"name,time_limit_value,time_limit_unit,reduced_limit_value,reduced_limit_unit\nA,{law[0]},{law[1]},"
    read = read_catalogue(f"{text}{reduced[0]},{reduced[1]}\nB,,,,\n".encode())
    assert refused(read) == [(2, slug)]
    assert [procedure.name for procedure in read.procedures] == ["B"]
    assert read.doubtful == []


def test_a_workbook_is_read_like_a_csv_and_its_sheet_of_papers_with_it() -> None:
    book = workbook(
        Danh__mục=[
            ["Code", "NAME", "time_limit_value", "time_limit_unit", "fee_vnd"],
            [1.01446, "A", 3, "ngày", 8000.0],
        ],
        Thành__phần__HỒ__SƠ=[["code", "number", "name"], [1.01446, 1, "Tờ khai"]],
    )
    [procedure] = read_catalogue(book).procedures
    assert (procedure.code, procedure.limit_value, procedure.fee_vnd) == ("1.014460", 3.0, 8000)
    assert [paper.name for paper in procedure.papers] == ["Tờ khai"]


FACTS = ["code", "level", "time_limit_value", "time_limit_unit", "fee_vnd", "result", "field"]


@given(st.permutations([*COLUMNS, "x"]), st.sets(st.sampled_from(FACTS)), st.booleans())
def test_missing_cells_and_missing_columns_say_the_same_in_any_order(
    columns: list[str], missing: set[str], as_workbook: bool
) -> None:
    def content(kept: list[str], values: dict[str, str]) -> bytes:
        rows = [[name.upper().replace("_", " ") for name in kept], [values.get(name) for name in kept]]
        text = "\n".join(";".join(value or "" for value in line) for line in rows)
        return workbook(A=rows) if as_workbook else text.encode()

    blank = read_catalogue(
        content(columns, {name: "" if name in missing else value for name, value in COLUMNS.items()})
    )
    absent = read_catalogue(content([name for name in columns if name not in missing], COLUMNS))
    assert blank.procedures == absent.procedures
    assert (blank.refused, blank.doubtful) == (absent.refused, absent.doubtful) == ([], blank.doubtful)


def test_a_repeated_code_is_refused_and_the_first_one_stays() -> None:
    read = read_catalogue(file(row(), row(name="Khác", code=" 1.014466 .H12 "), row(code="1.014467")))
    assert refused(read) == [(3, "code-repeated")]
    assert "dòng 2" in read.refused[0].reason
    assert read.procedures[0].name == "Đăng ký khai sinh"


@pytest.mark.parametrize("code", ["1.014466. H12", " 1.0144 66.H12", "1.014466.h12", "1.014466\u00a0.H12"])
def test_stray_spaces_in_a_code_are_removed(code: str) -> None:
    assert read_catalogue(file(row(code=code))).procedures[0].code == "1.014466.H12"


def test_a_row_without_a_code_gets_a_stable_one_from_its_name_however_it_is_composed() -> None:
    names = ["Đăng ký khai sinh", unicodedata.normalize("NFD", "Đăng ký khai sinh"), "  Đăng ký khai sinh "]
    codes = {read_catalogue(file(row(code="", name=name))).procedures[0].code for name in names}
    assert len(codes) == 1
    assert codes.pop().startswith("X.")
    other = read_catalogue(file(row(code="", name="Đăng ký khai tử"))).procedures[0].code
    assert other not in codes


def test_a_name_over_several_lines_does_not_shift_what_follows() -> None:
    read = read_catalogue(file(row(name="Khai\nsinh"), row(name="", code="1.014467"), row(code="1.014468")))
    assert refused(read) == [(4, "name-missing")]
    assert len(read.procedures) == 2


@pytest.mark.parametrize(
    ("text", "fee"),
    [("8.000", 8000), ("700,000", 700_000), ("0", 0), ("", None), ("theo biểu", None), ("8.5", None), ("8.0000", None)],
)
def test_a_fee_is_a_whole_number_or_unknown_and_then_named(text: str, fee: int | None) -> None:
    read = read_catalogue(file(row(fee_vnd=text)))
    assert read.procedures[0].fee_vnd == fee
    assert [doubt.slug for doubt in read.doubtful] == (["fee-unknown"] if text and fee is None else [])


def test_agencies_are_those_of_the_steps_else_who_implements_else_who_decides_else_the_district() -> None:
    rows = [
        row(code="1.000001", agencies_in_steps="A; B ;A;;C", implementing_agency="I"),
        row(code="1.000002", agencies_in_steps=" ; ", implementing_agency="I", deciding_agency="D"),
        row(code="1.000003", implementing_agency="", deciding_agency="D"),
        row(code="1.000004", implementing_agency=""),
    ]
    read = read_catalogue(file(*rows, columns=[*COLUMNS, "agencies_in_steps", "deciding_agency"]))
    assert [p.agencies for p in read.procedures] == [("A", "B", "C"), ("I",), ("D",), (DISTRICT,)]


CELLS = st.text(max_size=30) | st.sampled_from(["0", "3", "1.014466", "ngày", "tháng", "A;B", '"', "\x00", "x" * 600])


@given(st.lists(st.fixed_dictionaries({name: CELLS for name in COLUMNS}), max_size=4))
def test_whatever_is_in_the_cells_each_accepted_row_can_be_published(rows: list[dict[str, str]]) -> None:
    """What the file reader accepts must never fail later: the whole import would stop there."""
    try:
        content = file(*rows)
    except (UnicodeEncodeError, csv.Error):
        return
    try:
        read = read_catalogue(content)
    except Invalid:
        return
    for procedure in read.procedures:
        work = Work("/intake", AT)
        command = PublishProcedure(procedure)
        work.begin(Cause("c"))
        for ref in command.needs():
            work._held[ref] = _absent()
        assert command.decide(work, AT) == "added"
        work.keep()
        assert ProcedurePublished.parse(work._events[0]["body"])


def _absent() -> object:
    from services.kit.work import _Held

    return _Held(False, 0, 0, None, None)
