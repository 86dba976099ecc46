"""HTTP in: citizens and the public. No key; nothing here shows a dossier without its second factor."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from contracts.problems import Missing
from contracts.types import DossierCode, ProcedureCode
from services.intake.queries.procedures import published, search
from services.intake.queries.track import Tracking
from services.intake.store import PROCEDURES
from services.kit.mongo import Mongo


def public_routes(mongo: Mongo, tracking: Tracking, public_key: str | None) -> APIRouter:
    """Tracking, the published catalogue, and the key for sealing."""
    api = APIRouter(prefix="/v1")

    @api.get("/track/{code}")
    async def track(
        code: DossierCode, phone_last4: Annotated[str | None, Query(pattern=r"^[0-9]{4}$")] = None
    ) -> dict[str, Any]:
        """Tra cứu: the second factor is the last four digits of the phone."""
        return await tracking.track(code, phone_last4)

    @api.get("/procedures")
    async def find_procedures(
        q: Annotated[str, Query(min_length=1, max_length=200)], limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> dict[str, Any]:
        """Search the published catalogue; `dang ky khai sinh` finds `Đăng ký khai sinh`."""
        return {"procedures": [published(procedure) for procedure in await search(mongo, q, limit)]}

    @api.get("/procedures/{code}")
    async def show_procedure(code: ProcedureCode) -> dict[str, Any]:
        procedure = await PROCEDURES.read(mongo, code)
        if procedure is None:
            raise Missing("procedure-unknown", "Không có thủ tục này trong danh mục đang công bố.")
        return published(procedure)

    @api.get("/keys/intake")
    async def intake_key() -> dict[str, str | None]:
        """The public key for which counters' software seals applicants on `counter.intake.v1`."""
        return {"public_key": public_key, "algorithm": "libsodium sealed box (X25519, XSalsa20-Poly1305)"}

    return api
