"""What intake adds to the console: the checker's verdicts, and a catalogue file looked at before it counts."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from services.intake.console.catalogue import PATH
from services.intake.store import CATALOGUE_FILES
from services.kit.files import FILES
from services.kit.ids import new_id
from services.kit.web.forms import CSRF, FORM_KEY
from tests.component.catalogue_fixtures import ROWS, csv_of, papers_of
from tests.component.console_fixtures import HOME, seen
from tests.component.console_fixtures import inspector as inspector
from tests.component.console_fixtures import operator as operator
from tests.component.pages_fixtures import Browser
from tests.component.service_fixtures import Intake, now

BIRTH, BUILDING, WEDDING = ROWS
BAD = csv_of(ROWS | {BUILDING: "Cấp giấy phép xây dựng,,,20,ngày,30,ngày,"})


async def upload(browser: Browser, content: bytes, name: str = "danh-muc.csv", **typed: str) -> Any:
    fields = {CSRF: browser.csrf, "part": "procedures"} | typed
    return await browser.http.post(f"{PATH}/tep", data=fields, files={"file": (name, content)})


async def uploaded(browser: Browser, content: bytes, **more: Any) -> tuple[str, str]:
    """The id of a file, and the address of its preview."""
    reply = await upload(browser, content, **more)
    assert reply.status_code == 303, reply.text
    to: str = reply.headers["location"]
    return to.partition("id=")[2], to


async def procedures(intake: Intake) -> set[str]:
    return {row["_id"] for row in await intake.documents("procedures")} & set(ROWS)


class TestVerdicts:
    async def kept(self, intake: Intake, **changes: Any) -> None:
        verdict = {
            "_id": new_id(), "version": 1, "mode": "full", "at": now(), "seconds": 1.25, "clean": True,
            "counts": dict.fromkeys(("lost", "duplicated", "orphan", "out_of_order", "stuck", "statistics"), 0),
            "rules": {}, "seen": {"dossiers": 1234}, "notes": [], "findings": [], "found": 0,
        }  # fmt: skip
        await intake.mongo.collection("checks").insert_one(verdict | changes)

    async def test_none_yet(self, operator: Browser) -> None:
        assert "Chưa lần nào đối chiếu" in await seen(operator, f"{HOME}/kiem-tra")
        assert "Chưa lần nào đối chiếu" in await seen(operator, HOME)

    async def test_clean(self, intake: Intake, operator: Browser, inspector: Browser) -> None:
        await self.kept(intake)
        for browser in (operator, inspector):
            page = await seen(browser, f"{HOME}/kiem-tra")
            assert "Không sai lệch." in page
            assert "1.234 hồ sơ" in page
        assert "Không sai lệch" in await seen(operator, HOME)

    async def test_the_last_one_counts_and_says_what_was_found(self, intake: Intake, operator: Browser) -> None:
        await self.kept(intake, at=now() - timedelta(hours=3))
        finding = {"kind": "lost", "rule": "event-missing", "subject": "<b>H12</b>", "detail": "", "about": ""}
        await self.kept(intake, clean=False, found=60, findings=[finding], counts={"lost": 60})
        page = await seen(operator, f"{HOME}/kiem-tra")
        assert "Có 60 sai lệch" in page
        assert "… và 59 mục nữa" in page
        assert "<b>H12</b>" not in (await operator.get(f"{HOME}/kiem-tra")).text
        assert "Có sai lệch" in await seen(operator, HOME)


class TestTheCatalogue:
    async def test_is_looked_at_row_by_row_and_then_published(self, intake: Intake, operator: Browser) -> None:
        id, path = await uploaded(operator, csv_of())
        page = await seen(operator, path)
        assert "Công bố 3 thủ tục" in page
        assert all(code in page for code in ROWS)
        assert await procedures(intake) == set()
        reply = await operator.post(f"{PATH}/nap", {"id": id})
        assert (reply.status_code, reply.headers["location"]) == (303, PATH)
        assert await procedures(intake) == set(ROWS)
        page = await seen(operator, PATH)
        assert "Đã công bố: 3 thủ tục mới, 0 thủ tục thay đổi" in page
        assert "person.op" in page
        assert "Không có gì mới để công bố" in await seen(operator, path)

    async def test_the_same_click_twice_publishes_once(self, intake: Intake, operator: Browser) -> None:
        id, _ = await uploaded(operator, csv_of())
        for _ in range(2):
            assert (await operator.post(f"{PATH}/nap", {"id": id, FORM_KEY: "form-key-1"})).status_code == 303
        assert len([row for row in await intake.documents("procedure_versions") if row["_id"].startswith(BIRTH)]) == 1

    async def test_what_changes_is_named(self, operator: Browser) -> None:
        id, _ = await uploaded(operator, csv_of())
        await operator.post(f"{PATH}/nap", {"id": id})
        changed = csv_of(ROWS | {BUILDING: "Cấp giấy phép xây dựng,Hoạt động xây dựng,xã,20,ngày,10,ngày,Giấy phép"})
        _, path = await uploaded(operator, changed)
        page = await seen(operator, path)
        assert "level, limit_value" in page
        assert "Công bố 1 thủ tục" in page

    async def test_a_refused_row_stops_it_until_it_is_left_out(self, intake: Intake, operator: Browser) -> None:
        id, path = await uploaded(operator, BAD)
        page = await seen(operator, path)
        assert "30 ngày" in page
        assert "Bỏ 1 dòng không nhận được" in page
        reply = await operator.post(f"{PATH}/nap", {"id": id})
        assert (reply.status_code, "chưa công bố gì" in reply.text) == (422, True)
        assert await procedures(intake) == set()
        assert (await operator.post(f"{PATH}/nap", {"id": id, "skip_refused": "true"})).status_code == 303
        assert await procedures(intake) == {BIRTH, WEDDING}

    async def test_papers_alone(self, operator: Browser) -> None:
        id, _ = await uploaded(operator, csv_of())
        await operator.post(f"{PATH}/nap", {"id": id})
        _, path = await uploaded(operator, papers_of(f"{BIRTH},1,Tờ khai,1,0,Mẫu 1,"), part="papers")
        assert "papers" in await seen(operator, path)

    async def test_its_report_as_a_table(self, operator: Browser) -> None:
        id, _ = await uploaded(operator, BAD)
        reply = await operator.get(f"{PATH}/bao-cao?id={id}")
        assert reply.headers["content-type"].startswith("text/csv")
        assert "reduced-limit-longer" in reply.text

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"%PDF-1.4", "a.pdf", "Đây không phải là bảng dữ liệu"),
            (b" ", "a.csv", "Tệp không có nội dung"),
            (b"a,b\n1,2", "a.csv", "f-file-wrong"),
            (csv_of(), "a.xlsx", "được gửi là XLSX nhưng nội dung là CSV"),
            (b"PK\x03\x04 broken", "a.xlsx", "f-file-wrong"),
        ],
    )
    async def test_a_file_that_is_no_catalogue(
        self, intake: Intake, operator: Browser, content: bytes, name: str, words: str
    ) -> None:
        reply = await upload(operator, content, name)
        assert (reply.status_code, words in html.unescape(reply.text)) == (422, True), reply.text
        assert await intake.documents(FILES) == []
        assert await intake.documents(CATALOGUE_FILES) == []

    async def test_no_file_and_no_part(self, operator: Browser) -> None:
        reply = await operator.post(f"{PATH}/tep", {"part": "procedures"})
        assert (reply.status_code, "Cần chọn một tệp" in reply.text) == (422, True)
        reply = await upload(operator, csv_of(), part="lost")
        assert (reply.status_code, "f-part-wrong" in reply.text) == (422, True)

    async def test_a_file_that_is_too_long(self, intake: Intake, operator: Browser) -> None:
        fields = {CSRF: operator.csrf, "part": "papers"}
        content = b"x" * (intake.settings.max_catalogue_bytes + 100_000)
        reply = await operator.http.post(
            f"{PATH}/tep", data=fields, files={"file": ("a.csv", content)}, headers={"accept": "text/html"}
        )
        assert (reply.status_code, 'id="f-file-wrong"' in reply.text) == (422, True)
        assert 'value="papers" checked' in reply.text
        assert await intake.documents(CATALOGUE_FILES) == []

    async def test_hostile_names_and_cells_are_text(self, operator: Browser) -> None:
        rows = {BIRTH: "<script>alert(1)</script>,Hộ tịch,xã,1,ngày,,,Giấy"}
        _, path = await uploaded(operator, csv_of(rows), name="../../<script>x.csv")
        for address in (path, PATH):
            assert "<script>" not in re.sub(
                r'<script src="/static[^>]*></script>', "", (await operator.get(address)).text
            )

    async def test_no_other_file_of_the_house_is_read(self, intake: Intake, operator: Browser) -> None:
        await intake.mongo.collection(FILES).insert_one({"_id": "elsewhere", "metadata": {"sha256": ""}})
        for path in (f"{PATH}/xem?id=elsewhere", f"{PATH}/bao-cao?id=elsewhere", f"{PATH}/xem?id=x", f"{PATH}/xem"):
            await seen(operator, path, 404)
        assert (await operator.post(f"{PATH}/nap", {"id": "elsewhere"})).status_code == 404

    async def test_a_file_that_was_swept_away(self, intake: Intake, operator: Browser) -> None:
        id, path = await uploaded(operator, csv_of())
        await intake.mongo.collection(FILES).delete_one({"_id": id})
        assert "nay không còn" in await seen(operator, path)
        assert (await operator.post(f"{PATH}/nap", {"id": id})).status_code == 404

    async def test_an_inspector_looks_and_changes_nothing(
        self, intake: Intake, operator: Browser, inspector: Browser
    ) -> None:
        id, path = await uploaded(operator, csv_of())
        for address in (path, PATH):
            assert f'action="{PATH}' not in (await inspector.get(address)).text
        assert (await inspector.post(f"{PATH}/nap", {"id": id})).status_code == 403
        assert (await upload(inspector, csv_of())).status_code == 403
        assert await procedures(intake) == set()
