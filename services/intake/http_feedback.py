"""HTTP in: complaints and suggestions (phản ánh, kiến nghị)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict

from contracts.types import DossierCode, UnitCode
from services.intake.applicants import Prose, Text, email_address, mobile_phone
from services.intake.commands.application import fingerprint
from services.intake.commands.feedback import REFERENCE_PATTERN, AnswerFeedback, SubmitFeedback, Ticket
from services.intake.domain.feedback import FeedbackKind, Writer
from services.intake.public_limits import PublicLimits
from services.intake.queries.feedback import desk_feedback, desk_view, own_feedback, public_view
from services.kit.auth import Caller
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo

Reference = Annotated[str, Path(pattern=REFERENCE_PATTERN)]
IdempotencyKey = Annotated[str | None, Header(min_length=16, max_length=100)]
"""Long: unlike a counter's, it is in one scope with everybody's."""


class FeedbackIn(BaseModel):
    """Body of `POST /v1/feedback`."""

    model_config = ConfigDict(extra="forbid")

    kind: FeedbackKind
    text: Prose
    dossier_code: DossierCode | None = None
    counter: UnitCode | None = None
    """What it is about, where there is no dossier."""
    name: Text | None = None
    phone: Annotated[Text, AfterValidator(mobile_phone)] | None = None
    email: Annotated[Text, AfterValidator(email_address)] | None = None

    @property
    def writer(self) -> Writer:
        return Writer(self.name, self.phone, self.email)


class AnswerIn(BaseModel):
    """Body of `POST /v1/feedback/{reference}/answer`."""

    model_config = ConfigDict(extra="forbid")

    text: Prose


def token_of(authorization: Annotated[str | None, Header()] = None) -> str:
    """The token of `Authorization: Feedback <token>`; empty, which none has, when there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "feedback" else ""


Token = Annotated[str, Depends(token_of)]


def feedback_routes(mongo: Mongo, committer: Committer, limits: PublicLimits, working_days: int, now: Now) -> APIRouter:
    """Submit and read the answer (anybody), list and answer (supervisors, operators)."""
    api = APIRouter(prefix="/v1/feedback")

    @api.post("", status_code=201)
    async def submit(
        request: Request, response: Response, body: FeedbackIn, idempotency_key: IdempotencyKey = None
    ) -> dict[str, Any]:
        """The reference, and the token that shows the answer; both are given only here."""
        await limits.feedback.hit(await limits.admit(request))
        ticket = Ticket.make(now(), idempotency_key)
        command = SubmitFeedback(
            ticket, fingerprint(await request.body()), body.kind, body.text, body.writer,
            body.dossier_code, body.counter, working_days,
        )  # fmt: skip
        submitted = await committer.run(command)
        if submitted.repeated:
            response.headers["Idempotent-Replayed"] = "true"
        token = ticket.token(submitted.feedback.token_salt)
        return public_view(submitted.feedback, now()) | {"token": token}

    @api.get("/{reference}")
    async def show(request: Request, reference: Reference, token: Token) -> dict[str, Any]:
        """State and answer, for who has the token."""
        await limits.admit(request)
        return public_view(await own_feedback(mongo, reference, token), now())

    @api.get("")
    async def list_feedback(
        caller: CallerDep,
        open: bool = True,
        after: Annotated[str | None, Query(pattern=REFERENCE_PATTERN)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Those about the caller's counters; of operators all."""
        return await desk_feedback(mongo, _supervised_by(caller), now(), open_only=open, after=after, limit=limit)

    @api.post("/{reference}/answer")
    async def answer(reference: Reference, body: AnswerIn, caller: CallerDep) -> dict[str, Any]:
        command = AnswerFeedback(reference, _supervised_by(caller), body.text, caller.key_id)
        return desk_view(await committer.run(command), now())

    return api


def _supervised_by(caller: Caller) -> frozenset[str] | None:
    """Counters whose complaints a caller may read and answer; None: all. Raises: Denied `scope-missing`."""
    if caller.may("operator"):
        return None
    caller.require("supervisor", "operator")
    return caller.units("counter")
