"""HTML in: the page that the QR code on the receipt opens. Vietnamese, for phones, without any script."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from contracts.problems import Refused
from contracts.types import DOSSIER_CODE_PATTERN
from services.intake.html import Page, said
from services.intake.tracking import Tracking

_CODE = re.compile(DOSSIER_CODE_PATTERN)
_LAST4 = re.compile("[0-9]{4}")


def page_routes(tracking: Tracking) -> APIRouter:
    """Tracking for people."""
    pages = APIRouter(prefix="/tra-cuu", include_in_schema=False)
    page = _TrackPage()

    @pages.get("/{code}")
    async def ask(request: Request, code: str) -> HTMLResponse:
        """Finished or not, and the question for the digits."""
        if not _is_code(code):
            return page.malformed(code)
        try:
            await tracking.limits.admit(request)
            return page.answer(code, finished=(await tracking.finished(code))["finished"])
        except Refused as refusal:
            return page.refused(code, refusal)

    @pages.post("/{code}")
    async def show(request: Request, code: str, phone_last4: Annotated[str, Form()] = "") -> HTMLResponse:
        """The story. The digits come in the body: addresses are kept in logs and histories."""
        if not _is_code(code):
            return page.malformed(code)
        if not _LAST4.fullmatch(phone_last4):
            return page.answer(code, status=422, error="Hãy nhập đúng 4 chữ số cuối của số điện thoại.")
        try:
            address = await tracking.limits.admit(request)
            return page.answer(code, story=await tracking.by_digits(code, phone_last4, address))
        except Refused as refusal:
            return page.refused(code, refusal)

    return pages


class _TrackPage:
    def __init__(self) -> None:
        self._page = Page("track.html")

    def answer(
        self,
        code: str,
        *,
        status: int = 200,
        finished: bool | None = None,
        story: dict[str, Any] | None = None,
        error: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> HTMLResponse:
        return self._page.render(
            status, headers, code=code, valid=_is_code(code), finished=finished, story=story, error=error
        )

    def malformed(self, code: str) -> HTMLResponse:
        return self.answer(code[:48], status=404, error="Mã hồ sơ không đúng dạng. Hãy xem lại trên giấy tiếp nhận.")

    def refused(self, code: str, refusal: Refused) -> HTMLResponse:
        status, headers = said(refusal)
        return self.answer(code, status=status, error=refusal.message, headers=headers)


def _is_code(code: str) -> bool:
    return len(code) <= 48 and _CODE.fullmatch(code) is not None
