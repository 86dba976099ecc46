"""Tracking: the page that the QR code on the receipt opens; a one-time code to the phone, and taking the dossier back.

By code alone it says finished or not. Digits and codes come in the body: addresses are kept in logs and histories.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import BackgroundTasks, Request, Response
from pydantic import BaseModel

from contracts.events.counter import OneTimeCode
from contracts.problems import Invalid, Refused
from contracts.types import DOSSIER_CODE_PATTERN
from services.intake.citizen_pages.said import refused_page
from services.intake.collecting import COLLECTED_WHEN, Collecting
from services.intake.commands.withdraw_dossier import WithdrawDossier
from services.intake.domain.reasons import WITHDRAWAL_REASONS
from services.intake.tracking import Tracking
from services.kit.web.forms import Form
from services.kit.web.pages import Pages
from services.kit.web.rights import PUBLIC
from services.kit.web.visit import Visit, VisitDep

LONGEST_CODE = 48
_CODE = re.compile(DOSSIER_CODE_PATTERN)
_DIGITS = {"phone_last4": re.compile("[0-9]{4}"), "one_time_code": re.compile("[0-9]{6}")}
_NO_CODE = "Mã hồ sơ không đúng dạng. Hãy xem lại trên giấy tiếp nhận."
NO_DIGITS = {
    "phone_last4": "Hãy nhập đúng 4 chữ số cuối của số điện thoại.",
    "one_time_code": "Hãy nhập đúng 6 chữ số của mã xác nhận trong tin nhắn.",
}
_BACK = {"rut": "/rut", "nhan-ket-qua": "/nhan-ket-qua"}
"""Where a code is asked for, by what the form says."""
WRONG_CODE = {"one-time-code-wrong": "one_time_code"}

SendCode = Callable[[Request, str, BackgroundTasks], Awaitable[None]]
"""Has a one-time code sent, as the API does; nobody learns whether the dossier exists."""


class WithdrawalIn(BaseModel):
    """The form."""

    one_time_code: OneTimeCode
    reason: str


def is_code(code: str) -> bool:
    return len(code) <= LONGEST_CODE and _CODE.fullmatch(code) is not None


def proof_of(visit: Visit) -> tuple[str, str]:
    """Which second factor was typed, and its digits. Raises: Invalid `digits-malformed`."""
    name = "one_time_code" if visit.typed.first("one_time_code").strip() else "phone_last4"
    digits = visit.typed.first(name).strip()
    if not _DIGITS[name].fullmatch(digits):
        raise Invalid("digits-malformed", NO_DIGITS[name], field=name)
    return name, digits


async def told(tracking: Tracking, visit: Visit, code: str) -> dict[str, Any]:
    """The story for who shows a second factor. Raises: as `proof_of` and `Tracking`."""
    name, digits = proof_of(visit)
    address = await tracking.limits.admit(visit.request)
    if name == "one_time_code":
        return await tracking.by_one_time_code(code, digits, address)
    return await tracking.by_digits(code, digits, address)


def beside(refusal: Refused) -> Form[Any]:
    """The refusal beside the digits that it is about; the digits themselves do not come back."""
    fields = {"tracking-refused": "phone_last4", **WRONG_CODE}
    field = str(refusal.facts.get("field") or fields.get(refusal.slug, ""))
    return Form[Any]().wrong(field, refusal.message)


def malformed(visit: Visit, code: str) -> Response:
    form = Form[Any]({"ma": [code[:LONGEST_CODE]]}).wrong("ma", _NO_CODE)
    return visit.page("citizen/find.html", 404, form=form)


def _asked_again(visit: Visit, code: str, refusal: Refused) -> Response:
    return refused_page(visit, "citizen/ask.html", refusal, code=code, finished=None, form=beside(refusal))


def track_pages(tracking: Tracking, send_code: SendCode, collecting: Collecting, *, supplements: bool) -> Pages:
    """
    Args:
        collecting: of results that are electronic.
        supplements: whether papers can be brought from home, which needs the door of the online form.
    """
    pages = Pages("/tra-cuu")
    _looking(pages, tracking, collecting, supplements=supplements)
    _sending(pages, send_code)
    _withdrawing(pages, tracking)
    return pages


def _looking(pages: Pages, tracking: Tracking, collecting: Collecting, *, supplements: bool) -> None:

    @pages.get("", PUBLIC)
    async def find(visit: VisitDep) -> Response:
        code = visit.request.query_params.get("ma", "").strip().upper()
        if not code:
            return visit.page("citizen/find.html", form=Form[Any]())
        return await visit.go(f"/tra-cuu/{code}") if is_code(code) else malformed(visit, code)

    @pages.get("/{code}", PUBLIC)
    async def ask(visit: VisitDep, code: str) -> Response:
        """Finished or not, and the question for the digits."""
        if not is_code(code):
            return malformed(visit, code)
        try:
            await tracking.limits.admit(visit.request)
            finished = (await tracking.finished(code))["finished"]
        except Refused as refusal:
            return _asked_again(visit, code, refusal)
        return visit.page("citizen/ask.html", code=code, finished=finished, form=Form[Any]())

    @pages.post("/{code}", PUBLIC)
    async def show(visit: VisitDep, code: str) -> Response:
        if not is_code(code):
            return malformed(visit, code)
        try:
            story = await told(tracking, visit, code)
        except Refused as refusal:
            return _asked_again(visit, code, refusal)
        last4 = visit.typed.first("phone_last4").strip()
        electronic = story["status"] in COLLECTED_WHEN and bool(await collecting.documents(code))
        return visit.page(
            "citizen/story.html", code=code, story=story, last4=last4, supplements=supplements, electronic=electronic
        )


def _sending(pages: Pages, send_code: SendCode) -> None:
    @pages.post("/{code}/ma", PUBLIC)
    async def send(visit: VisitDep, code: str, background: BackgroundTasks) -> Response:
        """A one-time code to the phone; then back to where it is asked for."""
        back = f"/tra-cuu/{code}{_BACK.get(visit.typed.first('ve'), '')}"
        if not is_code(code):
            return malformed(visit, code)
        try:
            await send_code(visit.request, code, background)
        except Refused as refusal:
            return _asked_again(visit, code, refusal)
        return await visit.go(f"{back}?da-gui=1")


def _withdrawing(pages: Pages, tracking: Tracking) -> None:
    @pages.get("/{code}/rut", PUBLIC)
    async def ask_withdrawal(visit: VisitDep, code: str) -> Response:
        """Shows nothing of the dossier, and so asks for nothing."""
        if not is_code(code):
            return malformed(visit, code)
        return visit.page("citizen/withdraw.html", code=code, form=Form[Any](), reasons=WITHDRAWAL_REASONS)

    @pages.post("/{code}/rut", PUBLIC)
    async def withdraw(visit: VisitDep, code: str) -> Response:
        if not is_code(code):
            return malformed(visit, code)
        form = visit.read(WithdrawalIn)
        if "one_time_code" in form.errors:
            form.errors["one_time_code"] = NO_DIGITS["one_time_code"]
        if form.value is not None and form.value.reason not in WITHDRAWAL_REASONS:
            form.wrong("reason", "Hãy chọn một lý do trong danh sách.")
        if form.value is None or form.errors:
            return visit.page("citizen/withdraw.html", 422, code=code, form=form, reasons=WITHDRAWAL_REASONS)
        try:
            address = await tracking.limits.admit(visit.request)
            action = WithdrawDossier(code, None, form.value.reason)
            await tracking.act(action, form.value.one_time_code, address)
        except Refused as refusal:
            again = form.refused(refusal, WRONG_CODE)
            return refused_page(
                visit, "citizen/withdraw.html", refusal, code=code, form=again, reasons=WITHDRAWAL_REASONS
            )
        return await visit.go(f"/tra-cuu/{code}/da-rut")

    @pages.get("/{code}/da-rut", PUBLIC)
    async def withdrawn(visit: VisitDep, code: str) -> Response:
        """Tells no more than the code does: who opens it without having withdrawn learns finished or not."""
        if not is_code(code):
            return malformed(visit, code)
        await tracking.limits.admit(visit.request)
        finished = (await tracking.finished(code))["finished"]
        return visit.page("citizen/withdrawn.html", code=code, finished=finished)
