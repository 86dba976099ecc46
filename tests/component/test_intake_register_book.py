"""The register of dossiers: one book a year, numbered in the order of receipt, as data, page and workbook."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from contracts.types import HandOverMethod, HandOverProof, ReceivedBy
from services.intake import http_books
from services.intake.domain.dossier import Dossier, HandOver, TimelineEntry
from services.intake.domain.people import Applicant
from services.intake.domain.status import Status
from services.intake.queries.register import BATCH, RegisterRow, register_rows
from services.intake.store import DOSSIERS
from services.kit.mongo.driver import ConnectionFailure
from tests.component.register_fixtures import XLSX
from tests.component.service_fixtures import COUNTER, OFFICE, OTHER_COUNTER, PHONE, Intake
from tests.component.slip_fixtures import desk
from tests.unit.intake.dossier_fixtures import dossier
from tests.unit.intake.slip_samples import REGISTER_COLUMNS

__all__ = ["desk"]
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
EVIL = ('=HYPERLINK("http://example.vn","x")', "+84 901", "-1+1", "@SUM(A1)", "\tTab", 'Chữ \x0b lạ "và" <b>thẻ</b>')


def one(number: int, at: datetime, **changes: Any) -> Dossier:
    values = {"code": f"{COUNTER}-{at:%y%m%d}-{number:04d}", "counter": COUNTER, "received_at": at} | changes
    return dossier(**({"due_at": at + timedelta(days=3)} | values))


async def keep(desk: Intake, *dossiers: Dossier) -> None:
    """Dossiers as they lie in the database, without the months it takes to register them."""
    documents = [DOSSIERS.to_document(d) | {"_id": d.code, "_v": 1, "_n": 0, "_e": None} for d in dossiers]
    await desk.mongo.collection("dossiers").insert_many(documents)


async def book(desk: Intake, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
    query = {name.rstrip("_"): value for name, value in query.items()}
    return await desk.http.get(f"/v1/registers/{COUNTER}", params={"year": 2026} | query, headers=headers or desk.desk)


async def numbers(desk: Intake, **query: Any) -> list[tuple[int, str]]:
    reply = await book(desk, **query)
    assert reply.status_code == 200, reply.text
    return [(row["number"], row["code"][-4:]) for row in reply.json()["rows"]]


@pytest.fixture
async def small(desk: Intake) -> Intake:
    """Five dossiers of two fields, of which two were received in one moment; one that was never received; one of 2025,
    one of another counter."""
    agency = (TimelineEntry(START, "transferred", agency=OFFICE, step=1),)
    handed = HandOver(START + timedelta(days=2), HandOverMethod.POST, ReceivedBy.OWNER, HandOverProof.POSTAL_RECEIPT)
    await keep(
        desk,
        one(1, START, timeline=agency),
        one(3, START + timedelta(hours=1), field="Đất đai"),
        one(2, START + timedelta(hours=1), status=Status.WITHDRAWN),
        one(4, START + timedelta(days=40), status=Status.RETURNED, returned_at=handed.at, hand_over=handed),
        one(5, datetime(2026, 12, 31, 16, 59, tzinfo=UTC), field="Đất đai"),
        one(6, START, due_at=None, status=Status.REGISTERED),
        one(7, datetime(2025, 12, 31, 16, 59, tzinfo=UTC)),
        one(8, datetime(2025, 12, 31, 17, 0, tzinfo=UTC), counter=OTHER_COUNTER),
    )
    return desk


async def test_the_register_is_for_the_counter_itself_and_for_operators(small: Intake) -> None:
    allowed = [await small.key("operator"), small.desk]
    denied = [await small.key(scope) for scope in (f"counter:{OTHER_COUNTER}", f"agency:{OFFICE}", "service")]
    for as_ in ("json", "html", "xlsx"):
        assert (await book(small, {"x": "y"}, as_=as_)).status_code == 401
        for headers in denied:
            reply = await book(small, headers, as_=as_)
            assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
        for headers in allowed:
            assert (await book(small, headers, as_=as_)).status_code == 200


async def test_a_years_book_counts_from_01_in_the_order_of_receipt_in_viet_nam(small: Intake) -> None:
    assert await numbers(small) == [(1, "0001"), (2, "0002"), (3, "0003"), (4, "0004"), (5, "0005")]
    assert await numbers(small, year=2025) == [(1, "0007")]
    assert await numbers(small, year=2024) == []


async def test_there_is_a_book_for_a_field_and_for_a_group_of_fields(small: Intake) -> None:
    assert await numbers(small, field="Đất đai") == [(1, "0003"), (2, "0005")]
    assert [number for number, _ in await numbers(small, field=["Đất đai", "Hộ tịch"])] == [1, 2, 3, 4, 5]
    assert await numbers(small, field="Không có") == []


async def test_some_days_of_a_book_keep_the_numbers_of_the_year(small: Intake) -> None:
    assert await numbers(small, from_="2026-04-01", to_="2026-04-30") == [(4, "0004")]
    assert await numbers(small, from_="2026-12-31") == [(5, "0005")]
    assert [number for number, _ in await numbers(small, to_="2026-03-02")] == [1, 2, 3]
    for since, until in (("2025-12-31", "2026-01-02"), ("2026-02-02", "2026-02-01"), ("2026-01-01", "2027-01-01")):
        reply = await book(small, from_=since, to_=until)
        assert (reply.status_code, reply.json()["slug"]) == (422, "register-period-invalid")


async def test_pages_follow_each_other_without_gap_or_repeat_also_within_one_moment(small: Intake) -> None:
    seen: list[tuple[int, str]] = []
    after: dict[str, Any] = {}
    for _ in range(5):
        page = (await book(small, limit=1, **after)).json()
        seen += [(row["number"], row["code"][-4:]) for row in page["rows"]]
        after = {"after": page["next_after"]}
    assert seen == await numbers(small)
    assert after == {"after": None}
    other = f"{COUNTER}-251231-0008"
    for unknown in (other, f"{COUNTER}-260101-0001"):
        assert (await book(small, after=unknown)).json()["slug"] == "dossier-unknown"


async def test_a_row_says_everything_of_the_form(small: Intake) -> None:
    reply = (await book(small, limit=500)).json()
    assert [column["label"] for column in reply["columns"]] == REGISTER_COLUMNS
    assert (reply["number"], reply["title"], reply["office"]) == (
        "07",
        "Sổ theo dõi hồ sơ",
        "Bộ phận Một cửa huyện Thử",
    )
    first, fourth = reply["rows"][0], reply["rows"][3]
    assert list(first) == [column["key"] for column in reply["columns"]]
    assert first["agency"] == "Phòng Kinh tế"
    assert first["address_phone"] == f"Ấp Thử; {PHONE}"
    assert (first["returned_at"], first["return_by"], first["signed"]) == (None, "trực tiếp", "")
    assert (fourth["return_by"], fourth["signed"]) == ("bưu chính", "biên nhận bưu chính")
    assert datetime.fromisoformat(fourth["returned_at"]) == START + timedelta(days=2)


async def test_the_workbook_opens_and_holds_the_columns_and_rows_of_the_form(small: Intake) -> None:
    reply = await book(small, as_="xlsx")
    assert reply.headers["content-type"] == XLSX
    assert reply.headers["content-disposition"] == f'attachment; filename="so-theo-doi-{COUNTER}-2026.xlsx"'
    assert int(reply.headers["content-length"]) == len(reply.content)
    sheet = openpyxl.load_workbook(io.BytesIO(reply.content)).active
    assert sheet is not None
    head, *rows = list(sheet.iter_rows(values_only=True))
    assert list(head) == REGISTER_COLUMNS
    assert [(row[0], str(row[1])[-4:]) for row in rows] == await numbers(small)
    assert rows[0][6] == datetime(2026, 3, 2, 8, 0)  # as on the wall in Viet Nam
    assert "Sổ theo dõi hồ sơ - Bộ phận Một cửa huyện Thử" in str(sheet.oddHeader.center.text)


async def test_what_people_typed_is_never_a_formula_in_the_workbook(desk: Intake) -> None:
    people = [Applicant("citizen", name, None, None, f"={name}") for name in EVIL]
    await keep(desk, *(one(n, START, applicant=p, procedure_name=p.full_name) for n, p in enumerate(people, start=1)))
    sheet = openpyxl.load_workbook(io.BytesIO((await book(desk, as_="xlsx")).content)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert all(cell.quotePrefix for cell in cells if isinstance(cell.value, str))
    assert [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        name.replace("\x0b", "\ufffd") for name in EVIL
    ]
    raw = (await book(desk, as_="html")).text
    assert "&lt;b&gt;thẻ&lt;/b&gt;" in raw
    assert "<b>" not in raw


async def test_signs_that_xml_cannot_say_leave_the_workbook_whole(desk: Intake) -> None:
    await keep(desk, one(1, START, applicant=Applicant("citizen", "A\ufffeB\uffffC")))
    sheet = openpyxl.load_workbook(io.BytesIO((await book(desk, as_="xlsx")).content)).active
    assert sheet is not None
    assert [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["A\ufffdB\ufffdC"]
    for field in ("x\x00", "\ufffe"):
        empty = openpyxl.load_workbook(io.BytesIO((await book(desk, as_="xlsx", field=field)).content)).active
        assert empty is not None
        assert empty.max_row == 1


@pytest.mark.parametrize("shape", ["xlsx", "html"])
async def test_a_book_that_breaks_off_is_no_book_and_leaves_no_file_with_names(
    small: Intake, shape: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def breaks_off(*args: Any) -> AsyncIterator[tuple[RegisterRow, ...]]:
        async for rows in register_rows(*args):
            yield rows
        assert shape == "html" or list(tmp_path.iterdir()), "openpyxl keeps its rows elsewhere: look there"
        raise ConnectionFailure("gone")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(http_books, "register_rows", breaks_off)
    reply = await book(small, as_=shape)
    assert (reply.status_code, reply.json()["slug"]) == (503, "unavailable")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert (await book(small, as_=shape)).status_code == 200
    assert list(tmp_path.iterdir()) == []


async def test_the_page_holds_every_row_under_the_columns_of_the_form(small: Intake) -> None:
    reply = await book(small, {**small.desk, "Accept": "text/html"})
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', reply.text)
    assert heads == REGISTER_COLUMNS
    assert re.findall('<td class="number">([^<]+)</td>', reply.text) == ["01", "02", "03", "04", "05"]
    assert '<main class="a4-landscape">' in reply.text
    assert "08:00 02/03/2026" in reply.text
    assert reply.text.rstrip().endswith("</html>")


async def test_a_book_of_many_batches_is_whole_in_every_shape(desk: Intake) -> None:
    """Quiet weeks, a busy day and hundreds in one moment (a register from paper knows only the day)."""
    count = 3 * BATCH
    quiet = [one(n, START + timedelta(days=n)) for n in range(1, 101)]
    busy = [one(n, START + timedelta(days=120, seconds=n)) for n in range(101, count - 300)]
    together = [one(n, START + timedelta(days=130)) for n in range(count - 300, count + 1)]
    await keep(desk, *quiet, *busy, *together)
    wanted = [(n, f"{n:04d}") for n in range(1, count + 1)]
    sheet = openpyxl.load_workbook(io.BytesIO((await book(desk, as_="xlsx")).content), read_only=True).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [(row[0], str(row[1])[-4:]) for row in rows] == wanted
    assert (await book(desk, as_="html")).text.count('<td class="number">') == count
    seen: list[tuple[int, str]] = []
    after: dict[str, Any] = {}
    while after.get("after", "") is not None:
        page = (await book(desk, limit=500, **after)).json()
        seen += [(row["number"], row["code"][-4:]) for row in page["rows"]]
        after = {"after": page["next_after"]}
    assert seen == wanted
