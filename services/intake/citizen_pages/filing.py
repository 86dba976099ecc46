"""File online in three steps: who, papers, look again and hand in. Everything typed is in the draft from the start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field, ValidationError

from contracts.problems import Conflict, Missing, Refused
from contracts.types import HandOverMethod, PaperState
from services.intake.citizen_pages.drafts import (
    ACCEPTED,
    PAPER,
    Content,
    Drafts,
    content_of,
    files_by_field,
)
from services.intake.citizen_pages.kept_drafts import KeptDrafts
from services.intake.citizen_pages.said import refused_page
from services.intake.domain.attachment import AttachmentKind
from services.intake.domain.draft import Draft
from services.intake.domain.procedure import Procedure
from services.intake.handing_in import FormIn, HandIn
from services.intake.queries.places import Places
from services.intake.queries.procedures import procedure_in_version, published
from services.intake.queries.track import vietnam_time
from services.intake.store import DOSSIERS
from services.kit.web.forms import Form, Typed, flat, nested, read
from services.kit.web.pages import Pages
from services.kit.web.rights import PUBLIC
from services.kit.web.visit import Visit, VisitDep

PREFIX = "/nop-ho-so"
DRAFTS = f"{PREFIX}/ban-nhap"
RETURN_BY = (
    (HandOverMethod.COUNTER.value, "Nhận tại Bộ phận Một cửa"),
    (HandOverMethod.POST.value, "Nhận qua bưu chính, theo địa chỉ bên dưới"),
    (HandOverMethod.ONLINE.value, "Nhận bản điện tử"),
)
NOTIFY_BY = (
    ("zalo", "Zalo, không được thì tin nhắn SMS"),
    ("sms", "Tin nhắn SMS"),
    ("none", "Không nhận tin"),
)
KINDS = (("citizen", "Cá nhân"), ("organisation", "Tổ chức, doanh nghiệp"))
PEOPLE = frozenset({"applicant", "submitter"})
OVERTAKEN, LOOKS = frozenset({"stale-version", "draft-filed"}), 3
_REVISION = re.compile(r"[0-9]{1,9}")
_STALE = (
    "Bản nháp vừa được lưu từ một cửa sổ khác. Những gì vừa gõ còn nguyên bên dưới; bấm Lưu lần nữa thì thay bản kia."
)


class StartIn(BaseModel):
    """The form that begins a draft."""

    counter: str = Field(min_length=1, max_length=50)
    stay: bool = False
    """The machine is the citizen's own: the draft may outlast the browser."""


@dataclass(frozen=True)
class Filing:
    """What all steps need."""

    drafts: Drafts
    handing_in: HandIn
    places: Places
    max_file_bytes: int

    @property
    def counters(self) -> list[tuple[str, str]]:
        return [(code, self.places.name(code)) for code in sorted(self.handing_in.counters)]

    async def open(self, visit: Visit, id: str, draft: Draft | None = None) -> tuple[Draft, Content, Procedure]:
        """As it is stored, or as it was just taken.

        Raises: Missing `draft-unknown`: also of what is no online form; `procedure-unknown`.
        """
        draft = draft or await self.drafts.take(visit, id)
        content = content_of(draft)
        code = content.get("procedure_code")
        if draft.filed_as is not None or not isinstance(code, str):
            raise Missing("draft-unknown", "Không tìm thấy bản nháp này, hoặc bản nháp đã hết hạn lưu.")
        return draft, content, await procedure_in_version(self.drafts.mongo, code, None)

    def values(self, id: str, procedure: Procedure, form: Form[Any], **more: Any) -> dict[str, Any]:
        shown = {"id": id, "procedure": published(procedure), "form": form, "counters": self.counters}
        return shown | {"accept": ACCEPTED, "most": self.max_file_bytes, "most_all": self.drafts.max_bytes} | more

    def people(self, id: str, procedure: Procedure, form: Form[Any], revision: int) -> dict[str, Any]:
        choices = {"return_by": RETURN_BY, "notify_by": NOTIFY_BY, "kinds": KINDS}
        choices["cases"] = tuple((case, case) for case in procedure.cases)
        return self.values(id, procedure, form, revision=revision, **choices)


def filing_pages(filing: Filing) -> Pages:
    """Only where `ONLINE_FORM` names counters."""
    pages = Pages(PREFIX)
    for step in (_beginning, _who, _papers, _handing_in):
        step(pages, filing)
    return pages


