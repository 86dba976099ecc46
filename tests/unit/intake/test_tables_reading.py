"""Tables that people send: judged by what is in them; a bad file is refused as a whole with a word and a sentence."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from contracts.problems import Invalid
from services.intake.tables import Kind, kind_of, kind_of_media_type, kind_of_suffix, read_tables
from services.intake.tables.kinds import MOST_BYTES
from services.intake.tables.table import MOST_COLUMNS, MOST_ROWS
from tests.unit.intake.xlsx_fixtures import rewritten, workbook, zipped

OLD_CODE_PAGE = "Đăng ky\u0301".encode("cp1258")
SHEET = "xl/worksheets/sheet1.xml"
MANY_CELLS = b"<c/>" * 4_100_000
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


# Made once: a workbook holds the time it was made, and hypothesis wants the same data twice.
WHOLE = workbook(A=[["name"], *([f"Thủ tục {n}"] for n in range(300))])
SMALL = workbook(A=[["name", "code"], ["A", 1.5], ["B", date(2026, 1, 1)]])


def slug_of(content: bytes, says: Kind | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        read_tables(content, says=says)
    return caught.value.slug


def cells(content: bytes, **options: dict[str, int]) -> list[dict[str, str]]:
    [table] = read_tables(content, **options)  # type: ignore[arg-type]
    return [dict(row.cells) for row in table.rows]


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "file-empty"),
        (b"\xef\xbb\xbf \r\n", "file-empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file-type-unknown"),
        (b"%PDF-1.7\n", "file-type-unknown"),
        (b"\x89PNG\r\n\x1a\n", "file-type-unknown"),
        (b"\xff\xd8\xff\xe0", "file-type-unknown"),
        (b"\x1f\x8b\x08", "file-type-unknown"),
        (b'{"code": "1.014466"}', "file-type-unknown"),
        (zipped(word__document_xml=b"<x/>"), "file-type-unknown"),
        (b"PK\x05\x06" + b"\0" * 18, "file-type-unknown"),
        (b"a" * (MOST_BYTES + 1), "file-too-big"),
        ("name\nĐăng ký".encode("utf-16"), "file-not-utf8"),
        ("name\nĐăng ký".encode("utf-16-le"), "file-not-utf8"),
        ("name\nĐăng ký".encode("utf-16-be"), "file-not-utf8"),
        ("name\nKhai tử\n".encode() + OLD_CODE_PAGE, "file-not-utf8"),
        (b"name, Name\nA,B\n", "column-repeated"),
        (",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)).encode(), "file-too-wide"),
        (b"name\n" + b"x\n" * (MOST_ROWS + 1), "file-too-long"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_word(content: bytes, slug: str) -> None:
    assert slug_of(content) == slug


def test_a_file_in_the_old_code_page_is_refused_with_its_line_and_how_to_save_it_right() -> None:
    with pytest.raises(Invalid) as caught:
        read_tables("name\nKhai tử\n".encode() + OLD_CODE_PAGE)
    assert "Dòng 3" in caught.value.message
    assert "CSV UTF-8" in caught.value.message
    with pytest.raises(Invalid, match="UTF-16"):
        read_tables("name\nA".encode("utf-16"))


@pytest.mark.parametrize(
    ("content", "says", "slug"),
    [
        (b"name\nA\n", Kind.XLSX, "file-type-differs"),
        (workbook(A=[["name"], ["x"]]), Kind.CSV, "file-type-differs"),
        (b"name\nA\n", Kind.JSON_LINES, "file-type-differs"),
    ],
)
def test_a_file_whose_content_is_not_what_its_sender_says_is_refused(content: bytes, says: Kind, slug: str) -> None:
    assert slug_of(content, says) == slug
    assert kind_of(content, None) is not says


def test_what_a_sender_says_is_read_from_media_type_and_file_name() -> None:
    assert kind_of_media_type("Text/CSV; charset=utf-8") is Kind.CSV
    assert kind_of_media_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet") is Kind.XLSX
    assert kind_of_media_type("application/x-www-form-urlencoded") is kind_of_media_type(None) is None
    assert (kind_of_suffix(".XLSX"), kind_of_suffix(".jsonl"), kind_of_suffix(".txt")) == (
        Kind.XLSX, Kind.JSON_LINES, None,
    )  # fmt: skip


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_csv_may_be_parted_by_comma_semicolon_or_tab(sign: str) -> None:
    text = f'Name {sign} Time  Limit_Value\n\n{sign}\n"A{sign}B"{sign}3\n'
    assert cells(text.encode()) == [{"name": f"A{sign}B".replace("\t", " "), "time_limit_value": "3"}]


def test_text_is_composed_and_on_one_line_without_signs_that_nobody_sees() -> None:
    decomposed = unicodedata.normalize("NFD", "Đăng ký")
    assert cells(f'\ufeffname\n"{decomposed}\n  khai\u200b\x07 sinh\u00a0"\n'.encode()) == [
        {"name": "Đăng ký khai sinh"}
    ]
    assert cells(workbook(A=[["name"], [f"{decomposed}\nkhai  sinh "]])) == [{"name": "Đăng ký khai sinh"}]


def test_cells_of_a_workbook_are_read_as_a_person_reads_them() -> None:
    values = [3, 3.0, 0.1 + 0.2, 700000.0, True, None, "#N/A", date(2026, 3, 4), datetime(2026, 3, 4, 8), "x"]
    names = [f"c{n}" for n in range(len(values))]
    [row] = cells(workbook(A=[names, values]))
    assert row == {
        "c0": "3", "c1": "3", "c2": "0.3", "c3": "700000", "c4": "TRUE", "c7": "2026-03-04 00:00:00",
        "c8": "2026-03-04 08:00:00", "c9": "x",
    }  # fmt: skip


def test_a_code_typed_as_a_number_keeps_its_last_zeros() -> None:
    book = workbook(A=[["CODE", "other"], [2.00104, 2.00104], ["2.001040", 1], [7, 7]])
    [table] = read_tables(book, decimals={"code": 6})
    assert [(row["code"], row["other"]) for row in table.rows] == [
        ("2.001040", "2.00104"),
        ("2.001040", "1"),
        ("7", "7"),
    ]


def test_lines_are_those_of_the_sheet_and_rows_and_columns_without_content_are_passed_over() -> None:
    book = workbook(A=[[None], ["name", None, "code"], [None, "no column"], ["", None], ["A", None, "x"]])
    [table] = read_tables(book)
    assert [(row.line, dict(row.cells)) for row in table.rows] == [(5, {"name": "A", "code": "x"})]
    assert table.columns == {"name", "code"}


def test_hidden_and_empty_sheets_are_not_read_and_formulas_give_their_last_value() -> None:
    book = Workbook()
    shown = book.active
    assert shown is not None
    shown.title = "Shown"
    shown.append(["name", "sum"])
    shown.append(["A", "=1+1"])
    book.create_sheet("Empty")
    book.create_sheet("Hidden").append(["name"])
    book["Hidden"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    [table] = read_tables(out.getvalue())
    assert (table.name, dict(table.rows[0].cells)) == ("Shown", {"name": "A"})
    computed = rewritten(
        out.getvalue(), SHEET, lambda xml: xml.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")
    )
    assert cells(computed) == [{"name": "A", "sum": "2"}]
    assert slug_of(workbook(A=[])) == "file-empty"


@given(st.integers(min_value=30, max_value=4000))
def test_a_truncated_workbook_is_refused_wherever_it_was_cut(length: int) -> None:
    assert length < len(WHOLE)
    assert slug_of(WHOLE[:length]) == "file-malformed"


@given(st.data())
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(min_value=1, max_value=8))):
        content[data.draw(st.integers(min_value=4, max_value=len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Invalid):
        read_tables(bytes(content))


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        (lambda xml: xml + b" " * (70 * 1024 * 1024), "file-too-big"),
        (lambda xml: xml.replace(b"<sheetData>", b"<sheetData><row>" + MANY_CELLS + b"</row>"), "file-too-big"),
        (lambda xml: ENTITIES + xml.partition(b"?>")[2].replace(b"<v>0</v>", b"<v>&b;</v>"), "file-malformed"),
        (lambda xml: xml.replace(b'r="2"', b'r="99999999"').replace(b'"A2"', b'"A99999999"'), "file-too-long"),
        (lambda xml: xml[:-20], "file-malformed"),
        (lambda _: b"", "file-malformed"),
    ],
    ids=["long", "tags", "entities", "far-row", "cut", "empty"],
)  # fmt: skip
def test_a_bomb_is_refused_before_it_goes_off(change: object, slug: str) -> None:
    """What the archive and the sheet say of their sizes is not believed."""
    bomb = rewritten(workbook(A=[["name"], ["x"]]), SHEET, change)  # type: ignore[arg-type]
    assert len(bomb) < 200_000
    assert slug_of(bomb) == slug


@pytest.mark.parametrize(
    "inside",
    [
        b"<row>" + b"<c/>" * 30_000 + b"</row>",
        b"<x:row r='1'/>" + b"<mergeCell/>" * 30_000,
        b"<row " + b" ".join(b"a%d='1'" % n for n in range(10_000)) + b"/>",
    ],
    ids=["one row of many cells", "many parts after the rows", "one tag of many attributes"],
)
def test_a_sheet_that_packs_small_and_reads_large_is_refused_before_it_is_parsed(inside: bytes) -> None:
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s' % inside
    assert slug_of(rewritten(SMALL, SHEET, lambda _: sheet + b"</sheetData></worksheet>")) == "file-too-big"


def test_a_cell_in_the_last_column_of_the_sheet_fills_no_memory() -> None:
    """It is beyond the columns that are read: the header does not name it."""
    far = rewritten(workbook(A=[["name"], ["x"], ["y"]]), SHEET, lambda xml: xml.replace(b'r="A3"', b'r="XFD3"'))
    assert cells(far) == [{"name": "x"}]


def test_an_archive_of_very_many_parts_is_refused() -> None:
    out = io.BytesIO(workbook(A=[["name"]]))
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(600):
            archive.writestr(f"xl/media/{number}", b"")
    assert slug_of(out.getvalue()) == "file-too-big"
