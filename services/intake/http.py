"""HTTP in: counters."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.problems import Denied, Invalid
from contracts.types import (
    Channel,
    DossierCode,
    HandOverMethod,
    HandOverProof,
    Moment,
    ProcedureCode,
    ReceivedBy,
    Reference,
    UnitCode,
)
from services.intake.applicants import ApplicantIn
from services.intake.commands.access import dossier_of
from services.intake.commands.hand_over_result import HandOverResult
from services.intake.commands.register_dossier import RegisterDossier, fingerprint
from services.intake.commands.supplement_dossier import SupplementDossier
from services.intake.domain.dossier import Dossier, Status
from services.intake.queries.dossiers import desk_list
from services.intake.queries.receipt import receipt
from services.intake.queries.track import story
from services.intake.store import DOSSIERS, INFORMED
from services.kit.auth import Caller
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer


class RegisterIn(BaseModel):
    """Body of `POST /v1/dossiers`."""

    model_config = ConfigDict(extra="forbid")

    counter: UnitCode
    procedure_code: ProcedureCode
    channel: Channel = Channel.COUNTER
    applicant: ApplicantIn
    sets: int = Field(default=1, ge=1, le=99)
    external_ref: Reference | None = None
    occurred_at: Moment | None = None
    backfill: bool = False


class HandOverIn(BaseModel):
    """Body of `POST /v1/dossiers/{code}/hand-over`."""

    model_config = ConfigDict(extra="forbid")

    method: HandOverMethod = HandOverMethod.COUNTER
    received_by: ReceivedBy = ReceivedBy.OWNER
    proof: HandOverProof = HandOverProof.SIGNATURE
    occurred_at: Moment | None = None


class SupplementIn(BaseModel):
    """Body of `POST /v1/dossiers/{code}/supplement`."""

    model_config = ConfigDict(extra="forbid")

    occurred_at: Moment | None = None


def counters_of(caller: Caller) -> frozenset[str] | None:
    """The counters a caller may see; None: all. Raises: Denied `scope-missing`."""
    return None if caller.may("operator", "service") else _counters(caller)


def writing_counters_of(caller: Caller) -> frozenset[str] | None:
    """The counters for which a caller may change dossiers: a service only reads. Raises: Denied `scope-missing`."""
    return None if caller.may("operator") else _counters(caller)


def _counters(caller: Caller) -> frozenset[str]:
    counters = caller.units("counter")
    if not counters:
        raise Denied("scope-missing", "Khóa truy cập này không thuộc quầy nào.", needs=["counter:<code>", "operator"])
    return counters


def desk_routes(mongo: Mongo, committer: Committer, now: Now, sealer: Sealer | None) -> APIRouter:
    """What counters do; every route needs a key."""
    api = APIRouter(prefix="/v1")

    async def own(code: str, caller: Caller) -> Dossier:
        return dossier_of(await DOSSIERS.read(mongo, code), counters_of(caller))

    @api.post("/dossiers", status_code=201)
    async def register(
        body: RegisterIn,
        request: Request,
        response: Response,
        caller: CallerDep,
        idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
    ) -> dict[str, Any]:
        """Tiếp nhận hồ sơ. The same `Idempotency-Key` again gives the first answer again."""
        caller.require(f"counter:{body.counter}", "operator")
        if body.backfill:
            caller.require("backfill", "operator")
        if not idempotency_key:
            raise Invalid("idempotency-key-missing", "Cần tiêu đề Idempotency-Key để gửi lại an toàn khi mất mạng.")
        if sealer is None and body.applicant.phone is not None and body.applicant.notify_by != "none":
            raise Invalid("notices-not-configured", "Máy chủ chưa có khóa công khai của dịch vụ thông báo.")
        answer = await committer.run(
            RegisterDossier(
                request_id=f"http|{body.counter}|{idempotency_key}",
                fingerprint=fingerprint(await request.body()),
                counter=body.counter,
                procedure_code=body.procedure_code,
                channel=body.channel,
                applicant=body.applicant.applicant(),
                contact=body.applicant.contact(sealer),
                received_at=body.occurred_at or now(),
                sets=body.sets,
                external_ref=body.external_ref,
                backfill=body.backfill,
            )
        )
        dossier = answer.dossier or await own(answer.code, caller)
        if answer.repeated:
            response.headers["Idempotent-Replayed"] = "true"
        response.headers["Location"] = f"/v1/dossiers/{answer.code}"
        return receipt(dossier)

    @api.get("/dossiers")
    async def list_dossiers(
        caller: CallerDep,
        counter: UnitCode,
        status: Status = Status.RESOLVED,
        after: DossierCode | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        """A desk's dossiers in one status; `resolved` are the results waiting for pick-up."""
        caller.require(f"counter:{counter}", "operator", "service")
        page = await desk_list(mongo, counter, status, after=after, limit=limit)
        return {"dossiers": [story(dossier) for dossier in page.dossiers], "next_after": page.next_after}

    @api.get("/dossiers/{code}")
    async def show(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        dossier = await own(code, caller)
        informed = await INFORMED.read(mongo, code)
        return story(dossier, informed) | {
            "receipt": receipt(dossier),
            "counter": dossier.counter,
            "agency": dossier.agency,
        }

    @api.get("/dossiers/{code}/receipt")
    async def show_receipt(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        return receipt(await own(code, caller))

    @api.post("/dossiers/{code}/supplement")
    async def supplement(code: DossierCode, body: SupplementIn, caller: CallerDep) -> dict[str, Any]:
        return story(await committer.run(SupplementDossier(code, writing_counters_of(caller), body.occurred_at)))

    @api.post("/dossiers/{code}/hand-over")
    async def hand_over(code: DossierCode, body: HandOverIn, caller: CallerDep) -> dict[str, Any]:
        counters = writing_counters_of(caller)
        command = HandOverResult(code, counters, body.method, body.received_by, body.proof, body.occurred_at)
        return story(await committer.run(command))

    return api
