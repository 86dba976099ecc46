"""A clerk's work at the desk, as tests do it over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

from services.kit.ids import new_id
from tests.component.service_fixtures import Intake

COMPLETE = [{"paper": 1, "state": "original"}, {"paper": 2, "state": "digital"}]
WITH_A_GAP = [COMPLETE[0], {"paper": 2, "state": "missing", "reason": "missing-papers"}]
"""For a procedure that always needs two papers."""


async def act(
    desk: Intake, code: str, action: str, headers: dict[str, str] | None = None, **body: Any
) -> httpx.Response:
    return await desk.http.post(f"/v1/dossiers/{code}/{action}", json=body, headers=headers or desk.desk)


async def file(desk: Intake, *, key: str | None = None, **changes: Any) -> httpx.Response:
    body = desk.body(**({"checklist": WITH_A_GAP} | changes))
    body.pop("duplicate_confirmed", None)
    return await desk.http.post("/v1/filings", json=body, headers=desk.desk | {"Idempotency-Key": key or new_id()})


async def filed(desk: Intake, **changes: Any) -> str:
    """A filing that waits for its answer."""
    reply = await file(desk, **changes)
    assert reply.status_code == 201, reply.text
    code: str = reply.json()["code"]
    return code


async def shown(desk: Intake, code: str) -> dict[str, Any]:
    body: dict[str, Any] = (await desk.http.get(f"/v1/dossiers/{code}", headers=desk.desk)).json()
    return body
