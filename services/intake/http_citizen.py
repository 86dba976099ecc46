"""HTTP in: what citizens do themselves, by code and a one-time code that proves more than four digits do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel, ConfigDict, Field

from contracts.events.counter import OneTimeCode
from contracts.problems import Invalid
from contracts.types import DossierCode, ReasonCode
from services.intake.code_sender import CodeSender
from services.intake.commands.bring_papers import BringPapers
from services.intake.commands.withdraw_dossier import WithdrawDossier
from services.intake.domain.reasons import WITHDRAWAL_REASONS
from services.intake.queries.drafts import take_draft
from services.intake.tracking import Tracking


class CitizenWithdrawIn(BaseModel):
    """Body of `POST /v1/track/{code}/withdraw`."""

    model_config = ConfigDict(extra="forbid")

    one_time_code: OneTimeCode
    reason: ReasonCode = "citizen-request"


class CitizenSupplementIn(BaseModel):
    """Body of `POST /v1/track/{code}/supplement`."""

    model_config = ConfigDict(extra="forbid")

    one_time_code: OneTimeCode
    draft_id: str = Field(min_length=1, max_length=100)
    draft_token: str = Field(min_length=1, max_length=100)


def citizen_routes(tracking: Tracking, sender: CodeSender) -> APIRouter:
    """Have a code sent, take the dossier back, bring papers."""
    api = APIRouter(prefix="/v1/track/{code}")

    @api.post("/one-time-codes", status_code=202)
    async def send_code(request: Request, code: DossierCode, background: BackgroundTasks) -> dict[str, str]:
        """Send a code to the phone of the dossier, if there is one; the answer does not tell."""
        await sender.send(request, code, background)
        return {"detail": "Nếu hồ sơ có số điện thoại, mã xác nhận sẽ được gửi đến số đó trong ít phút."}

    @api.post("/withdraw")
    async def withdraw(request: Request, code: DossierCode, body: CitizenWithdrawIn) -> dict[str, Any]:
        """Take the dossier back, until a decision or result exists (TT 03/2025 Art 7)."""
        address = await tracking.limits.admit(request)
        if body.reason not in WITHDRAWAL_REASONS:
            raise Invalid("reason-unknown", "Không có lý do rút hồ sơ này.", known=sorted(WITHDRAWAL_REASONS))
        return await tracking.act(WithdrawDossier(code, None, body.reason), body.one_time_code, address)

    return api


def supplement_routes(tracking: Tracking) -> APIRouter:
    """Bring papers from home; only where drafts are (`ONLINE_FORM`), which carry the files."""
    api = APIRouter(prefix="/v1/track/{code}")

    @api.post("/supplement")
    async def supplement(request: Request, code: DossierCode, body: CitizenSupplementIn) -> dict[str, Any]:
        """The files of a draft become papers of the dossier; each paper with a file is there in digital form."""
        address = await tracking.limits.admit(request)
        draft = await take_draft(tracking.mongo, body.draft_id, body.draft_token, tracking.now())
        return await tracking.act(BringPapers(code, body.draft_id, draft), body.one_time_code, address)

    return api
