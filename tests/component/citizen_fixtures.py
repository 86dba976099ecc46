"""What citizens do, as tests play them: they read the messages on their phone and press buttons."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.component.counter_fixtures import with_result
from tests.component.service_fixtures import PHONE, Intake

LAST4 = PHONE[-4:]


async def track(intake: Intake, code: str, last4: str | None = None, **more: str) -> httpx.Response:
    params = ({"phone_last4": last4} if last4 else {}) | more
    return await intake.http.get(f"/v1/track/{code}", params=params)


async def returned(intake: Intake, **changes: Any) -> str:
    """A dossier whose result was handed over."""
    code = await with_result(intake, **changes)
    reply = await intake.http.post(f"/v1/dossiers/{code}/hand-over", json={}, headers=intake.desk)
    assert reply.status_code == 200, reply.text
    return code


async def invitation(intake: Intake, code: str) -> str:
    """The token in the citizen's last message."""
    [event] = await intake.events(code, "dossier.returned.v1")
    token: str = json.loads(intake.notify.open(event["invitation"]))["token"]
    return token


async def sent_code(intake: Intake, code: str) -> str:
    """Ask for a one-time code, and read it on the phone."""
    reply = await intake.http.post(f"/v1/track/{code}/one-time-codes")
    assert reply.status_code == 202, reply.text
    event = (await intake.events(code, "dossier.code-issued.v1"))[-1]
    digits: str = json.loads(intake.notify.open(event["secret"]))["code"]
    return digits


def other_than(digits: str) -> str:
    """Six digits that are not these."""
    return f"{(int(digits) + 1) % 1_000_000:06d}"


def same_answer(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers tell a stranger nothing apart."""
    bodies = [{**reply.json(), "correlation_id": ""} for reply in (one, other)]
    return one.status_code == other.status_code and bodies[0] == bodies[1]
