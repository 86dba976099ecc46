"""Bring papers from home: the requested ones are uploaded into a draft, then sent with a one-time code.

The draft is begun by who shows a second factor, and holds what was asked: so its page needs no factor again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import BackgroundTasks, Response
from pydantic import BaseModel

from contracts.events.counter import OneTimeCode
from contracts.problems import Conflict, Missing, Refused
from services.intake.citizen_pages.drafts import ACCEPTED, Content, Drafts, content_of, files_by_field
from services.intake.citizen_pages.kept_drafts import KeptDrafts
from services.intake.citizen_pages.said import refused_page
from services.intake.citizen_pages.track import SendCode, beside, is_code, told
from services.intake.commands.bring_papers import BringPapers
from services.intake.domain.draft import Draft
from services.intake.queries.procedures import papers_of
from services.intake.store import DOSSIERS
from services.intake.tracking import Tracking
from services.kit.web.forms import Form
from services.kit.web.pages import Pages
from services.kit.web.rights import PUBLIC
from services.kit.web.visit import Visit, VisitDep

PREFIX = "/bo-sung"
_TEMPLATE = "citizen/supplement.html"
_BESIDE = {"one-time-code-wrong": "one_time_code", "files-missing": "other"}


class SendIn(BaseModel):
    """The form that sends what was uploaded."""

    one_time_code: OneTimeCode


@dataclass(frozen=True)
class Supplements:
    """What the steps need."""

    tracking: Tracking
    drafts: Drafts
    max_file_bytes: int

    async def open(self, visit: Visit, id: str) -> tuple[Draft, Content, str]:
        """The draft, what it says and the dossier's code. Raises: Missing `draft-unknown`."""
        draft = await self.drafts.take(visit, id)
        content = content_of(draft)
        code = content.get("supplement")
        if not isinstance(code, str) or not is_code(code):
            raise Missing("draft-unknown", "Không tìm thấy bản nháp này, hoặc bản nháp đã hết hạn lưu.")
        return draft, content, code

    def values(self, id: str, draft: Draft, content: Content, form: Form[Any]) -> dict[str, Any]:
        files, papers, requests = files_by_field(draft), _list(content, "papers"), _list(content, "requests")
        asked = {item.get("paper") for request in requests for item in _list(request, "items")}
        return {
            "id": id, "code": content.get("supplement"), "requests": requests, "form": form, "files": files,
            "asked": [paper for paper in papers if paper.get("number") in asked],
            "others": [paper for paper in papers if paper.get("number") not in asked],
            "accept": ACCEPTED, "most": self.max_file_bytes, "most_all": self.drafts.max_bytes,
        }  # fmt: skip


def supplement_pages(supplements: Supplements, send_code: SendCode) -> Pages:
    """Only where drafts are, which carry the files."""
    pages = Pages()
    _beginning(pages, supplements)
    _files(pages, supplements)
    _sending(pages, supplements, send_code)
    return pages


def _beginning(pages: Pages, supplements: Supplements) -> None:
    """Who shows a second factor gets a draft."""
    drafts, tracking = supplements.drafts, supplements.tracking

    @pages.get("/tra-cuu/{code}/bo-sung", PUBLIC)
    async def ask(visit: VisitDep, code: str) -> Response:
        if not is_code(code):
            raise Missing("not-found", "Không có địa chỉ này.")
        return visit.page("citizen/supplement_begin.html", code=code, form=Form[Any]())

    @pages.post("/tra-cuu/{code}/bo-sung", PUBLIC)
    async def begin(visit: VisitDep, code: str) -> Response:
        if not is_code(code):
            raise Missing("not-found", "Không có địa chỉ này.")
        try:
            story = await told(tracking, visit, code)
            if "supplement" not in story["may"]:
                raise Conflict("supplement-not-expected", "Hồ sơ này hiện không chờ bổ sung giấy tờ.")
            id, token = await drafts.start(visit, await _asked(tracking, story))
        except Refused as refusal:
            return refused_page(visit, "citizen/supplement_begin.html", refusal, code=code, form=beside(refusal))
        answer = await visit.go(f"{PREFIX}/{id}")
        kept = KeptDrafts.of(visit)
        kept.add(visit, answer, id, token, stay=kept.stay)
        return answer


