"""HTTP in: the citizen collects the electronic result. The code from the phone opens it, a token fetches the files."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from contracts.events.counter import OneTimeCode
from contracts.problems import Missing
from contracts.types import DossierCode
from services.intake.attachments.exchange import described, download_headers
from services.intake.commands.collect_result import CollectResult
from services.intake.commands.invite import Invite
from services.intake.commands.with_code import UseCode, WithCode
from services.intake.domain.attachment import AttachmentKind, Attachments
from services.intake.store import ATTACHMENTS, DOWNLOADS
from services.intake.tracking import Tracking
from services.kit.files import Files
from services.kit.sealing import Sealer
from services.kit.tokens import token_hash

RESULTS = "/v1/results"


class CollectIn(BaseModel):
    """Body of `POST /v1/track/{code}/collect`."""

    model_config = ConfigDict(extra="forbid")

    one_time_code: OneTimeCode


def collect_routes(tracking: Tracking, files: Files, sealer: Sealer | None) -> APIRouter:
    """Collect online, and fetch the documents."""
    api = APIRouter(prefix="/v1")

    @api.post("/track/{code}/collect")
    async def collect(request: Request, code: DossierCode, body: CollectIn) -> dict[str, Any]:
        """The hand-over online; the documents with their checksums, and where to fetch them within the hour."""
        address = await tracking.limits.admit(request)
        token = secrets.token_urlsafe(24)
        command = CollectResult(code, token_hash(token), Invite.make(sealer))
        async with tracking.limits.guess(tracking.limits.codes, code, address):
            collected = await tracking.committer.run(WithCode(UseCode(code, body.one_time_code), command))
        return {
            "code": code,
            "expires_at": collected.expires_at,
            "files": [described(file) | {"path": f"{RESULTS}/{token}/{file.id}"} for file in collected.files],
        }

    @api.get("/results/{token}/{id}")
    async def fetch(request: Request, token: str, id: str) -> StreamingResponse:
        await tracking.limits.admit(request)
        download = await DOWNLOADS.read(tracking.mongo, token_hash(token))
        if download is None or download.expires_at <= tracking.now():
            raise Missing("download-unknown", "Đường dẫn tải kết quả không đúng hoặc đã hết hạn.")
        attachments = await ATTACHMENTS.read(tracking.mongo, download.code) or Attachments()
        file = attachments.find(id)
        if file.kind is not AttachmentKind.RESULT:
            raise Missing("file-unknown", "Không tìm thấy tệp này.")
        content = await files.open(file.id)
        return StreamingResponse(content, media_type=file.content_type, headers=download_headers(file))

    return api
