"""Complaints and suggestions (phản ánh, kiến nghị): send one, and read the answer."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Response

from contracts.problems import Missing, Refused
from services.intake.citizen_pages.said import refused_page
from services.intake.commands.application import fingerprint
from services.intake.commands.feedback import REFERENCE_PATTERN, SubmitFeedback, Ticket
from services.intake.http_feedback import FeedbackIn
from services.intake.public_limits import PublicLimits
from services.intake.queries.feedback import own_feedback, public_view
from services.intake.queries.places import Places
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.web.forms import FORM_KEY, Form
from services.kit.web.once import FORM_KEY_PATTERN
from services.kit.web.pages import Pages
from services.kit.web.rights import PUBLIC
from services.kit.web.visit import VisitDep

KINDS = (("complaint", "Phản ánh: việc chưa đúng, chưa tốt"), ("suggestion", "Kiến nghị: góp ý để làm tốt hơn"))
_REFERENCE = re.compile(REFERENCE_PATTERN)
_WORDS = {
    "kind": "Hãy chọn phản ánh hay kiến nghị.",
    "dossier_code": "Mã hồ sơ không đúng dạng. Hãy xem lại trên giấy tiếp nhận, hoặc để trống.",
}


def feedback_pages(
    mongo: Mongo, committer: Committer, limits: PublicLimits, working_days: int, places: Places, now: Now
) -> Pages:
    """For everybody, with or without a name."""
    pages = Pages("/gop-y")
    counters = [(code, places.name(code)) for code in places.codes]

    def values(form: Form[Any]) -> dict[str, Any]:
        return {"form": form, "kinds": KINDS, "counters": counters, "working_days": working_days}

    @pages.get("", PUBLIC)
    async def write(visit: VisitDep) -> Response:
        code = visit.request.query_params.get("ma", "")[:48]
        return visit.page("citizen/feedback.html", **values(visit.blank(dossier_code=code, kind="complaint")))

    @pages.post("", PUBLIC)
    async def send(visit: VisitDep) -> Response:
        """Not a redirect: reference and token are shown only here. The form's key makes the same of the same."""
        form = visit.read(FeedbackIn)
        for field in _WORDS.keys() & form.errors.keys():
            form.errors[field] = _WORDS[field]
        if form.value is None:
            return visit.page("citizen/feedback.html", 422, **values(form))
        said = form.value
        key = visit.typed.first(FORM_KEY)
        ticket = Ticket.make(now(), f"page|{key}" if FORM_KEY_PATTERN.fullmatch(key) else None)
        command = SubmitFeedback(
            ticket, fingerprint(said.model_dump_json().encode()), said.kind, said.text, said.writer,
            said.dossier_code, said.counter, working_days,
        )  # fmt: skip
        try:
            await limits.feedback.hit(await limits.admit(visit.request))
            submitted = await committer.run(command)
        except Refused as refusal:
            again = form.refused(refusal)
            return refused_page(visit, "citizen/feedback.html", refusal, **values(again))
        token = ticket.token(submitted.feedback.token_salt)
        return visit.page("citizen/feedback_sent.html", feedback=public_view(submitted.feedback, now()), token=token)

    @pages.get("/tra-loi", PUBLIC)
    async def ask(visit: VisitDep) -> Response:
        return visit.page("citizen/feedback_answer.html", form=Form[Any](), feedback=None)

    @pages.post("/tra-loi", PUBLIC)
    async def read(visit: VisitDep) -> Response:
        reference, token = visit.typed.first("reference").strip().upper(), visit.typed.first("token").strip()
        try:
            await limits.admit(visit.request)
            if not _REFERENCE.fullmatch(reference):
                raise Missing("feedback-unknown", "Số tham chiếu không đúng dạng. Ví dụ: PA-260302-0A1B2C3D.")
            found = await own_feedback(mongo, reference, token)
        except Refused as refusal:
            form = Form[Any]({"reference": [reference[:40]]}).refused(refusal, {"feedback-unknown": "reference"})
            return refused_page(visit, "citizen/feedback_answer.html", refusal, form=form, feedback=None)
        return visit.page("citizen/feedback_answer.html", form=Form[Any](), feedback=public_view(found, now()))

    return pages
