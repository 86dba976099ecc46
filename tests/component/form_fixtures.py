"""The own online form as tests use it: a draft that only its token opens, saved, with files, handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake.attachments.file_types import JPEG
from services.kit.sealing import Opener, new_private_key
from tests.component.service_fixtures import COUNTER, Intake, intake_settings, open_intake
from tests.unit.intake.file_fixtures import photo

PATH = "/v1/filings/drafts"
PHOTO = photo(JPEG, 40, 30)
"""What a citizen takes of a paper."""
AS_JPEG = {"Content-Type": JPEG}


@pytest.fixture
async def online(mongodb_url: str, prefix: str) -> AsyncIterator[Intake]:
    """Intake whose counter takes filings by the own form."""
    notify = Opener(new_private_key())
    settings = intake_settings(mongodb_url, prefix, notify, online_form=(COUNTER,))
    async with open_intake(settings, notify) as service:
        yield service
        await service.mongo.drop()


async def begun(online: Intake) -> tuple[str, dict[str, str]]:
    """A new draft and the headers of its owner."""
    started = (await online.http.post(PATH)).json()
    return f"{PATH}/{started['draft_id']}", {"Authorization": f"Draft {started['token']}"}


async def saved(online: Intake, **changes: Any) -> tuple[str, dict[str, str]]:
    """A draft whose content is that of a good registration with changes, and the headers of its owner."""
    url, headers = await begun(online)
    body = online.body(**changes)
    del body["duplicate_confirmed"]
    reply = await online.http.put(url, json=body, headers=headers | {"If-Match": '"0"'})
    assert reply.status_code == 200, reply.text
    return url, headers