def _beginning(pages: Pages, filing: Filing) -> None:
    drafts = filing.drafts

    @pages.get("", PUBLIC)
    async def mine(visit: VisitDep) -> Response:
        """Drafts of this browser, and how to begin one."""
        found = []
        for id in KeptDrafts.of(visit).tokens:
            try:
                _, content, procedure = await filing.open(visit, id)
            except Missing:
                continue
            found.append({"id": id, "name": procedure.name, "who": _text(content, "applicant", "full_name")})
        return visit.page("citizen/filing.html", drafts=found[::-1])

    @pages.get("/{procedure}", PUBLIC)
    async def begin(visit: VisitDep, procedure: str) -> Response:
        found = await procedure_in_version(drafts.mongo, procedure, None)
        only = filing.counters[0][0] if len(filing.counters) == 1 else ""
        return visit.page("citizen/filing_begin.html", **filing.values("", found, visit.blank(counter=only)))

    @pages.post("/{procedure}", PUBLIC)
    async def start(visit: VisitDep, procedure: str) -> Response:
        found = await procedure_in_version(drafts.mongo, procedure, None)
        form = visit.read(StartIn)
        if form.value is None:
            return visit.page("citizen/filing_begin.html", 422, **filing.values("", found, form))
        try:
            content = {"procedure_code": found.code, "counter": form.value.counter}
            id, token = await drafts.start(visit, content)
        except Refused as refusal:
            values = filing.values("", found, form.refused(refusal))
            return refused_page(visit, "citizen/filing_begin.html", refusal, **values)
        answer = await visit.go(f"{DRAFTS}/{id}")
        KeptDrafts.of(visit).add(visit, answer, id, token, stay=form.value.stay)
        return answer


def _who(pages: Pages, filing: Filing) -> None:
    """The first step: the people, and how the result is returned."""
    drafts = filing.drafts

    @pages.get("/ban-nhap/{draft}", PUBLIC)
    async def who(visit: VisitDep, draft: str) -> Response:
        kept = await drafts.take(visit, draft)
        if kept.filed_as is not None:
            return await visit.go(f"{DRAFTS}/{draft}/da-nop")
        kept, content, procedure = await filing.open(visit, draft)
        typed = flat(content)
        form = Form[Any](
            {"applicant.kind": ["citizen"], "applicant.notify_by": ["zalo"], "return_by": ["counter"]} | typed
        )
        if visit.request.query_params.get("xem") == "loi":
            form.errors |= _faults(typed)
        return visit.page("citizen/filing_who.html", **filing.people(draft, procedure, form, kept.revision))

    @pages.post("/ban-nhap/{draft}", PUBLIC)
    async def save(visit: VisitDep, draft: str) -> Response:
        """Saved whatever is wrong in it: nothing that was typed is lost, by nobody."""
        kept, _, procedure = await filing.open(visit, draft)
        typed = {**visit.typed.own, "procedure_code": [procedure.code]}
        form = Form[Any](typed, _faults(typed))
        content = {name: value for name, value in nested(typed).items() if name != "revision"}
        try:
            kept = await drafts.save(visit, draft, _revision(visit), content)
        except Conflict as refusal:
            if refusal.slug != "stale-version":
                raise
            values = filing.people(draft, procedure, form.wrong("", _STALE), kept.revision)
            return refused_page(visit, "citizen/filing_who.html", refusal, **values)
        except Refused as refusal:
            values = filing.people(draft, procedure, form.refused(refusal), kept.revision)
            return refused_page(visit, "citizen/filing_who.html", refusal, **values)
        if form.errors:
            return visit.page("citizen/filing_who.html", 422, **filing.people(draft, procedure, form, kept.revision))
        return await visit.go(f"{DRAFTS}/{draft}/giay-to")


def _papers(pages: Pages, filing: Filing) -> None:
    """The second step: files."""
    drafts = filing.drafts

    @pages.get("/ban-nhap/{draft}/giay-to", PUBLIC)
    async def papers(visit: VisitDep, draft: str) -> Response:
        kept, content, procedure = await filing.open(visit, draft)
        values = _shown(filing, draft, kept, content, procedure, Form[Any]())
        return visit.page("citizen/filing_papers.html", **values)

    @pages.post("/ban-nhap/{draft}/giay-to", PUBLIC, uploads=True)
    async def upload(visit: VisitDep, draft: str) -> Response:
        _, content, procedure = await filing.open(visit, draft)
        form = await drafts.take_files(visit, draft)
        if form.errors:
            kept = await drafts.take(visit, draft)
            values = _shown(filing, draft, kept, content, procedure, form)
            return visit.page("citizen/filing_papers.html", 422, **values)
        stays = visit.typed.first("sau") == "o-lai"
        return await visit.go(f"{DRAFTS}/{draft}/{'giay-to' if stays else 'gui'}")

    @pages.post("/ban-nhap/{draft}/giay-to/{file}/bo", PUBLIC)
    async def remove(visit: VisitDep, draft: str, file: str) -> Response:
        await filing.open(visit, draft)
        await drafts.detach(visit, draft, file)
        return await visit.go(f"{DRAFTS}/{draft}/giay-to")


