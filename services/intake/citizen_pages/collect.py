"""Collecting an electronic result: a code from the phone, then the documents for an hour.

What opens them lies in a cookie of this browser, never in an address.
"""

from __future__ import annotations

from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from contracts.events.counter import OneTimeCode
from contracts.problems import Missing, Refused
from services.intake.attachments.exchange import download_headers
from services.intake.citizen_pages.said import refused_page
from services.intake.citizen_pages.track import NO_DIGITS, WRONG_CODE, is_code, malformed
from services.intake.collecting import Collecting
from services.intake.commands.collect_result import GOOD_FOR
from services.intake.store import Download
from services.kit.web.forms import Form
from services.kit.web.pages import Pages
from services.kit.web.rights import PUBLIC
from services.kit.web.visit import Visit, VisitDep

FORM, RESULT = "/nhan-ket-qua", "/ket-qua"
_TEMPLATE = "citizen/collect.html"


class CollectionIn(BaseModel):
    """The form."""

    one_time_code: OneTimeCode


def collect_pages(collecting: Collecting) -> Pages:
    """Below the tracking page of a dossier."""
    pages = Pages("/tra-cuu/{code}")
    limits = collecting.tracking.limits

    @pages.get(FORM, PUBLIC)
    async def ask(visit: VisitDep, code: str) -> Response:
        """Shows nothing of the dossier, and so asks for nothing."""
        return visit.page(_TEMPLATE, code=code, form=Form[Any]()) if is_code(code) else malformed(visit, code)

    @pages.post(FORM, PUBLIC)
    async def collect(visit: VisitDep, code: str) -> Response:
        if not is_code(code):
            return malformed(visit, code)
        form = visit.read(CollectionIn)
        if form.value is None:
            form.errors["one_time_code"] = NO_DIGITS["one_time_code"]
            return visit.page(_TEMPLATE, 422, code=code, form=form)
        try:
            address = await limits.admit(visit.request)
            token, _ = await collecting.collect(code, form.value.one_time_code, address)
        except Refused as refusal:
            return refused_page(visit, _TEMPLATE, refusal, code=code, form=form.refused(refusal, WRONG_CODE))
        answer = await visit.go(f"/tra-cuu/{code}{RESULT}")
        visit.web.set_cookie(answer, _cookie(visit), token, max_age=GOOD_FOR)
        return answer

    @pages.get(RESULT, PUBLIC)
    async def show(visit: VisitDep, code: str) -> Response:
        """The documents; where this browser may not see them, the way to a new code."""
        if not is_code(code):
            return malformed(visit, code)
        try:
            download = await _opened(visit, code)
        except Missing:
            return await visit.go(f"/tra-cuu/{code}{FORM}?het-han=1")
        files = await collecting.documents(code)
        return visit.page("citizen/result.html", code=code, files=files, until=download.expires_at)

    @pages.get(RESULT + "/{id}", PUBLIC)
    async def fetch(visit: VisitDep, code: str, id: str) -> Response:
        file, content = await collecting.content(await _opened(visit, code), id)
        return StreamingResponse(content, media_type=file.content_type, headers=download_headers(file))

    async def _opened(visit: Visit, code: str) -> Download:
        """Raises: Missing `download-unknown`."""
        await limits.admit(visit.request)
        return await collecting.opened(visit.request.cookies.get(_cookie(visit), ""), code)

    return pages


def _cookie(visit: Visit) -> str:
    return f"{visit.web.cookie}_ket_qua"
