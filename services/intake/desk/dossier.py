"""Pages: one dossier, its slips to print, its files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from contracts.problems import Invalid, Missing
from services.intake.attachments.exchange import download_headers, view_headers
from services.intake.attachments.file_types import IMAGES, JPEG
from services.intake.attachments.readable import as_jpeg
from services.intake.commands.issue_slip import IssueSlip
from services.intake.desk import words
from services.intake.desk.office import DESK, PREFIX, READ, Office, address_of
from services.intake.desk.told import told_view
from services.intake.domain.attachment import MAY_ATTACH, AttachmentKind, Attachments
from services.intake.domain.slip import NUMBERED, Form
from services.intake.domain.status import Action
from services.intake.queries.desk import desk_view
from services.intake.queries.slips import list_slips, read_sheet
from services.intake.rights import writing_counters_of
from services.intake.slips.page import page as slip_page
from services.intake.slips.page import printable_headers
from services.intake.store import ATTACHMENTS, INFORMED
from services.kit.web.pages import Pages
from services.kit.web.visit import VisitDep

MOST_LOOKS = 20
"""A page looks for news of notices so often, then no more: an empty chair's page must not keep its session awake."""
ACTIONS: dict[Action, tuple[str, str]] = {
    Action.ACCEPT: ("tiep-nhan", "Tiếp nhận"),
    Action.REQUEST_COMPLETION: ("yeu-cau-bo-sung", "Yêu cầu bổ sung"),
    Action.REFUSE: ("tu-choi", "Từ chối tiếp nhận"),
    Action.SUPPLEMENT: ("bo-sung", "Nhận giấy tờ bổ sung"),
    Action.RECORD_PAYMENT: ("nop-tien", "Ghi biên lai đã nộp"),
    Action.HAND_OVER: ("tra-ket-qua", "Trả kết quả"),
    Action.WITHDRAW: ("rut", "Công dân rút hồ sơ"),
}
"""Where each is done, and its words; in the order in which they are offered."""
FORM_WORDS = {
    Form.RECEIPT: "Giấy tiếp nhận và hẹn trả",
    Form.CONTROL_SHEET: "Phiếu kiểm soát",
    Form.SUPPLEMENT_REQUEST: "Phiếu yêu cầu bổ sung",
    Form.REFUSAL: "Phiếu từ chối",
    Form.APOLOGY: "Phiếu xin lỗi, hẹn lại",
    Form.TERMINATION: "Thông báo dừng giải quyết",
}
SlipForm = Literal[
    Form.RECEIPT, Form.CONTROL_SHEET, Form.SUPPLEMENT_REQUEST, Form.REFUSAL, Form.APOLOGY, Form.TERMINATION
]
Occasion = Annotated[int | None, Query(ge=1, le=1000)]


def dossier_pages(office: Office) -> Pages:
    pages = Pages(PREFIX + "/ho-so/{code}")

    @pages.get("", READ)
    async def show(visit: VisitDep, code: str) -> Response:
        dossier = await office.dossier(visit, code)
        may_act = office.may_act(visit, dossier.counter)
        attachments = await ATTACHMENTS.read(office.mongo, code) or Attachments()
        slips = await list_slips(office.mongo, dossier, office.printer, office.now())
        return visit.page(
            "desk/dossier.html",
            dossier=dossier,
            view=await desk_view(office.mongo, dossier),
            told=told_view(dossier, await INFORMED.read(office.mongo, code)),
            looks=0,
            may_act=may_act,
            actions=[ACTIONS[action] for action in ACTIONS if may_act and dossier.may(action)],
            files=attachments.files,
            may_scan=may_act and dossier.status in MAY_ATTACH[AttachmentKind.PAPER],
            images=IMAGES,
            slips=[slip for slip in slips["slips"] if slip["possible"] and (may_act or _printed(slip))],
            form_words=FORM_WORDS,
            office_name=office.letterhead.counter,
            agency_name=office.letterhead.agency,
            words=words,
            now=office.now(),
        )

    @pages.get("/da-bao", READ)
    async def told(visit: VisitDep, code: str, lan: Annotated[int, Query(ge=0, le=MOST_LOOKS)] = 0) -> Response:
        """The part of the page that says whether the citizen was informed, as it is now."""
        dossier = await office.dossier(visit, code)
        if not visit.is_part:
            return await visit.go(address_of(code))
        told = told_view(dossier, await INFORMED.read(office.mongo, code))
        return visit.page("desk/told.html", dossier=dossier, told=told, looks=lan)

    @pages.get("/phieu", READ)
    async def slip(visit: VisitDep, code: str, mau: SlipForm = Form.RECEIPT, lan: Occasion = None) -> Response:
        """A slip to print, on its own paper (A5 or A4)."""
        dossier = await office.dossier(visit, code)
        sheet = await read_sheet(office.mongo, dossier, mau, lan, office.printer)
        script, look = visit.web.assets.url("print.js"), visit.web.assets.url("print-bar.css")
        on = PREFIX + "/thu-tuc" if office.may_act(visit, dossier.counter) else PREFIX
        bar = {"back": address_of(code), "next": on, "script": script, "look": look}
        return HTMLResponse(slip_page(sheet, bar), headers=dict(printable_headers()))

    @pages.post("/phieu", DESK)
    async def issue(visit: VisitDep, code: str) -> Response:
        """Give a slip its number, once, and show it."""
        await office.dossier(visit, code)
        form, about = _numbered(visit.typed.first("mau")), visit.typed.first("lan")
        command = IssueSlip(
            code,
            writing_counters_of(visit.caller),
            form,
            int(about) if about.isdecimal() and len(about) < 4 else None,
            office.printer.forced_set,
        )
        issued = await office.committer.run(command)
        return await visit.go(address_of(code, f"phieu?mau={form.value}&lan={issued.slip.about}"))

    @pages.get("/tep", READ)
    async def file(visit: VisitDep, code: str, id: str = "", xem: Literal["jpeg"] | None = None) -> Response:
        """A file of the dossier; photographs of telephones also as what every browser shows."""
        await office.dossier(visit, code)
        found = (await ATTACHMENTS.read(office.mongo, code) or Attachments()).find(id)
        files = office.receiver.files
        if xem is None or found.content_type == JPEG:
            content = await files.open(found.id)
            return StreamingResponse(content, media_type=found.content_type, headers=download_headers(found))
        if found.content_type not in IMAGES:
            raise Invalid("file-not-an-image", "Chỉ ảnh mới xem được dưới dạng JPG. Hãy tải tệp gốc về.")
        copy = await office.receiver.slots.read(files, found.id, partial(as_jpeg, content_type=found.content_type))
        return Response(copy, media_type=JPEG, headers=view_headers(found))

    return pages


def _printed(slip: Mapping[str, Any]) -> bool:
    """Whether it needs no number, or has one."""
    return not slip["numbered"] or bool(slip["symbol"])


def _numbered(name: str) -> Form:
    """Raises: Missing `slip-not-issued`: no such slip carries a number."""
    for form in NUMBERED:
        if form.value == name:
            return form
    raise Missing("slip-not-issued", "Không có loại phiếu này.")