def _files(pages: Pages, supplements: Supplements) -> None:
    """What was asked, and files for it."""
    drafts = supplements.drafts

    @pages.get("/bo-sung/{draft}", PUBLIC)
    async def show(visit: VisitDep, draft: str) -> Response:
        kept = await drafts.take(visit, draft)
        if kept.filed_as is not None:
            return await visit.go(f"{PREFIX}/{draft}/xong")
        kept, content, _ = await supplements.open(visit, draft)
        return visit.page(_TEMPLATE, **supplements.values(draft, kept, content, Form[Any]()))

    @pages.post("/bo-sung/{draft}", PUBLIC, uploads=True)
    async def upload(visit: VisitDep, draft: str) -> Response:
        await supplements.open(visit, draft)
        form = await drafts.take_files(visit, draft)
        if not visit.typed.files and not form.errors:
            form.wrong("other", "Chưa chọn tệp nào.")
        if form.errors:
            kept, content, _ = await supplements.open(visit, draft)
            return visit.page(_TEMPLATE, 422, **supplements.values(draft, kept, content, form))
        return await visit.go(f"{PREFIX}/{draft}")

    @pages.post("/bo-sung/{draft}/tep/{file}/bo", PUBLIC)
    async def remove(visit: VisitDep, draft: str, file: str) -> Response:
        await supplements.open(visit, draft)
        await drafts.detach(visit, draft, file)
        return await visit.go(f"{PREFIX}/{draft}")


def _sending(pages: Pages, supplements: Supplements, send_code: SendCode) -> None:
    """With a one-time code."""
    drafts, tracking = supplements.drafts, supplements.tracking

    @pages.post("/bo-sung/{draft}/ma", PUBLIC)
    async def code(visit: VisitDep, draft: str, background: BackgroundTasks) -> Response:
        kept, content, dossier = await supplements.open(visit, draft)
        try:
            await send_code(visit.request, dossier, background)
        except Refused as refusal:
            values = supplements.values(draft, kept, content, Form[Any]().wrong("one_time_code", refusal.message))
            return refused_page(visit, _TEMPLATE, refusal, **values)
        return await visit.go(f"{PREFIX}/{draft}?da-gui=1#gui")

    @pages.post("/bo-sung/{draft}/gui", PUBLIC)
    async def send(visit: VisitDep, draft: str) -> Response:
        kept = await drafts.take(visit, draft)
        if kept.filed_as is not None:
            return await visit.go(f"{PREFIX}/{draft}/xong")
        kept, content, dossier = await supplements.open(visit, draft)
        form = visit.read(SendIn)
        if form.value is None:
            form.errors["one_time_code"] = "Hãy nhập đúng 6 chữ số của mã xác nhận trong tin nhắn."
            return visit.page(_TEMPLATE, 422, **supplements.values(draft, kept, content, form))
        try:
            address = await tracking.limits.admit(visit.request)
            await tracking.act(BringPapers(dossier, draft, kept), form.value.one_time_code, address)
        except Refused as refusal:
            values = supplements.values(draft, kept, content, form.refused(refusal, _BESIDE))
            return refused_page(visit, _TEMPLATE, refusal, **values)
        return await visit.go(f"{PREFIX}/{draft}/xong")

    @pages.get("/bo-sung/{draft}/xong", PUBLIC)
    async def done(visit: VisitDep, draft: str) -> Response:
        kept = await drafts.take(visit, draft)
        if kept.filed_as is None:
            return await visit.go(f"{PREFIX}/{draft}")
        return visit.page("citizen/supplemented.html", code=kept.filed_as)


async def _asked(tracking: Tracking, story: dict[str, Any]) -> Content:
    """What is asked for and the published list, which the page shows from then on."""
    dossier = await DOSSIERS.read(tracking.mongo, story["code"])
    assert dossier is not None, "its story was told"
    papers = [
        {"number": number, "name": paper.name}
        for number, paper in enumerate(await papers_of(tracking.mongo, dossier), start=1)
    ]
    shown = ("by_text", "at_text", "legal_basis", "items")
    requests = [
        {name: request[name] for name in shown} for request in story["requests"] if request["answered_at"] is None
    ]
    return {"supplement": story["code"], "requests": requests, "papers": papers}


def _list(content: Content, name: str) -> Sequence[dict[str, Any]]:
    """A list of ours; nothing where somebody saved something else by the API."""
    found = content.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
