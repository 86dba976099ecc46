"""Reading required papers (thành phần hồ sơ): a list is taken whole or not at all, and a bad row has its line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Invalid
from services.intake.catalogue import CatalogueFile, read_catalogue, read_papers
from services.intake.domain.procedure import MOST_PAPERS, Paper
from services.intake.tables import Kind
from tests.unit.intake.xlsx_fixtures import workbook

CODE, OTHER = "1.014466", "1.014467"
HEADER = ["code", "number", "name", "originals", "copies", "form", "case"]
DOCUMENT = {"group": "", "name": "Tờ khai", "originals": 1, "copies": 0, "form": "Mẫu 1", "form_url": "http://x"}


def table(*rows: list[Any]) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in [HEADER, *rows]).encode()


def line(code: str = CODE, *documents: dict[str, Any], **more: Any) -> bytes:
    return (json.dumps({"code": code, "documents": list(documents), **more}, ensure_ascii=False) + "\n").encode()


def papers(file: CatalogueFile) -> dict[str, tuple[Paper, ...] | None]:
    return {entry.code: entry.papers for entry in file.entries}


def refused(file: CatalogueFile) -> list[tuple[int, str, str, str]]:
    return [(row.line, row.slug, row.part, row.code) for row in file.refused]


def test_a_table_gives_each_procedure_its_papers_in_the_order_of_their_numbers() -> None:
    rows = [
        [CODE, 2, "Giấy chứng sinh", 1, 0, "", ""],
        [OTHER, 1, "Đơn", "", "02", "Mẫu 2", "Người nước ngoài"],
        [f" {CODE} ", 1, "Tờ khai", 1, "", "Mẫu 1", ""],
    ]
    expected = {
        CODE: (Paper("Tờ khai", 1, 0, "Mẫu 1"), Paper("Giấy chứng sinh", 1, 0)),
        OTHER: (Paper("Đơn", 0, 2, "Mẫu 2", "Người nước ngoài"),),
    }
    assert papers(read_papers(table(*rows))) == papers(read_papers(workbook(X=[HEADER, *rows]))) == expected


def test_lines_of_json_give_the_case_as_group_and_no_documents_as_no_papers() -> None:
    grouped = DOCUMENT | {"group": "Trường hợp ủy quyền", "form": None, "copies": None}
    file = read_papers(line(CODE, DOCUMENT, grouped, name="x", quality="structured") + b"\n" + line(OTHER))
    assert papers(file) == {
        CODE: (Paper("Tờ khai", 1, 0, "Mẫu 1"), Paper("Tờ khai", 1, 0, "", "Trường hợp ủy quyền")),
        OTHER: (),
    }
    assert (file.refused, file.doubtful, file.procedures) == ([], [], [])


def test_a_long_name_is_cut_and_shows_it() -> None:
    [entry] = read_papers(line(CODE, DOCUMENT | {"name": "a" * 501, "group": "b" * 900, "form": "c" * 501})).entries
    assert entry.papers is not None
    [paper] = entry.papers
    assert (len(paper.name), len(paper.case), len(paper.form)) == (500, 500, 500)
    assert paper.name.endswith("a…")


@pytest.mark.parametrize("value", [100, 20251])
def test_a_count_that_makes_no_sense_is_left_out_and_named(value: int) -> None:
    for content in (line(CODE, DOCUMENT | {"copies": value}), table([CODE, 1, "Tờ khai", 1, value, "Mẫu 1", ""])):
        file = read_papers(content)
        assert papers(file) == {CODE: (Paper("Tờ khai", 1, 0, "Mẫu 1"),)}
        assert [(row.slug, row.part, row.code) for row in file.doubtful] == [("paper-count-unknown", "papers", CODE)]


def test_no_doubt_is_raised_about_a_list_that_is_not_taken() -> None:
    rows = [
        [f" {CODE}", 1, "Tờ khai", 2019, 0, "", ""],
        [OTHER, 1, "Đơn", 2019, 0, "", ""],
        [OTHER, 1, "Đơn", 1, 0, "", ""],
    ]
    assert [(row.line, row.code) for row in read_papers(table(*rows)).doubtful] == [(2, CODE)]
    bad = line(OTHER, DOCUMENT | {"copies": 2019}, DOCUMENT | {"name": ""})
    assert read_papers(line(CODE, DOCUMENT) + bad).doubtful == []


@pytest.mark.parametrize(
    ("bad", "slug"),
    [
        ([CODE, 2, "", 1, 0, "", ""], "paper-name-missing"),
        ([CODE, 1, "Lần nữa", 1, 0, "", ""], "paper-number-repeated"),
        ([CODE, "một", "Giấy", 1, 0, "", ""], "paper-number-malformed"),
        ([CODE, 0, "Giấy", 1, 0, "", ""], "paper-number-malformed"),
        (["x", 1, "Giấy", 1, 0, "", ""], "code-malformed"),
        (["", 1, "Giấy", 1, 0, "", ""], "code-malformed"),
    ],
)
def test_a_list_with_a_bad_row_is_not_taken_because_a_hole_would_renumber_it(bad: list[Any], slug: str) -> None:
    file = read_papers(table([CODE, 1, "Tờ khai", 1, 0, "", ""], bad, [OTHER, 1, "Đơn", 1, 0, "", ""]))
    code = str(bad[0])
    assert refused(file) == [(3, slug, "papers", code)]
    assert set(papers(file)) == ({OTHER} if code == CODE else {CODE, OTHER})


@pytest.mark.parametrize(
    ("bad", "slug"),
    [
        (b"{not json}\n", "line-malformed"),
        (b'{"documents": []}\n', "line-malformed"),
        (b'{"code": "1.014466", "documents": {}}\n', "line-malformed"),
        (b'{"code": "1.014466", "documents": [{"name": "\\ud800"}]}\n', "line-malformed"),
        (b'{"code": "1.014466", "documents": [{"name": "A", "copies": -1}]}\n', "line-malformed"),
        (line(CODE, DOCUMENT | {"name": " "}), "paper-name-missing"),
        (line("x", DOCUMENT), "code-malformed"),
        (line(OTHER, DOCUMENT), "code-repeated"),
        (line(CODE, *[DOCUMENT] * (MOST_PAPERS + 1)), "papers-too-many"),
    ],
)
def test_a_bad_line_of_json_is_refused_alone(bad: bytes, slug: str) -> None:
    file = read_papers(line(OTHER, DOCUMENT) + bad + line("1.014468", DOCUMENT))
    assert [(row.line, row.slug) for row in file.refused] == [(2, slug)]
    assert set(papers(file)) == {OTHER, "1.014468"}


def test_two_hundred_papers_are_a_list_and_one_more_is_refused() -> None:
    rows = [[CODE, number, "Giấy", 1, 0, "", ""] for number in range(1, MOST_PAPERS + 2)]
    assert len(papers(read_papers(table(*rows[:-1])))[CODE] or ()) == MOST_PAPERS
    file = read_papers(table(*rows))
    assert (papers(file), refused(file)) == ({}, [(MOST_PAPERS + 2, "papers-too-many", "papers", CODE)])


@pytest.mark.parametrize(
    ("content", "says", "slug"),
    [
        (b"", None, "file-empty"),
        (b"code,name,field\n1.014466,A,B\n", None, "column-missing"),
        (line(CODE, DOCUMENT), Kind.CSV, "file-type-differs"),
        (b'\xff\xfe{"code"', None, "file-not-utf8"),
        (b'{"code": "\xff"}', None, "file-not-utf8"),
        (b"{\n" * 50_001, None, "file-too-long"),
    ],
)
def test_a_file_that_is_no_list_of_papers_is_refused_as_a_whole(content: bytes, says: Kind | None, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_papers(content, says=says)
    assert caught.value.slug == slug


def test_a_second_file_gives_the_procedures_their_papers_and_who_is_not_in_it_keeps_his() -> None:
    procedures = f"code,name\n{CODE},A\n{OTHER},B\n".encode()
    file = read_catalogue(procedures, line(CODE, DOCUMENT) + line("1.014468", DOCUMENT))
    listed = (Paper("Tờ khai", 1, 0, "Mẫu 1"),)
    assert papers(file) == {CODE: listed, OTHER: None, "1.014468": listed}
    assert [(p.code, p.papers) for p in file.procedures] == [(CODE, listed), (OTHER, ())]
    assert [(entry.part, entry.line) for entry in file.entries] == [("procedures", 2), ("procedures", 3), ("papers", 2)]


def test_papers_in_the_workbook_and_in_a_second_file_are_refused() -> None:
    book = workbook(A=[["name"], ["A"]], Papers=[HEADER, [CODE, 1, "Tờ khai"]])
    assert read_catalogue(book).entries[1].papers == (Paper("Tờ khai"),)
    with pytest.raises(Invalid) as caught:
        read_catalogue(book, line(CODE, DOCUMENT))
    assert caught.value.slug == "papers-twice"


ANY = st.none() | st.integers(-3, 10**9) | st.text(max_size=8) | st.sampled_from([CODE, OTHER, "1", "01", "Tờ khai"])


@given(st.permutations(HEADER), st.lists(st.fixed_dictionaries(dict.fromkeys(HEADER, ANY)), max_size=5))
def test_every_row_is_taken_or_refused_whatever_the_order_of_columns(
    columns: list[str], rows: list[dict[str, Any]]
) -> None:
    """None is lost: it is on a list that is taken, or refused, or beside one that is refused."""
    clean = [{name: _printable(value) for name, value in row.items()} for row in rows]
    content = workbook(A=[columns, *([row[name] for name in columns] for row in clean)])
    file = read_papers(content)
    again = read_papers(workbook(A=[HEADER, *([row[name] for name in HEADER] for row in clean)]))
    assert (papers(file), refused(file)) == (papers(again), refused(again))
    taken, broken, lines = set(papers(file)), {row.code for row in file.refused}, {row.line for row in file.refused}
    assert not taken & broken
    for number, row in enumerate(clean, start=2):
        if any(str(value).strip() for value in row.values() if value is not None):
            assert number in lines or "".join(str(row["code"]).split()) in taken | broken


def _printable(value: Any) -> Any:
    """openpyxl writes no control characters and no lone surrogates, and takes `=` for a formula."""
    if not isinstance(value, str):
        return value
    return "".join(c for c in value if c.isprintable() and not "\ud800" <= c <= "\udfff").lstrip("=")
