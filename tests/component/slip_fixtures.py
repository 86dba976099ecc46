"""What tests of slips need: a desk whose procedure asks for papers, dossiers in every state that a slip is for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from contracts.events.routing import DossierExtended, DossierHalted
from services.intake.commands.publish_procedure import PublishProcedure
from services.intake.domain.procedure import Paper
from services.intake.settings import IntakeSettings
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.sealing import Opener, new_private_key
from tests.component.service_fixtures import COUNTER, OFFICE, PROCEDURES, Intake, intake_settings, now, open_intake

BASE_URL = "https://motcua.example.gov.vn"
PAPERS = (
    Paper("Tờ khai đăng ký khai sinh", 1),
    Paper("Giấy chứng sinh", 1),
    Paper("Giấy ủy quyền", 1, case="Nhờ người"),
)
COMPLETE = [{"paper": 1, "state": "original"}, {"paper": 2, "state": "digital"}]
WITH_A_GAP = [COMPLETE[0], {"paper": 2, "state": "missing", "reason": "missing-papers"}]
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
        with_papers = replace(PROCEDURES[0], papers=PAPERS)
        await Committer(service.mongo, "/intake", now).run(PublishProcedure(with_papers))
        yield service


async def register(desk: Intake, **changes: Any) -> str:
    return await desk.register(**({"checklist": COMPLETE} | changes))


async def file(desk: Intake, **changes: Any) -> str:
    """A filing that waits for its answer."""
    body = desk.body(**({"checklist": WITH_A_GAP} | changes))
    body.pop("duplicate_confirmed", None)
    reply = await desk.http.post("/v1/filings", json=body, headers=desk.desk | {"Idempotency-Key": new_id()})
    assert reply.status_code == 201, reply.text
    code: str = reply.json()["code"]
    return code


async def act(desk: Intake, code: str, action: str, **body: Any) -> httpx.Response:
    reply = await desk.http.post(f"/v1/dossiers/{code}/{action}", json=body, headers=desk.desk)
    assert reply.status_code == 200, reply.text
    return reply


async def asked(desk: Intake) -> str:
    code = await file(desk)
    await act(desk, code, "request-completion", items=WANTED)
    return code


async def refused(desk: Intake) -> str:
    code = await file(desk)
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
