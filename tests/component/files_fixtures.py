"""Uploads and downloads of a dossier's files, as tests make them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.intake.domain.procedure import Paper
from services.kit.sealing import Opener, new_private_key
from tests.component.service_fixtures import (
    Intake,
    intake_settings,
    open_intake,
)

PAPERS = (Paper("Tờ khai", 1), Paper("Giấy chứng sinh", 1), Paper("Văn bản ủy quyền", 1, case="Nhờ người khác nộp"))
STORED = ("attachments", "files.files", "files.chunks", "files.waiting")
MB = 2**20


@pytest.fixture
async def desk(intake: Intake) -> Intake:
    await intake.ask_for(*PAPERS)
    return intake


@pytest.fixture
async def narrow(mongodb_url: str, prefix: str) -> AsyncIterator[Intake]:
    """An intake that takes little."""
    notify = Opener(new_private_key())
    settings = intake_settings(mongodb_url, prefix, notify, max_file_bytes=100_000, max_files_bytes=250_000)
    async with open_intake(settings, notify) as service:
        yield service
        await service.mongo.drop()


async def filed(desk: Intake) -> str:
    """A dossier that is received, with its papers on the checklist."""
    lines = [{"paper": 1, "state": "original"}, {"paper": 2, "state": "digital"}]
    return await desk.register(checklist=lines)


async def upload(
    desk: Intake, code: str, content: Any, declared: str = "", *, headers: dict[str, str] | None = None, **query: Any
) -> httpx.Response:
    params = {"kind": "paper", "paper": 2, "name": "Giấy chứng sinh.pdf"} | query
    params = {name: value for name, value in params.items() if value is not None}
    sent = (desk.desk if headers is None else headers) | ({"Content-Type": declared} if declared else {})
    return await desk.http.post(f"/v1/dossiers/{code}/files", content=content, params=params, headers=sent)


async def attached(desk: Intake, code: str, content: bytes, **query: Any) -> dict[str, Any]:
    reply = await upload(desk, code, content, **query)
    assert reply.status_code == 201, reply.text
    file: dict[str, Any] = reply.json()
    return file


async def listed(desk: Intake, code: str) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = (await desk.http.get(f"/v1/dossiers/{code}/files", headers=desk.desk)).json()["files"]
    return files


async def download(desk: Intake, code: str, id: str, **query: str) -> httpx.Response:
    return await desk.http.get(f"/v1/dossiers/{code}/files/{id}", params=query, headers=desk.desk)


async def parts(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]
