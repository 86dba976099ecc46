"""HTTP in: what a desk does with a dossier. Each route is one command."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from contracts.problems import Invalid
from contracts.types import CodePurpose, DossierCode, HandOverProof
from services.intake.bodies import (
    AcceptIn,
    CompletionIn,
    HandOverIn,
    PaymentIn,
    RefuseIn,
    SupplementIn,
    WithdrawIn,
    lines,
)
from services.intake.commands.answer_filing import AcceptFiling, RefuseDossier, RequestCompletion
from services.intake.commands.hand_over_result import HandOverResult
from services.intake.commands.invite import Invite
from services.intake.commands.one_time_codes import IssueCode, Secret
from services.intake.commands.record_payment import RecordPayment
from services.intake.commands.supplement_dossier import SupplementDossier
from services.intake.commands.withdraw_dossier import WithdrawDossier
from services.intake.queries.receipt import receipt
from services.intake.queries.track import story
from services.intake.rights import writing_counters_of
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.limiter import Limiter
from services.kit.sealing import Sealer


def desk_routes(committer: Committer, sealer: Sealer | None, tries: Limiter) -> APIRouter:
    """Accept, ask for papers, refuse, supplement, record a payment, withdraw, hand over."""
    api = APIRouter(prefix="/v1/dossiers/{code}")

    @api.post("/accept")
    async def accept(code: DossierCode, body: AcceptIn, caller: CallerDep) -> dict[str, Any]:
        """The filing is complete: the receipt with the appointment date."""
        counters = writing_counters_of(caller)
        command = AcceptFiling(
            code,
            counters,
            lines(body.checklist),
            body.fee_paid_vnd,
            body.clerk,
            body.occurred_at,
            case=body.case,
        )
        return receipt(await committer.run(command))

    @api.post("/request-completion")
    async def request_completion(code: DossierCode, body: CompletionIn, caller: CallerDep) -> dict[str, Any]:
        counters, supervisor = writing_counters_of(caller), caller.may("supervisor", "operator")
        command = RequestCompletion(code, counters, body.asked(), body.legal_basis, supervisor, body.occurred_at)
        return story(await committer.run(command))

    @api.post("/refuse")
    async def refuse(code: DossierCode, body: RefuseIn, caller: CallerDep) -> dict[str, Any]:
        return story(
            await committer.run(RefuseDossier(code, writing_counters_of(caller), body.grounds, body.occurred_at))
        )

    @api.post("/supplement")
    async def supplement(code: DossierCode, body: SupplementIn, caller: CallerDep) -> dict[str, Any]:
        counters = writing_counters_of(caller)
        return story(await committer.run(SupplementDossier(code, counters, lines(body.checklist), body.occurred_at)))

    @api.post("/payment")
    async def payment(code: DossierCode, body: PaymentIn, caller: CallerDep) -> dict[str, Any]:
        """What an agency asked for was paid; the same reference again is the same payment."""
        counters = writing_counters_of(caller)
        command = RecordPayment(code, counters, body.amount_vnd, body.reference, body.occurred_at)
        return story(await committer.run(command))

    @api.post("/withdraw")
    async def withdraw(code: DossierCode, body: WithdrawIn, caller: CallerDep) -> dict[str, Any]:
        counters = writing_counters_of(caller)
        return story(await committer.run(WithdrawDossier(code, counters, body.reason, body.occurred_at)))

    @api.post("/one-time-codes", status_code=201)
    async def send_code(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        """Send a code to the citizen's phone, to be read out at the hand-over."""
        counters = writing_counters_of(caller)
        if sealer is None:
            raise Invalid("notices-not-configured", "Máy chủ chưa có khóa công khai của dịch vụ thông báo.")
        expires_at = await committer.run(IssueCode(code, counters, CodePurpose.HAND_OVER, Secret.make(sealer)))
        return {"expires_at": expires_at}

    @api.post("/hand-over")
    async def hand_over(code: DossierCode, body: HandOverIn, caller: CallerDep) -> dict[str, Any]:
        command = HandOverResult(
            code,
            writing_counters_of(caller),
            body.method,
            body.received_by,
            body.proof,
            body.identity_check,
            body.receiver.receiver() if body.receiver else None,
            body.one_time_code,
            Invite.make(sealer),
            body.occurred_at,
        )
        if body.proof is not HandOverProof.ONE_TIME_CODE:
            return story(await committer.run(command))
        async with tries.guess(f"hand-over|{code}"):
            return story(await committer.run(command))

    return api
