"""Rating: the page that the link in the last message opens. One answer, without any script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Response

from contracts.problems import Refused
from services.intake.citizen_pages.said import refused_page
from services.intake.commands.rate_dossier import RateByInvitation, RatingPolicy
from services.intake.http_ratings import RatingIn
from services.intake.public_limits import PublicLimits
from services.kit.commit import Committer
from services.kit.web.forms import Form
from services.kit.web.pages import Pages
from services.kit.web.rights import PUBLIC
from services.kit.web.visit import VisitDep


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


def rating_pages(committer: Committer, limits: PublicLimits, policy: RatingPolicy) -> Pages:
    """Rating for people."""
    pages = Pages("/danh-gia")

    def values(token: str, form: Form[Any], **more: bool) -> dict[str, Any]:
        shown = {"asks": True, "thanks": False, "follow_up": False} | more
        return {"token": token, "questions": QUESTIONS, "form": form, **shown}

    @pages.get("/{token}", PUBLIC)
    async def ask(visit: VisitDep, token: str) -> Response:
        """The questions; whether the invitation is good shows when it is used."""
        try:
            await limits.admit(visit.request)
        except Refused as refusal:
            form = Form[Any]().refused(refusal)
            return refused_page(visit, "citizen/rate.html", refusal, **values(token, form, asks=False))
        return visit.page("citizen/rate.html", **values(token, Form()))

    @pages.post("/{token}", PUBLIC)
    async def answer(visit: VisitDep, token: str) -> Response:
        form = visit.read(RatingIn)
        if form.value is None:
            if "overall" in form.errors:
                form.errors["overall"] = "Hãy chọn mức độ hài lòng."
            return visit.page("citizen/rate.html", 422, **values(token, form))
        try:
            await limits.admit(visit.request)
            rated = await committer.run(RateByInvitation(token, form.value.scores, form.value.comment, policy))
        except Refused as refusal:
            again = form.refused(refusal)
            return refused_page(visit, "citizen/rate.html", refusal, **values(token, again, asks=False))
        # Not a redirect: the same answer sent again is thanked for again, and another is refused.
        follow_up = rated.rating.follow_up is not None
        return visit.page("citizen/rate.html", **values(token, form, asks=False, thanks=True, follow_up=follow_up))

    return pages
