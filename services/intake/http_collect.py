"""HTTP in: the citizen collects the electronic result. The code from the phone opens it, a token fetches the files."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from contracts.events.counter import OneTimeCode
from contracts.types import DossierCode
from services.intake.attachments.exchange import described, download_headers
from services.intake.collecting import Collecting

RESULTS = "/v1/results"


class CollectIn(BaseModel):
    """Body of `POST /v1/track/{code}/collect`."""

    model_config = ConfigDict(extra="forbid")

    one_time_code: OneTimeCode


def collect_routes(collecting: Collecting) -> APIRouter:
    """Collect online, and fetch the documents."""
    api = APIRouter(prefix="/v1")
    limits = collecting.tracking.limits

    @api.post("/track/{code}/collect")
    async def collect(request: Request, code: DossierCode, body: CollectIn) -> dict[str, Any]:
        """The hand-over online; the documents with their checksums, and where to fetch them within the hour."""
        address = await limits.admit(request)
        token, collected = await collecting.collect(code, body.one_time_code, address)
        return {
            "code": code,
            "expires_at": collected.expires_at,
            "files": [described(file) | {"path": f"{RESULTS}/{token}/{file.id}"} for file in collected.files],
        }

    @api.get("/results/{token}/{id}")
    async def fetch(request: Request, token: str, id: str) -> StreamingResponse:
        await limits.admit(request)
        file, content = await collecting.content(await collecting.opened(token), id)
        return StreamingResponse(content, media_type=file.content_type, headers=download_headers(file))

    return api
