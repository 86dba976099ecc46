"""What a process answers about itself."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest

from services.kit.health import Health
from services.kit.metrics import registry


async def ill() -> None:
    raise RuntimeError("records wait")


async def well() -> None:
    """Nothing is wrong."""


async def asked(health: Health, path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(health.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
        return await http.get(path)


async def test_readiness_names_what_is_wrong_and_a_note_leaves_it_green() -> None:
    health = Health("w", ready={"mongodb": well, "consumer": ill}, notes=lambda: "paused by hand")
    answer = await asked(health, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["wrong"] == {"consumer": "RuntimeError: records wait"}
    health.ready = {"mongodb": well}
    answer = await asked(health, "/readyz")
    assert (answer.status_code, answer.json()["note"]) == (200, "paused by hand")
    health.notes = lambda: ""
    assert "note" not in (await asked(health, "/readyz")).json()


async def test_liveness_has_checks_of_its_own() -> None:
    health = Health("w", ready={"consumer": ill}, live={})
    assert (await asked(health, "/livez")).status_code == 200
    health.live = {"consumer": ill}
    assert (await asked(health, "/livez")).status_code == 503


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
async def test_a_scrape_sees_each_check(path: str) -> None:
    health = Health("w", ready={f"one-{path[1:]}": ill, f"two-{path[1:]}": well})
    await asked(health, path)
    shown = generate_latest(registry).decode()
    assert f'motcua_not_ready{{check="one-{path[1:]}"}} 1.0' in shown
    assert f'motcua_not_ready{{check="two-{path[1:]}"}} 0.0' in shown
