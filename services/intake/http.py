"""HTTP in: counters register and read dossiers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from contracts.problems import Invalid
from contracts.types import DossierCode, HandOverMethod, HandOverProof, UnitCode
from services.intake.bodies import FileIn, OnTheSpotIn, RegisterIn, RegisterManyIn, require_notices
from services.intake.commands.application import fingerprint
from services.intake.commands.file_dossier import FileDossier
from services.intake.commands.register_dossier import RegisterDossier, Registered, RegisterMany
from services.intake.domain.dossier import HandOver
from services.intake.domain.status import Status
from services.intake.queries.desk import desk_view
from services.intake.queries.dossiers import desk_list
from services.intake.queries.receipt import receipt
from services.intake.queries.track import story
from services.intake.rights import own_dossier
from services.intake.store import DOSSIERS
from services.kit.auth import Caller
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer

IdempotencyKey = Annotated[str | None, Header(max_length=100)]


def register_routes(mongo: Mongo, committer: Committer, now: Now, sealer: Sealer | None) -> APIRouter:
    """Register and file."""
    api = APIRouter(prefix="/v1")

    def may_register(caller: Caller, counter: str, key: str | None, *, backfill: bool, notices: bool) -> None:
        caller.require(f"counter:{counter}", "operator")
        if not key:
            raise Invalid("idempotency-key-missing", "Cần tiêu đề Idempotency-Key để gửi lại an toàn khi mất mạng.")
        if backfill:
            caller.require("backfill", "operator")
        require_notices(sealer, wanted=notices)

    @api.post("/dossiers", status_code=201)
    async def register(
        request: Request,
        response: Response,
        body: RegisterIn,
        caller: CallerDep,
        idempotency_key: IdempotencyKey = None,
    ) -> dict[str, Any]:
        """Register; the same Idempotency-Key with the same body again gives the same dossier."""
        may_register(caller, body.counter, idempotency_key, backfill=body.backfill, notices=body.wants_notices)
        answer = await committer.run(
            RegisterDossier(
                request_id=f"http|{body.counter}|{idempotency_key}",
                fingerprint=fingerprint(await request.body()),
                application=body.application(body.counter, body.channel, body.applicant, body.handed_in_at, sealer),
                received_at=body.occurred_at or now(),
                backfill=body.backfill,
                duplicate_confirmed=body.duplicate_confirmed,
                on_the_spot=_on_the_spot(body.on_the_spot, now),
            )
        )
        return await _answer(response, answer)

    @api.post("/dossiers/batch", status_code=201)
    async def register_many(
        request: Request, body: RegisterManyIn, caller: CallerDep, idempotency_key: IdempotencyKey = None
    ) -> dict[str, Any]:
        """Many dossiers of one applicant in one go: all are registered, or none."""
        may_register(caller, body.counter, idempotency_key, backfill=False, notices=body.wants_notices)
        at, print_of_body = body.occurred_at or now(), fingerprint(await request.body())
        commands = tuple(
            RegisterDossier(
                request_id=f"http|{body.counter}|{idempotency_key}|{number}",
                fingerprint=print_of_body,
                application=one.application(body.counter, body.channel, body.applicant, body.handed_in_at, sealer),
                received_at=at,
                # Within the batch a person may well have several; the warning is for what was there before.
                duplicate_confirmed=body.duplicate_confirmed or one.procedure_code in _before(body, number),
            )
            for number, one in enumerate(body.dossiers)
        )
        answers = await committer.run(RegisterMany(commands))
        return {"dossiers": [await _read(answer) for answer in answers]}

    @api.post("/filings", status_code=201)
    async def file(
        request: Request, response: Response, body: FileIn, caller: CallerDep, idempotency_key: IdempotencyKey = None
    ) -> dict[str, Any]:
        """Note what came by post or was left at the desk; a clerk answers it (accept, request-completion, refuse)."""
        may_register(caller, body.counter, idempotency_key, backfill=False, notices=body.wants_notices)
        answer = await committer.run(
            FileDossier(
                request_id=f"file|{body.counter}|{idempotency_key}",
                fingerprint=fingerprint(await request.body()),
                application=body.application(body.counter, body.channel, body.applicant, body.handed_in_at, sealer),
                filed_at=body.occurred_at or now(),
            )
        )
        dossier = answer.dossier or await DOSSIERS.read(mongo, answer.code)
        assert dossier is not None
        _replayed(response, answer)
        return story(dossier)

    async def _answer(response: Response, answer: Registered) -> dict[str, Any]:
        _replayed(response, answer)
        return await _read(answer)

    async def _read(answer: Registered) -> dict[str, Any]:
        dossier = answer.dossier or await DOSSIERS.read(mongo, answer.code)
        assert dossier is not None
        return receipt(dossier)

    return api


def read_routes(mongo: Mongo) -> APIRouter:
    """A desk's lists, and one dossier."""
    api = APIRouter(prefix="/v1")

    @api.get("/dossiers")
    async def list_dossiers(
        caller: CallerDep,
        counter: UnitCode,
        status: Status = Status.RESOLVED,
        after: DossierCode | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        """A desk's dossiers in one status: `registered` wait for an answer, `resolved` for pick-up."""
        caller.require(f"counter:{counter}", "operator", "service")
        page = await desk_list(mongo, counter, status, after=after, limit=limit)
        return {"dossiers": [story(dossier) for dossier in page.dossiers], "next_after": page.next_after}

    @api.get("/dossiers/{code}")
    async def show(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        return await desk_view(mongo, await own_dossier(mongo, code, caller))

    @api.get("/dossiers/{code}/receipt")
    async def show_receipt(code: DossierCode, caller: CallerDep) -> dict[str, Any]:
        return receipt(await own_dossier(mongo, code, caller))

    return api


def _replayed(response: Response, answer: Registered) -> None:
    if answer.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/v1/dossiers/{answer.code}"


def _before(body: RegisterManyIn, number: int) -> frozenset[str]:
    return frozenset(one.procedure_code for one in body.dossiers[:number])


def _on_the_spot(said: OnTheSpotIn | None, now: Now) -> HandOver | None:
    if said is None:
        return None
    return HandOver(now(), HandOverMethod.COUNTER, said.received_by, HandOverProof.SIGNATURE, said.identity_check)
