"""Importing a catalogue: judged and published as a whole or not at all; an open dossier keeps its version."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.types import LimitUnit
from services.intake.catalogue import Entry, read_catalogue
from services.intake.commands.import_catalogue import import_catalogue
from services.intake.domain.procedure import Paper
from services.intake.tables import MOST_BYTES
from services.kit.outbox import MOST_EVENTS, OUTBOX
from tests.component.catalogue_fixtures import ROWS, CatalogueApi, csv_of, papers_of
from tests.component.catalogue_fixtures import catalogue as catalogue
from tests.unit.intake.xlsx_fixtures import workbook

BIRTH, BUILDING, WEDDING = ROWS
NOTHING = {"procedures": 0, "procedure_versions": 0, "catalogue": 0, "outbox": 0}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REAL = os.environ.get("CATALOGUE", "")
REAL_PAPERS = os.environ.get("PAPERS", "")


def outcomes(report: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(row["line"], row["code"], row["outcome"]) for row in report["rows"]]


async def test_only_operators_import(catalogue: CatalogueApi) -> None:
    for path in ("/v1/catalogue/imports", "/v1/catalogue/imports/papers"):
        assert (await catalogue.http.post(path, content=csv_of())).status_code == 401
        reply = await catalogue.http.post(path, content=csv_of(), headers=catalogue.counter)
        assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
    assert await catalogue.stored() == NOTHING


async def test_a_dry_run_says_row_by_row_what_the_import_then_does(catalogue: CatalogueApi) -> None:
    first = (await catalogue.send(csv_of(), dry_run="true")).json()
    assert outcomes(first) == [(2, BIRTH, "added"), (3, BUILDING, "added"), (4, WEDDING, "added")]
    assert (first["dry_run"], first["stored"], first["added"]) == (True, False, 3)
    assert await catalogue.stored() == NOTHING
    done = (await catalogue.send(csv_of())).json()
    assert (done["stored"], done["rows"]) == (True, first["rows"])
    changed = csv_of(ROWS | {BUILDING: "Cấp giấy phép xây dựng,Hoạt động xây dựng,xã,20,ngày,10,ngày,Giấy phép"})
    changed += b"\n1.000004,B,,,0,ng\xc3\xa0y"
    second = (await catalogue.send(changed, dry_run="true")).json()
    assert outcomes(second) == [
        (2, BIRTH, "unchanged"), (3, BUILDING, "changed"), (4, WEDDING, "unchanged"), (5, "1.000004", "added"),
        (5, "1.000004", "doubtful"),
    ]  # fmt: skip
    assert second["rows"][1]["fields"] == ["level", "limit_value"]
    assert (second["rows"][4]["slug"], second["without_limit"]) == ("limit-unknown", 1)
    before = await catalogue.stored()
    assert (await catalogue.send(changed)).json()["rows"] == second["rows"]
    assert await catalogue.stored() == {"procedures": 4, "procedure_versions": 5, "catalogue": 1, "outbox": 2}
    assert before["outbox"] == 1


async def test_the_same_file_again_changes_nothing(catalogue: CatalogueApi) -> None:
    papers = papers_of(f"{BIRTH},1,Tờ khai,1,0,Mẫu 1,", f"{BIRTH},2,Ủy quyền,1,0,,Khai thay")
    await catalogue.load(csv_of(), papers)
    before = await catalogue.stored()
    report = await catalogue.load(csv_of(), papers)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 3)
    assert await catalogue.stored() == before


async def test_a_refused_row_stops_the_whole_file_and_is_named_with_its_line_and_a_sentence(
    catalogue: CatalogueApi,
) -> None:
    bad = csv_of(ROWS | {BUILDING: "Cấp giấy phép xây dựng,,,20,ngày,30,ngày,"})
    reply = await catalogue.send(bad)
    problem = reply.json()
    assert (reply.status_code, problem["slug"]) == (422, "rows-refused")
    assert "skip_refused" in problem["detail"]
    [row] = [row for row in problem["report"]["rows"] if row["outcome"] == "refused"]
    assert (row["line"], row["code"], row["slug"]) == (3, BUILDING, "reduced-limit-longer")
    assert "30 ngày" in row["reason"]
    assert problem["report"]["stored"] is False
    assert await catalogue.stored() == NOTHING
    dry = await catalogue.send(bad, dry_run="true")
    assert (dry.status_code, dry.json()["rows"]) == (200, problem["report"]["rows"])
    skipped = await catalogue.send(bad, skip_refused="true")
    assert (skipped.status_code, skipped.json()["stored"], skipped.json()["refused"]) == (200, True, 1)
    assert await catalogue.found() == [WEDDING, BIRTH]


async def test_when_one_procedure_cannot_be_published_none_is(catalogue: CatalogueApi) -> None:
    """Past the reader, which lets nothing like it through: the transaction itself is all or nothing."""
    file = read_catalogue(csv_of())
    last = file.entries[-1].procedure
    assert last is not None
    file.entries[-1] = Entry(4, last.code, replace(last, name="x" * 501))
    with pytest.raises(ValidationError):
        await import_catalogue(catalogue.committer, file)
    assert await catalogue.stored() == NOTHING


async def test_of_two_imports_at_once_one_comes_after_the_other_as_a_whole(catalogue: CatalogueApi) -> None:
    def file(result: str) -> bytes:
        return csv_of({f"1.{number:06d}": f"Thủ tục {number},X,xã,,,,,{result}" for number in range(1, 151)})

    await asyncio.gather(*(catalogue.load(file(result)) for result in ("A", "B", "C")))
    stored = [d async for d in catalogue.mongo.collection("procedures").find({})]
    assert len({(d["result"], d["version"]) for d in stored}) == 1
    assert (len(stored), stored[0]["version"]) == (150, 3)
    assert (await catalogue.stored())["procedure_versions"] == 450


async def test_an_open_dossier_finds_the_version_it_was_filed_under(catalogue: CatalogueApi) -> None:
    await catalogue.load(csv_of(), papers_of(f"{BUILDING},1,Đơn,1,2,Mẫu 1,Nhà ở"))
    await catalogue.load(csv_of(ROWS | {BUILDING: "Giấy phép,Xây dựng,xã,10,ngày,,,"}))
    url = f"/v1/procedures/{BUILDING}"
    current = (await catalogue.http.get(url)).json()
    first = (await catalogue.http.get(url, params={"version": "1"})).json()
    assert (current["version"], current["name"], current["limit_text"]) == (2, "Giấy phép", "10 ngày")
    assert current["statutory_limit_text"] == "10 ngày"
    assert (first["version"], first["limit_text"], first["statutory_limit_text"]) == (1, "15 ngày", "20 ngày")
    assert first["papers"] == current["papers"] == [
        {"number": 1, "name": "Đơn", "originals": 1, "copies": 2, "form": "Mẫu 1", "case": "Nhà ở"}
    ]  # fmt: skip
    for query, slug in (({"version": "3"}, "procedure-version-unknown"), ({"version": "0"}, "request-invalid")):
        assert (await catalogue.http.get(url, params=query)).json()["slug"] == slug
    unknown = await catalogue.http.get("/v1/procedures/9.999999", params={"version": "1"})
    assert (unknown.status_code, unknown.json()["slug"]) == (404, "procedure-version-unknown")


async def test_a_file_without_papers_leaves_them_and_a_list_of_papers_leaves_the_rest(catalogue: CatalogueApi) -> None:
    await catalogue.load(csv_of(), papers_of(f"{BIRTH},1,Tờ khai,1,0,,"))
    assert (await catalogue.load(csv_of())).unchanged == 3
    brought = papers_of(f"{BIRTH},1,Tờ khai mới,1,0,,", f"{WEDDING},1,Tờ khai,1,0,,")
    report = (await catalogue.send(brought, "/papers")).json()
    assert [(row["part"], row["code"], row["outcome"], row["fields"]) for row in report["rows"]] == [
        ("papers", BIRTH, "changed", ["papers"]), ("papers", WEDDING, "changed", ["papers"])
    ]  # fmt: skip
    birth = await catalogue.procedure(BIRTH)
    assert (birth.version, birth.name, birth.papers) == (2, "Đăng ký khai sinh", (Paper("Tờ khai mới", 1),))
    emptied = json.dumps({"code": BIRTH, "documents": []}).encode()
    assert (await catalogue.send(emptied, "/papers", {"Content-Type": "application/x-ndjson"})).json()["changed"] == 1
    assert (await catalogue.procedure(BIRTH)).papers == ()


async def test_papers_of_a_procedure_that_nobody_knows_are_refused(catalogue: CatalogueApi) -> None:
    await catalogue.load(csv_of())
    before = await catalogue.stored()
    papers = papers_of(f"{BIRTH},1,Tờ khai,1,0,,", "9.999999,1,Tờ khai,1,0,,")
    reply = await catalogue.send(papers, "/papers")
    assert (reply.status_code, reply.json()["slug"]) == (422, "rows-refused")
    [row] = [row for row in reply.json()["report"]["rows"] if row["outcome"] == "refused"]
    assert (row["part"], row["line"], row["code"], row["slug"]) == ("papers", 3, "9.999999", "procedure-unknown")
    assert await catalogue.stored() == before


async def test_what_is_published_tells_partners_of_limits_level_result_and_papers(catalogue: CatalogueApi) -> None:
    await catalogue.load(csv_of(), papers_of(f"{BUILDING},1,Đơn,1,0,,", f"{BUILDING},2,Bản vẽ,2,0,,"))
    told = {event["subject"]: json.loads(event["body"]) for event in await catalogue.events()}
    assert set(told) == set(ROWS)
    building = told[BUILDING]
    assert (building["limit_value"], building["limit_unit"]) == (15.0, LimitUnit.CALENDAR_DAYS)
    assert (building["statutory_limit_value"], building["statutory_limit_unit"]) == (20.0, "calendar_days")
    assert (building["level"], building["result"], building["version"]) == ("huyện;xã", "Giấy phép", 1)
    assert building["papers"] == ["Đơn", "Bản vẽ"]
    assert told[BIRTH].get("statutory_limit_value") is None


async def test_a_large_catalogue_is_one_transaction_whose_outbox_is_cut_into_documents(catalogue: CatalogueApi) -> None:
    """200 papers with the longest names: about 130 KB an event, and no document may come near MongoDB's 16 MB."""
    rows = {f"1.{number:06d}": f"Thủ tục {number},X,xã,,,,," for number in range(1, 2 * MOST_EVENTS + 2)}
    documents = [{"name": "Giấy tờ rất dài " * 40, "originals": 1} for _ in range(200)]
    large = "\n".join(json.dumps({"code": f"1.{number:06d}", "documents": documents}) for number in range(1, 61))
    report = await catalogue.load(csv_of(rows), large.encode())
    assert report.added == len(rows)
    written = [d async for d in catalogue.mongo.collection(OUTBOX).find({}).sort("_id", 1)]
    assert sum(len(d["events"]) for d in written) == len(rows)
    sizes = [sum(len(event["body"]) for event in d["events"]) for d in written]
    assert max(sizes) < 5 * 1024 * 1024 < sum(sizes)
    assert [event["subject"] for d in written for event in d["events"]] == list(rows)


