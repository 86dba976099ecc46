"""What tests of slips need: a desk whose procedure asks for papers, dossiers in every state that a slip is for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.events.routing import DossierExtended, DossierHalted, DossierResolved
from contracts.types import Mechanism, Outcome, Timeliness
from services.intake.domain.procedure import Paper
from services.intake.settings import IntakeSettings
from services.kit.sealing import Opener, new_private_key
from tests.component import desk_fixtures
from tests.component.desk_fixtures import COMPLETE, filed
from tests.component.service_fixtures import COUNTER, OFFICE, PROCEDURE, Intake, intake_settings, now, open_intake

BASE_URL = "https://motcua.example.gov.vn"
PAPERS = (
    Paper("Tờ khai đăng ký khai sinh", 1),
    Paper("Giấy chứng sinh", 1),
    Paper("Giấy ủy quyền", 1, case="Nhờ người"),
)
WANTED = [{"paper": 2, "reason": "missing-papers"}]
NAMES: dict[str, Any] = {
    "public_base_url": BASE_URL,
    "org_name": "Ủy ban nhân dân huyện Thử",
    "place_name": "Huyện Thử",
    "office_names": {COUNTER: "Bộ phận Một cửa huyện Thử", OFFICE: "Phòng Kinh tế"},
    "office_phones": {COUNTER: "0290 1234 500"},
}


@pytest.fixture
async def desk(mongodb_url: str, prefix: str) -> AsyncIterator[Intake]:
    """Intake with names for its slips, whose birth registration asks for papers."""
    notify = Opener(new_private_key())
    async with open_slips(intake_settings(mongodb_url, prefix, notify, **NAMES), notify) as service:
        yield service
        await service.mongo.drop()


@asynccontextmanager
async def open_slips(settings: IntakeSettings, notify: Opener) -> AsyncIterator[Intake]:
    """One intake process more, with the same list of papers."""
    async with open_intake(settings, notify) as service:
        await service.ask_for(*PAPERS)
        yield service


async def register(desk: Intake, **changes: Any) -> str:
    return await desk.register(**({"checklist": COMPLETE} | changes))


async def act(desk: Intake, code: str, action: str, **body: Any) -> httpx.Response:
    """Do what must be possible."""
    reply = await desk_fixtures.act(desk, code, action, **body)
    assert reply.status_code == 200, reply.text
    return reply


async def asked(desk: Intake) -> str:
    code = await filed(desk)
    await act(desk, code, "request-completion", items=WANTED)
    return code


async def refused(desk: Intake) -> str:
    code = await filed(desk)
    await act(desk, code, "refuse", grounds=["not-competent-agency"])
    return code


async def extended(desk: Intake, to: datetime | None = None) -> str:
    code = await register(desk)
    at = now()
    await desk.take(
        DossierExtended(
            code=code, occurred_at=at, agency=OFFICE, reason="field-check", due_at=to or at + timedelta(days=20),
            first_due_at=at + timedelta(days=5),
        )
    )  # fmt: skip
    return code


async def halted(desk: Intake) -> str:
    code = await register(desk)
    await desk.take(DossierHalted(code=code, occurred_at=now(), agency=OFFICE, reason="by-decision"))
    return code


async def terminated(desk: Intake) -> str:
    code, at = await register(desk), now()
    await desk.take(
        DossierResolved(
            code=code, occurred_at=at, agency=OFFICE, mechanism=Mechanism.ONE_STOP, procedure_code=PROCEDURE,
            outcome=Outcome.TERMINATED, timeliness=Timeliness.EARLY, ground="procedure-suspended",
            due_at=at + timedelta(days=5), first_due_at=at + timedelta(days=5),
        )
    )  # fmt: skip
    return code


async def withdrawn(desk: Intake) -> str:
    code = await register(desk)
    await act(desk, code, "withdraw")
    return code


async def issue(desk: Intake, code: str, form: str, **query: Any) -> httpx.Response:
    return await desk.http.post(f"/v1/dossiers/{code}/slips/{form}", params=query, headers=desk.desk)


async def show(desk: Intake, code: str, form: str, **query: Any) -> httpx.Response:
    return await desk.http.get(f"/v1/dossiers/{code}/slips/{form}", params=query, headers=desk.desk)


def fields(slip: dict[str, Any]) -> dict[str, Any]:
    return {field["key"]: field["value"] for field in slip["fields"]}
