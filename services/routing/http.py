"""HTTP in: agencies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.events.agency import (
    AcceptTransfer,
    AgencyAction,
    CompleteStep,
    DeclineTransfer,
    ExtendDueDate,
    RequestSupplement,
)
from contracts.problems import Denied, Missing, NotYet
from contracts.types import Count, DossierCode, Moment, Outcome, ReasonCode, ShortText, UnitCode
from services.kit.auth import Caller
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.routing.commands.act_on_step import ActOnStep
from services.routing.commands.place_case import PlaceCase
from services.routing.domain.case import Case
from services.routing.queries.inbox import inbox, shown
from services.routing.queries.statistics import statistics
from services.routing.store import CASES

SUPERVISOR = "supervisor"
"""Scope beside an agency's own (người phụ trách)."""


class ActionIn(BaseModel):
    """What every action says."""

    model_config = ConfigDict(extra="forbid")

    agency: UnitCode
    step: Count
    occurred_at: Moment | None = None


class DeclineIn(ActionIn):
    reason: ReasonCode


class CompleteIn(ActionIn):
    outcome: Outcome = Outcome.GRANTED
    ground: ReasonCode | None = None
    """Coded legal ground of a denial (NĐ 61/2018 Art 19.8)."""


class SupplementIn(ActionIn):
    reason: ReasonCode
    items: tuple[ShortText, ...] = Field(min_length=1, max_length=30)
    legal_basis: ShortText | None = None


class ExtendIn(ActionIn):
    reason: ReasonCode
    due_at: Moment


class PlaceIn(BaseModel):
    """Body of `POST /v1/cases/{code}/place`."""

    model_config = ConfigDict(extra="forbid")

    agency: UnitCode


def routes(mongo: Mongo, committer: Committer, now: Now) -> APIRouter:
    """The routes of the routing API; every one needs a key."""
    api = APIRouter(prefix="/v1")

    async def act(action: type[AgencyAction], code: str, body: ActionIn, caller: Caller) -> dict[str, Any]:
        caller.require(f"agency:{body.agency}", "operator")
        command = ActOnStep(action(code=code, **body.model_dump()), supervisor=caller.may(SUPERVISOR))
        try:
            return _view(await committer.run(command), caller, now())
        except NotYet as error:
            raise Missing(error.slug, error.message) from error

    @api.post("/cases/{code}/accept")
    async def accept(code: DossierCode, body: ActionIn, caller: CallerDep) -> dict[str, Any]:
        """Nhận hồ sơ. Once more changes nothing."""
        return await act(AcceptTransfer, code, body, caller)

    @api.post("/cases/{code}/decline")
    async def decline(code: DossierCode, body: DeclineIn, caller: CallerDep) -> dict[str, Any]:
        """Trả lại, có mã lý do."""
        return await act(DeclineTransfer, code, body, caller)

    @api.post("/cases/{code}/complete")
    async def complete(code: DossierCode, body: CompleteIn, caller: CallerDep) -> dict[str, Any]:
        """Hoàn thành bước. Once more changes nothing."""
        return await act(CompleteStep, code, body, caller)

    @api.post("/cases/{code}/request-supplement")
    async def request_supplement(code: DossierCode, body: SupplementIn, caller: CallerDep) -> dict[str, Any]:
        """Yêu cầu bổ sung, một lần; lần nữa cần người phụ trách và căn cứ pháp lý."""
        return await act(RequestSupplement, code, body, caller)

    @api.post("/cases/{code}/extend")
    async def extend(code: DossierCode, body: ExtendIn, caller: CallerDep) -> dict[str, Any]:
        """Xin lỗi và hẹn lại, một lần."""
        return await act(ExtendDueDate, code, body, caller)

    @api.post("/cases/{code}/place")
    async def place(code: DossierCode, body: PlaceIn, caller: CallerDep) -> dict[str, Any]:
        """Xếp cơ quan giải quyết cho hồ sơ bị mọi nơi trả lại; việc của người vận hành."""
        caller.require("operator")
        return _view(await committer.run(PlaceCase(code, body.agency)), caller, now())

    @api.get("/cases/{code}")
    async def show(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        return _view(_visible(await CASES.read(mongo, code), caller), caller, now())

    @api.get("/agencies/{agency}/transfers")
    async def transfers(
        agency: UnitCode,
        caller: CallerDep,
        state: Literal["offered", "accepted", "supplement", "unplaced"] = "offered",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        """Hộp thư của cơ quan."""
        caller.require(f"agency:{agency}", "operator", "service")
        cases = await inbox(mongo, agency, state, limit=limit)
        return {"agency": agency, "state": state, "cases": [_view(case, caller, now()) for case in cases]}

    @api.get("/statistics")
    async def show_statistics(caller: CallerDep) -> dict[str, Any]:
        caller.require("operator", "service")
        return await statistics(mongo)

    return api


def _view(case: Case, caller: Caller, at: datetime) -> dict[str, Any]:
    acts = caller.may("operator", f"agency:{case.step.agency}")
    return shown(case, at, supervisor=acts and caller.may(SUPERVISOR))


def _visible(case: Case | None, caller: Caller) -> Case:
    """A case is seen by the agencies of its steps, its counter and operators; for others it does not exist."""
    if not caller.may("operator", "service") and not (caller.units("agency") or caller.units("counter")):
        raise Denied("scope-missing", "Khóa truy cập này không có quyền làm việc đó.")
    if case is not None:
        agencies = {step.agency for step in case.steps}
        if caller.may("operator", "service", f"counter:{case.counter}") or agencies & caller.units("agency"):
            return case
    raise Missing("case-unknown", "Không tìm thấy hồ sơ với mã này.")
