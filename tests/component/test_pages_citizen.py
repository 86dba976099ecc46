"""The site for citizens: procedures, figures, suggestions. No signing in, no script."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from contracts.types import Channel, LimitUnit
from services.intake.commands.publish_procedure import PublishProcedure
from services.intake.domain.procedure import LimitRule, Paper
from services.intake.queries.public_figures import KEPT, PublicFigures
from services.kit.commit import Committer
from services.kit.sealing import Opener, new_private_key
from tests.component.citizen_fixtures import returned
from tests.component.pages_fixtures import client
from tests.component.service_fixtures import (
    COUNTER,
    NO_LIMIT,
    OTHER_COUNTER,
    PROCEDURE,
    PROCEDURES,
    Intake,
    dossier,
    intake_settings,
    now,
    open_intake,
)
from tests.eventually import eventually

HOSTILE = "\"><script>alert('x')</script>{{ 7 * 7 }}"
ADDRESSES = {COUNTER: "Số 1 đường Thử, xã Thử", OTHER_COUNTER: "Số 2 đường Thử"}


@pytest.fixture
async def site(mongodb_url: str, prefix: str) -> AsyncIterator[Intake]:
    """Intake that tells where its counters are."""
    notify = Opener(new_private_key())
    settings = intake_settings(
        mongodb_url, prefix, notify, office_addresses=ADDRESSES,
        office_names={COUNTER: "Bộ phận Một cửa xã Thử"}, office_phones={COUNTER: "0290 3800 001"},
    )  # fmt: skip
    async with open_intake(settings, notify) as service:
        yield service
        await service.mongo.drop()


class TestProcedures:
    @pytest.mark.parametrize("typed", ["khai sinh", "Đăng ký KHAI SINH", "dang ky khai s", PROCEDURE])
    async def test_found_with_and_without_diacritics_by_a_few_letters(self, site: Intake, typed: str) -> None:
        page = await site.http.get("/thu-tuc", params={"q": typed})
        assert page.status_code == 200
        assert f'href="/thu-tuc/{PROCEDURE}"' in page.text
        assert "3 ngày làm việc" in page.text
        assert 'role="search"' in page.text

    async def test_papers_fee_limit_place_and_hours(self, site: Intake) -> None:
        papers = (Paper("Tờ khai", originals=1, form="Mẫu 01"), Paper("Giấy ủy quyền", copies=2, case="Nộp thay"))
        full = replace(
            PROCEDURES[0], papers=papers, fee_vnd=8000, result="Giấy khai sinh",
            limits=(LimitRule(1.0, LimitUnit.WORKING_DAYS, Channel.ONLINE),),
        )  # fmt: skip
        await Committer(site.mongo, "/intake", now).run(PublishProcedure(full))
        page = (await site.http.get(f"/thu-tuc/{PROCEDURE}")).text
        for said in (
            "<h1>Đăng ký khai sinh</h1>", "3 ngày làm việc", "nộp trực tuyến", "1 ngày làm việc", "8.000 đồng",
            "Giấy khai sinh", "Phòng Kinh tế", "Tờ khai", "1 bản chính", "Mẫu 01", "Chỉ khi: Nộp thay",
            "Bộ phận Một cửa xã Thử", "Số 1 đường Thử, xã Thử", "tel:02903800001", "07:00–11:00 và 13:00–17:00",
            f"Bộ phận Một cửa {OTHER_COUNTER}",
        ):  # fmt: skip
            assert said in page, said

    async def test_what_is_not_published_is_said_and_nothing_is_made_up(self, intake: Intake) -> None:
        page = (await intake.http.get(f"/thu-tuc/{NO_LIMIT}")).text
        assert page.count("Chưa công bố") >= 3
        assert "Nộp tại Bộ phận Một cửa của cơ quan giải quyết" in page
        assert "07:00–11:00" in page

    async def test_nothing_found_no_such_procedure_and_hostile_words(self, site: Intake) -> None:
        nothing = await site.http.get("/thu-tuc", params={"q": HOSTILE})
        assert (nothing.status_code, "Không tìm thấy thủ tục nào" in nothing.text) == (200, True)
        assert "<script>alert" not in nothing.text
        assert "{{ 7 * 7 }}" in nothing.text
        assert "Hộ tịch" in nothing.text
        by_field = await site.http.get("/thu-tuc", params={"linh-vuc": "Kinh tế"})
        assert by_field.text.count('class="card"') == 2
        for code in ("9.999999", "<b>", "%00", "x" * 500):
            page = await site.http.get(f"/thu-tuc/{code}", headers={"accept": "text/html"})
            assert page.status_code == 404
            assert "<b>" not in page.text
        assert (await site.http.get("/thu-tuc", params={"q": "a" * 5000, "them": "x"})).status_code == 200

    async def test_the_first_page_leads_everywhere(self, site: Intake) -> None:
        page = (await site.http.get("/")).text
        for to in ("/thu-tuc", "/tra-cuu", "/gop-y", "/gop-y/tra-loi", "/so-lieu"):
            assert f'"{to}"' in page
            assert (await site.http.get(to)).status_code == 200


class TestFigures:
    async def test_on_time_waiting_and_satisfaction(self, intake: Intake) -> None:
        assert "Chưa có đánh giá nào" in (await intake.http.get("/so-lieu")).text
        done, running = await returned(intake), await intake.register()
        body = {"overall": 4}
        rated = await intake.http.post(f"/v1/dossiers/{done}/rating", json=body, headers=intake.desk)
        assert rated.status_code == 201, rated.text
        figures = await PublicFigures(intake.mongo, now).current()
        assert (figures.received, figures.resolved, figures.running, figures.overdue) == (2, 1, 1, 0)
        assert figures.early + figures.on_time + figures.late == 1
        assert (figures.ratings, figures.satisfied, figures.average) == (1, 1, 4.0)
        assert running not in (await intake.http.get("/so-lieu")).text

    async def test_they_are_counted_anew_after_a_while_and_never_keep_a_page_waiting(self, intake: Intake) -> None:
        moment = now()
        figures = PublicFigures(intake.mongo, lambda: moment)
        first, _ = await asyncio.gather(figures.current(), figures.current())
        await intake.register()
        assert (await figures.current()) is first
        moment += KEPT * 2
        assert (await figures.current()) is first

        async def counted_anew() -> bool:
            return (await figures.current()).received == 1

        await eventually(counted_anew)


class TestFeedback:
    async def test_sent_without_a_name_and_the_answer_read_with_both_codes(self, site: Intake) -> None:
        page = await site.http.get("/gop-y", params={"ma": dossier(1)})
        assert f'value="{dossier(1)}"' in page.text
        key = re.search(r'name="_key" value="([^"]+)"', page.text)
        assert key
        data = {"_key": key[1], "kind": "complaint", "text": f"Chờ lâu {HOSTILE}", "counter": COUNTER}
        sent = await asyncio.gather(*(site.http.post("/gop-y", data=data) for _ in range(2)))
        codes = {tuple(re.findall(r'<dd class="code">([^<]+)</dd>', reply.text)) for reply in sent}
        assert [reply.status_code for reply in sent] == [200, 200]
        [(reference, token)] = codes
        assert len(await site.documents("feedback")) == 1
        supervisor = await site.key("operator")
        answered = await site.http.post(
            f"/v1/feedback/{reference}/answer", json={"text": "Xin lỗi.\n<b>Sẽ sửa.</b>"}, headers=supervisor
        )
        assert answered.status_code == 200, answered.text
        data = {"reference": reference.lower(), "token": token}
        read = await site.http.post("/gop-y/tra-loi", data=data)
        assert (read.status_code, "&lt;b&gt;Sẽ sửa.&lt;/b&gt;" in read.text) == (200, True)
        assert "Chờ lâu" not in read.text

    async def test_what_is_wrong_stands_beside_its_field_and_the_typing_is_kept(self, site: Intake) -> None:
        data = {"text": "", "phone": "1", "email": "x", "dossier_code": "abc", "name": HOSTILE}
        reply = await site.http.post("/gop-y", data=data)
        assert reply.status_code == 422
        for name in ("kind", "text", "phone", "email", "dossier_code"):
            assert f'id="f-{name}-wrong"' in reply.text, name
        assert "<script>alert" not in reply.text
        assert "{{ 7 * 7 }}" in reply.text
        assert await site.documents("feedback") == []

    async def test_a_wrong_token_and_an_unknown_reference_look_the_same(self, site: Intake) -> None:
        reply = await site.http.post("/v1/feedback", json={"kind": "suggestion", "text": "Thêm ghế"})
        known, unknown = reply.json()["reference"], "PA-260302-00000000"
        pages = [
            await site.http.post("/gop-y/tra-loi", data={"reference": reference, "token": "x" * 24})
            for reference in (known, unknown)
        ]
        assert [page.status_code for page in pages] == [404, 404]
        assert pages[0].text.replace(known, "") == pages[1].text.replace(unknown, "")
        assert (await site.http.post("/gop-y/tra-loi", data={"reference": "<b>"})).status_code == 404

    async def test_it_shares_its_limit_with_the_api_and_keeps_the_typing(self, mongodb_url: str, prefix: str) -> None:
        notify = Opener(new_private_key())
        settings = intake_settings(mongodb_url, prefix, notify, feedback_requests="1/hour")
        async with open_intake(settings, notify) as service:
            body = {"kind": "suggestion", "text": "Thêm ghế"}
            assert (await service.http.post("/v1/feedback", json=body)).status_code == 201
            reply = await service.http.post("/gop-y", data=body | {"text": "Thêm quạt"})
            assert (reply.status_code, int(reply.headers["Retry-After"]) > 0) == (429, True)
            assert "Thêm quạt" in reply.text
            await service.mongo.drop()


async def test_forms_of_other_sites_are_refused(site: Intake) -> None:
    code = await site.register()
    for path in ("/gop-y", "/gop-y/tra-loi", f"/tra-cuu/{code}", f"/tra-cuu/{code}/ma", f"/tra-cuu/{code}/rut"):
        async with client(site.app) as http:
            reply = await http.post(path, data={"kind": "complaint"}, headers={"sec-fetch-site": "cross-site"})
        assert (reply.status_code, "form-foreign" in reply.text) == (403, True), path
