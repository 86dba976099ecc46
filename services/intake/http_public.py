"""HTTP in: what everybody may read. No key; nothing here shows a dossier without its second factor."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from contracts.types import DossierCode
from services.intake.tracking import Tracking


def public_routes(tracking: Tracking, public_key: str | None) -> APIRouter:
    """Tracking, and the key for sealing."""
    api = APIRouter(prefix="/v1")

    @api.get("/track/{code}")
    async def track(
        request: Request,
        code: DossierCode,
        phone_last4: Annotated[str | None, Query(pattern=r"^[0-9]{4}$")] = None,
        one_time_code: Annotated[str | None, Query(pattern=r"^[0-9]{6}$")] = None,
    ) -> dict[str, Any]:
        """Tra cứu: the second factor is the last four digits of the phone, or a code sent to it, which is used up."""
        address = await tracking.limits.admit(request)
        if one_time_code is not None:
            return await tracking.by_one_time_code(code, one_time_code, address)
        if phone_last4 is not None:
            return await tracking.by_digits(code, phone_last4, address)
        return await tracking.finished(code)

    @api.get("/keys/intake")
    async def intake_key() -> dict[str, str | None]:
        """The public key for which counters' software seals applicants on `counter.intake.v1`."""
        return {"public_key": public_key, "algorithm": "libsodium sealed box (X25519, XSalsa20-Poly1305)"}

    return api