@pytest.mark.parametrize(
    ("content", "media_type", "slug"),
    [
        (b"", "text/csv", "file-empty"),
        (b"code,field\n1.000001,X\n", "text/csv", "column-missing"),
        (csv_of(), XLSX, "file-type-differs"),
        (workbook(A=[["name"], ["A"]]), "text/csv", "file-type-differs"),
        (workbook(A=[["name"], ["A"]])[:-400], XLSX, "file-malformed"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, XLSX, "file-type-unknown"),
        ("name\nĐăng ký".encode("utf-16"), "text/csv", "file-not-utf8"),
        ("name\nKhai tử\n".encode() + "Đăng ky\u0301".encode("cp1258"), "text/csv; charset=utf-8", "file-not-utf8"),
        (papers_of(f"{BIRTH},1,Tờ khai,1,0,,"), "text/csv", "file-holds-papers"),
    ],
)
async def test_a_bad_file_is_refused_with_a_slug_and_a_sentence_and_nothing_is_stored(
    catalogue: CatalogueApi, content: bytes, media_type: str, slug: str
) -> None:
    reply = await catalogue.send(content, headers={"Content-Type": media_type})
    assert (reply.status_code, reply.json()["slug"]) == (422, slug)
    assert reply.json()["detail"].endswith(".")
    assert await catalogue.stored() == NOTHING


