"""HTTP in: what agencies do with their steps, and a case as they see it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.events import agency as said
from contracts.problems import Missing, NotYet
from contracts.types import Count, DossierCode, Moment, Money, Outcome, ReasonCode, ShortText, StopKind, UnitCode
from services.kit.auth import Caller
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.routing.commands.act_on_step import ActOnStep
from services.routing.commands.assign_officer import AssignOfficer
from services.routing.commands.place_case import PlaceCase
from services.routing.domain.case import Case
from services.routing.queries.shown import shown
from services.routing.rights import SUPERVISOR, actor_of, agencies_of, visible
from services.routing.store import CASES

OfficerAccount = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
"""Account of an officer as the agency names it; never a person's name or number."""


class ActionIn(BaseModel):
    """What every action says."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    agency: UnitCode
    step: Count
    occurred_at: Moment | None = None
    revision: int | None = Field(default=None, ge=0)
    """Revision of the case that was seen; given: refused when the case has moved on."""


class DeclineIn(ActionIn):
    reason: ReasonCode


class CompleteIn(ActionIn):
    outcome: Outcome = Outcome.GRANTED
    ground: ReasonCode | None = None
    """Coded legal ground of a denial or a decision to stop (NĐ 61/2018 Art 19.8)."""


class SupplementIn(ActionIn):
    reason: ReasonCode
    items: tuple[ShortText, ...] = Field(min_length=1, max_length=30)
    legal_basis: ShortText | None = None


class ExtendIn(ActionIn):
    reason: ReasonCode | None = None
    due_at: Moment | None = None
    """Both absent: as the prepared apology proposes."""


class PaymentIn(ActionIn):
    amount_vnd: Money
    legal_basis: ShortText


class HaltIn(ActionIn):
    kind: StopKind = StopKind.CONSULTATION
    reason: ReasonCode
    legal_basis: ShortText


class SendBackIn(ActionIn):
    to_step: Count | None = None
    reason: ReasonCode


class AssignIn(BaseModel):
    """Body of `POST /v1/cases/{code}/assign`."""

    model_config = ConfigDict(extra="forbid")

    agency: UnitCode
    step: Count
    officer: OfficerAccount
    revision: int | None = Field(default=None, ge=0)


class PlaceIn(BaseModel):
    """Body of `POST /v1/cases/{code}/place`."""

    model_config = ConfigDict(extra="forbid")

    agency: UnitCode
    step: Count | None = None


ACTIONS: tuple[tuple[str, type[ActionIn], type[said.AgencyAction], str], ...] = (
    ("accept", ActionIn, said.AcceptTransfer, "Nhận hồ sơ. Lặp lại không đổi gì."),
    ("decline", DeclineIn, said.DeclineTransfer, "Trả lại, có mã lý do; hồ sơ chuyển cơ quan cấp trên."),
    ("complete", CompleteIn, said.CompleteStep, "Hoàn thành bước. Lặp lại không đổi gì."),
    (
        "request-supplement",
        SupplementIn,
        said.RequestSupplement,
        "Yêu cầu bổ sung, một lần; lần nữa cần người phụ trách và căn cứ pháp lý.",
    ),
    ("extend", ExtendIn, said.ExtendDueDate, "Xin lỗi và hẹn lại, một lần, thủ trưởng cơ quan ký."),
    ("request-payment", PaymentIn, said.RequestPayment, "Yêu cầu thực hiện nghĩa vụ tài chính; thời hạn tạm dừng."),
    ("halt", HaltIn, said.HaltProcessing, "Tạm dừng để lấy ý kiến, hoặc theo quyết định."),
    ("resume", ActionIn, said.ResumeProcessing, "Tiếp tục giải quyết sau khi tạm dừng."),
    ("send-back", SendBackIn, said.SendBackStep, "Trả lại bước ngay trước, có mã lý do."),
    ("reopen", ActionIn, said.ReopenStep, "Lấy lại bước đã hoàn thành nhầm, khi bước sau chưa nhận."),
)
"""Path, body, command, words: the listing is what an agency can do with a step."""


def routes(mongo: Mongo, committer: Committer, now: Now) -> APIRouter:
    """The routes about single cases; every one needs a key."""
    api = APIRouter(prefix="/v1")
    for path, body, action, words in ACTIONS:
        _add_action(api, committer, now, path, body, action, words)

    @api.post("/cases/{code}/assign")
    async def assign(code: DossierCode, body: AssignIn, caller: CallerDep) -> dict[str, Any]:
        """Phân công cán bộ; người đang vắng thì giao cho người thay thế."""
        actor = actor_of(caller, body.agency)
        command = AssignOfficer(code, body.agency, body.step, body.officer, actor.id, body.revision)
        return _view(await committer.run(command), caller, now)

    @api.post("/cases/{code}/place")
    async def place(code: DossierCode, body: PlaceIn, caller: CallerDep) -> dict[str, Any]:
        """Xếp cơ quan giải quyết cho bước bị mọi nơi trả lại; việc của người vận hành."""
        caller.require("operator")
        return _view(await committer.run(PlaceCase(code, body.agency, caller.key_id, body.step)), caller, now)

    @api.get("/cases/{code}")
    async def show(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        """Hồ sơ: các bước, các lần chuyển, các lần hẹn kèm cách tính."""
        return _view(visible(await CASES.read(mongo, code), caller), caller, now)

    return api


def _add_action(
    api: APIRouter,
    committer: Committer,
    now: Now,
    path: str,
    body_type: type[ActionIn],
    action: type[said.AgencyAction],
    words: str,
) -> None:
    async def act(code: DossierCode, body: ActionIn, caller: CallerDep) -> dict[str, Any]:
        actor = actor_of(caller, body.agency)
        command = ActOnStep(action(code=code, **body.model_dump(exclude_none=True)), actor)
        try:
            return _view(await committer.run(command), caller, now)
        except NotYet as error:
            raise Missing(error.slug, error.message) from error

    act.__annotations__["body"] = body_type
    api.add_api_route(f"/cases/{{code}}/{path}", act, methods=["POST"], description=words, name=path)


def _view(case: Case, caller: Caller, now: Now) -> dict[str, Any]:
    return shown(case, now(), agencies_of(caller), supervisor=caller.may(SUPERVISOR))