def _handing_in(pages: Pages, filing: Filing) -> None:
    """The last step: look again, hand in, or throw away."""
    drafts = filing.drafts

    @pages.get("/ban-nhap/{draft}/gui", PUBLIC)
    async def review(visit: VisitDep, draft: str) -> Response:
        kept, content, procedure = await filing.open(visit, draft)
        if _faults(flat(content)):
            return await visit.go(f"{DRAFTS}/{draft}?xem=loi")
        return visit.page("citizen/filing_review.html", **_shown(filing, draft, kept, content, procedure, Form[Any]()))

    @pages.post("/ban-nhap/{draft}/gui", PUBLIC)
    async def hand_in(visit: VisitDep, draft: str) -> Response:
        """Another window may hand it in meanwhile: then this one shows what came of that."""
        looks_left = LOOKS
        while (kept := await drafts.take(visit, draft)).filed_as is None:
            looks_left -= 1
            wrong = await _hand_in(visit, filing, draft, kept, looks_left)
            if wrong is not None:
                return wrong
        return await visit.go(f"{DRAFTS}/{draft}/da-nop")

    @pages.post("/ban-nhap/{draft}/xoa", PUBLIC)
    async def drop(visit: VisitDep, draft: str) -> Response:
        await drafts.drop(visit, draft)
        answer = await visit.go(PREFIX)
        KeptDrafts.of(visit).drop(visit, answer, draft)
        return answer

    @pages.get("/ban-nhap/{draft}/da-nop", PUBLIC)
    async def filed(visit: VisitDep, draft: str) -> Response:
        """Code, time, and until when it is answered (NQ 66.7/2025/NQ-CP Art 8.1)."""
        kept = await drafts.take(visit, draft)
        if kept.filed_as is None:
            return await visit.go(f"{DRAFTS}/{draft}")
        dossier = await DOSSIERS.read(drafts.mongo, kept.filed_as)
        assert dossier is not None, "no dossier is ever removed"
        return visit.page(
            "citizen/filed.html",
            code=dossier.code,
            procedure=dossier.procedure_name,
            filed_text=vietnam_time(dossier.filed_at or dossier.received_at),
            answer_text=vietnam_time(dossier.answer_due_at) if dossier.answer_due_at else "",
            phone=dossier.can_be_told,
        )


async def _hand_in(visit: Visit, filing: Filing, id: str, kept: Draft, looks_left: int) -> Response | None:
    """Returns: what is wrong with it; None: handed in, or to be looked at again."""
    kept, content, procedure = await filing.open(visit, id, kept)
    try:
        before, content["checklist"] = content.get("checklist"), _brought(kept, procedure)
        if content["checklist"] != before:  # two windows that save what is saved would overtake each other for ever
            kept = await filing.drafts.save(visit, id, kept.revision, content)
        await filing.handing_in.run(id, kept, FormIn.model_validate_json(kept.content))
    except ValidationError:
        return await visit.go(f"{DRAFTS}/{id}?xem=loi")
    except Refused as refusal:
        if refusal.slug in OVERTAKEN and looks_left:
            return None
        values = _shown(filing, id, kept, content, procedure, Form[Any]().refused(refusal))
        return refused_page(visit, "citizen/filing_review.html", refusal, **values)
    return None


def _faults(typed: Mapping[str, list[str]]) -> dict[str, str]:
    """What is wrong, by field; what concerns a whole person stands beside their number, or their name if that lacks."""
    form = Form[Any](typed)
    said = read(FormIn, Typed({name: values for name, values in typed.items() if name != "revision"}))
    for name, words in said.errors.items():
        field = "id_number" if "".join(typed.get(f"{name}.full_name", [])).strip() else "full_name"
        form.wrong(f"{name}.{field}" if name in PEOPLE else name, words)
    return form.errors


def _shown(
    filing: Filing, id: str, draft: Draft, content: Content, procedure: Procedure, form: Form[Any]
) -> dict[str, Any]:
    """What the steps after the first show."""
    case = content.get("case")
    wanted = [
        {"field": f"{PAPER}{number}", "number": number, "paper": paper}
        for number, paper in enumerate(procedure.papers, start=1)
        if paper.always or not isinstance(case, str) or procedure.known_case(case) == procedure.known_case(paper.case)
    ]
    return filing.values(id, procedure, form, papers=wanted, files=files_by_field(draft), content=flat(content))


def _revision(visit: Visit) -> int:
    """The one that the page showed; none that there is, when the page said nonsense."""
    said = visit.typed.first("revision")
    return int(said) if _REVISION.fullmatch(said) else -1


def _brought(draft: Draft, procedure: Procedure) -> list[dict[str, Any]]:
    """What is there counts: each paper of which the draft has a file is there in digital form."""
    numbers = {file.paper for file in draft.attachments.current if file.kind is AttachmentKind.PAPER}
    there = sorted(number for number in numbers if number is not None and number <= len(procedure.papers))
    return [{"paper": number, "state": PaperState.DIGITAL.value} for number in there]


def _text(content: Content, *way: str) -> str:
    here: Any = content
    for name in way:
        here = here.get(name) if isinstance(here, dict) else None
    return here if isinstance(here, str) else ""