async def test_a_file_over_the_limit_is_refused_and_a_large_one_below_it_is_read(catalogue: CatalogueApi) -> None:
    reply = await catalogue.send(b"name\n" + b" " * MOST_BYTES)
    assert (reply.status_code, reply.json()["slug"], reply.json()["limit_bytes"]) == (413, "body-too-large", MOST_BYTES)
    usual = await catalogue.send(csv_of() + (b"\n" + b" " * 1000) * 1000, dry_run="true")
    assert (usual.status_code, usual.json()["added"]) == (200, 3)
    elsewhere = await catalogue.http.post("/v1/procedures", content=b" " * 300_000)
    assert elsewhere.status_code == 413


async def test_a_workbook_with_a_sheet_of_papers_is_imported_whole(catalogue: CatalogueApi) -> None:
    book = workbook(
        Danh__mục=[["Tên lạ", "NAME", "code"], [None, "Khai sinh", 1.00119]],
        Thành__phần__hồ__sơ=[["code", "number", "name", "copies"], ["1.001190", 1.0, "Tờ khai", 2]],
    )
    reply = await catalogue.send(book, headers={"Content-Type": XLSX})
    assert reply.json()["added"] == 1
    assert (await catalogue.procedure("1.001190")).papers == (Paper("Tờ khai", 0, 2),)


