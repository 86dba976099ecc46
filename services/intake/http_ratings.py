"""HTTP in: satisfaction. One invited answer per returned dossier; low scores are followed up."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.events.counter import Points
from contracts.types import DossierCode, Moment, UnitCode
from services.intake.applicants import Prose
from services.intake.commands.follow_up import CloseFollowUp
from services.intake.commands.rate_dossier import RateByInvitation, Rated, RateDossier, RatingPolicy
from services.intake.domain.rating import FollowUpOutcome, Scores
from services.intake.public_limits import PublicLimits
from services.intake.queries.ratings import follow_up_view, follow_ups, summary
from services.intake.rights import writing_counters_of
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{16,64}$")]


class CommentIn(BaseModel):
    """What counters' own software seals as `comment` of `RateDossier`."""

    model_config = ConfigDict(extra="forbid")

    text: Prose


class RatingIn(BaseModel):
    """Body of `POST /v1/ratings/{token}`: points as in TT 01/2018/TT-VPCP Art 13."""

    model_config = ConfigDict(extra="forbid")

    overall: int = Field(ge=1, le=5)
    time_score: Points | None = None
    contacts_score: Points | None = None
    agencies_score: Points | None = None
    attitude_score: Points | None = None
    comment: Prose | None = None

    @property
    def scores(self) -> Scores:
        return Scores(self.overall, self.time_score, self.contacts_score, self.agencies_score, self.attitude_score)


class TabletRatingIn(RatingIn):
    """Body of `POST /v1/dossiers/{code}/rating`."""

    occurred_at: Moment | None = None


class CloseIn(BaseModel):
    """Body of `POST /v1/follow-ups/{code}/close`."""

    model_config = ConfigDict(extra="forbid")

    outcome: FollowUpOutcome
    note: Prose | None = None


def rating_routes(
    mongo: Mongo, committer: Committer, limits: PublicLimits, policy: RatingPolicy, now: Now
) -> APIRouter:
    """Rate by invitation or at the tablet, read the summary, follow up low scores."""
    api = APIRouter(prefix="/v1")

    @api.post("/ratings/{token}", status_code=201)
    async def rate_by_invitation(request: Request, response: Response, token: Token, body: RatingIn) -> dict[str, Any]:
        """The citizen's answer, by the link in the last message; whoever has the token may answer, once."""
        await limits.admit(request)
        return _thanks(response, await committer.run(RateByInvitation(token, body.scores, body.comment, policy)))

    @api.post("/dossiers/{code}/rating", status_code=201)
    async def rate_at_the_tablet(
        response: Response, code: DossierCode, body: TabletRatingIn, caller: CallerDep
    ) -> dict[str, Any]:
        """The citizen's answer at the counter's tablet."""
        counters = writing_counters_of(caller)
        command = RateDossier(code, counters, body.scores, body.comment, policy, body.occurred_at)
        return _thanks(response, await committer.run(command))

    @api.get("/ratings/summary")
    async def show_summary(
        caller: CallerDep,
        counter: UnitCode | None = None,
        since: Annotated[Day | None, Query(alias="from")] = None,
        until: Annotated[Day | None, Query(alias="to")] = None,
    ) -> dict[str, Any]:
        """Counts and averages of a counter, or (operators) of all."""
        caller.require(*([f"counter:{counter}", "service"] if counter else []), "operator")
        return await summary(mongo, counter, since, until)

    @api.get("/follow-ups")
    async def list_follow_ups(
        caller: CallerDep,
        counter: UnitCode | None = None,
        open: bool = True,
        after: DossierCode | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Low scores of a counter, or (operators) of all, with the citizen's comment."""
        caller.require(*([f"counter:{counter}"] if counter else []), "operator")
        return await follow_ups(mongo, counter, now(), open_only=open, after=after, limit=limit)

    @api.post("/follow-ups/{code}/close")
    async def close(code: DossierCode, body: CloseIn, caller: CallerDep) -> dict[str, Any]:
        counters = writing_counters_of(caller)
        command = CloseFollowUp(code, counters, body.outcome, body.note, caller.key_id)
        return follow_up_view(await committer.run(command), now())

    return api


def _thanks(response: Response, rated: Rated) -> dict[str, Any]:
    if rated.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    return {"rated_at": rated.rating.rated_at, "detail": "Cảm ơn ông/bà đã đánh giá."}
