"""HTML in: the page that the link in the last message opens. One answer, without any script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from contracts.problems import Refused
from services.intake.commands.rate_dossier import RateByInvitation, RatingPolicy
from services.intake.html import Page, said
from services.intake.http_ratings import RatingIn
from services.intake.public_limits import PublicLimits
from services.kit.commit import Committer


@dataclass(frozen=True)
class Question:
    """One indicator, in the citizen's words."""

    name: str
    text: str
    choices: tuple[tuple[int, str], ...]
    required: bool = False


QUESTIONS = (
    Question(
        "overall",
        "Ông/bà hài lòng đến mức nào?",
        ((5, "Rất hài lòng"), (4, "Hài lòng"), (3, "Bình thường"), (2, "Không hài lòng"), (1, "Rất không hài lòng")),
        required=True,
    ),
    Question(
        "time_score",
        "Thời gian giải quyết so với ngày hẹn",
        ((2, "Sớm hơn"), (1, "Đúng hẹn"), (0, "Muộn hơn")),
    ),
    Question(
        "contacts_score",
        "Số lần phải đi lại thêm để hoàn thiện hồ sơ",
        ((2, "Không lần nào"), (1, "Một lần"), (0, "Nhiều hơn một lần")),
    ),
    Question(
        "agencies_score",
        "Số cơ quan khác phải liên hệ để hoàn thiện hồ sơ",
        ((2, "Không phải liên hệ thêm"), (1, "Một cơ quan"), (0, "Nhiều hơn một cơ quan")),
    ),
    Question(
        "attitude_score",
        "Thái độ của cán bộ",
        ((2, "Tốt"), (1, "Bình thường"), (0, "Chưa tốt")),
    ),
)
"""TT 01/2018/TT-VPCP Arts 13-14: indicators 1, 3, 4 and 7 are the citizen's."""


def rating_page_routes(committer: Committer, limits: PublicLimits, policy: RatingPolicy) -> APIRouter:
    """Rating for people."""
    pages = APIRouter(prefix="/danh-gia", include_in_schema=False)
    page = Page("rate.html")

    def show(
        token: str,
        status: int = 200,
        *,
        error: str | None = None,
        asks: bool = True,
        headers: dict[str, str] | None = None,
    ) -> HTMLResponse:
        values = {"token": token, "questions": QUESTIONS, "thanks": False, "follow_up": False}
        return page.render(status, headers, error=error, asks=asks, **values)

    @pages.get("/{token}")
    async def ask(request: Request, token: str) -> HTMLResponse:
        """The questions; whether the invitation is good shows when it is used."""
        try:
            await limits.admit(request)
        except Refused as refusal:
            status, headers = said(refusal)
            return show(token, status, error=refusal.message, asks=False, headers=headers)
        return show(token)

    @pages.post("/{token}")
    async def answer(
        request: Request,
        token: str,
        overall: Annotated[str, Form()] = "",
        time_score: Annotated[str, Form()] = "",
        contacts_score: Annotated[str, Form()] = "",
        agencies_score: Annotated[str, Form()] = "",
        attitude_score: Annotated[str, Form()] = "",
        comment: Annotated[str, Form()] = "",
    ) -> HTMLResponse:
        stated = {
            "overall": overall,
            "time_score": time_score,
            "contacts_score": contacts_score,
            "agencies_score": agencies_score,
            "attitude_score": attitude_score,
            "comment": comment.strip(),
        }
        try:
            rating = RatingIn.model_validate({name: value for name, value in stated.items() if value})
        except ValidationError:
            return show(token, 422, error="Hãy chọn mức độ hài lòng, và ghi ý kiến ngắn hơn.")
        try:
            await limits.admit(request)
            rated = await committer.run(RateByInvitation(token, rating.scores, rating.comment, policy))
        except Refused as refusal:
            status, headers = said(refusal)
            return show(token, status, error=refusal.message, asks=False, headers=headers)
        followed_up = rated.rating.follow_up is not None
        return page.render(
            200, None, token=token, questions=(), error=None, asks=False, thanks=True, follow_up=followed_up
        )

    return pages