async def test_the_report_is_also_a_csv_in_which_no_name_is_a_formula(catalogue: CatalogueApi) -> None:
    content = csv_of({"1.000001": "=HYPERLINK(1),X,xã,,,,,"}) + b"\nx,B"
    reply = await catalogue.send(content, dry_run="true", report="csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.content.startswith(b"\xef\xbb\xbf")
    added, refused = csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig")))
    assert (added["line"], added["outcome"], added["name"]) == ("2", "added", "'=HYPERLINK(1)")
    assert (refused["line"], refused["outcome"], refused["slug"]) == ("3", "refused", "code-malformed")


@pytest.mark.skipif(not (REAL and REAL_PAPERS), reason="CATALOGUE and PAPERS name no files")
async def test_the_real_catalogue_is_imported_whole_in_one_transaction_and_again_without_change(
    catalogue: CatalogueApi,
) -> None:
    content, papers = Path(REAL).read_bytes(), Path(REAL_PAPERS).read_bytes()
    judged = await catalogue.judge(read_catalogue(content, papers))
    assert (judged.refused, judged.added > 900) == (0, True)
    report = await catalogue.load(content, papers)
    assert report.rows == judged.rows
    assert (await catalogue.stored())["procedures"] == report.added
    again = await catalogue.load(content, papers)
    assert (again.unchanged, again.added, again.changed) == (report.added, 0, 0)
    assert (await catalogue.found(q="dang ky khai s"))[0] == (await catalogue.found(q="Đăng ký khai sinh"))[0]
