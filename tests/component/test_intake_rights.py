"""Who may do what at intake: no route that shows or changes a dossier is open."""

from __future__ import annotations

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.component.service_fixtures import COUNTER, NAME, OTHER_COUNTER, PHONE, Intake, dossier

OPEN = {
    "GET /v1/track/{code}": "needs the second factor; alone it says only finished or not",
    "POST /v1/track/{code}/one-time-codes": "answers the same for every code, and sends to the dossier's own phone",
    "POST /v1/track/{code}/withdraw": "needs a one-time code",
    "POST /v1/track/{code}/collect": "needs a one-time code",
    "GET /v1/results/{token}/{id}": "needs the token that collecting gave",
    "POST /v1/ratings/{token}": "needs the token of the invitation",
    "POST /v1/feedback": "everybody may complain",
    "GET /v1/feedback/{reference}": "needs the token given with the reference",
    "GET /v1/procedures": "published by law",
    "GET /v1/procedures/fields": "published by law",
    "GET /v1/procedures/{code}": "published by law",
    "GET /v1/keys/intake": "a public key",
}
WRITES = ("supplement", "hand-over")


def test_every_route_that_is_not_named_as_open_is_found(intake: Intake) -> None:
    named = {f"{method} {route.path}" for route in routes(intake) for method in route.methods}
    assert set(OPEN) < named
    assert {
        "POST /v1/dossiers",
        "GET /v1/dossiers/{code}",
        "GET /v1/dossiers/{code}/receipt",
        "POST /v1/dossiers/{code}/supplement",
        "POST /v1/dossiers/{code}/hand-over",
        "POST /v1/dossiers/{code}/rating",
        "GET /v1/follow-ups",
        "GET /v1/feedback",
    } <= named - set(OPEN)


def routes(intake: Intake) -> list[APIRoute]:
    """All routes, also those inside included routers."""
    found: list[APIRoute] = []
    waiting = list(intake.app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        else:
            waiting += getattr(getattr(route, "original_router", route), "routes", None) or []
    return [route for route in found if route.path.startswith("/v1")]


class TestEveryClosedRoute:
    @pytest.mark.parametrize("authorization", [None, "Bearer", "Basic eDp5", "Bearer mc_0123456789ab_" + "x" * 32])
    async def test_anonymous(self, intake: Intake, authorization: str | None) -> None:
        headers = {"Authorization": authorization} if authorization else {}
        for route in routes(intake):
            for method in route.methods:
                if f"{method} {route.path}" in OPEN:
                    continue
                path = route.path.replace("{code}", dossier()).replace("{reference}", "PA-261123-00000000")
                reply = await intake.http.request(method, path, headers=headers)
                assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (401, "Bearer"), (method, path)
                assert reply.json()["slug"] in {"key-missing", "key-unknown"}


class TestRegister:
    async def test_anonymous(self, intake: Intake) -> None:
        reply = await intake.http.post("/v1/dossiers", json=intake.body(), headers={"Idempotency-Key": "k"})
        assert (reply.status_code, reply.json()["slug"]) == (401, "key-missing")

    @pytest.mark.parametrize("scope", ["service", f"agency:{COUNTER}"])
    async def test_wrong_role(self, intake: Intake, scope: str) -> None:
        refused(await intake.post_dossier(intake.body(), **await intake.key(scope)))

    async def test_wrong_counter(self, intake: Intake) -> None:
        refused(await intake.post_dossier(intake.body(counter=OTHER_COUNTER)))
        assert await intake.counts("dossiers", "numbers") == {"dossiers": 0, "numbers": 0}

    async def test_an_operator_may_register_for_any_counter(self, intake: Intake) -> None:
        reply = await intake.post_dossier(intake.body(), **await intake.key("operator"))
        assert reply.status_code == 201


class TestLists:
    async def test_anonymous(self, intake: Intake) -> None:
        assert (await intake.http.get("/v1/dossiers", params={"counter": COUNTER})).status_code == 401

    async def test_wrong_role(self, intake: Intake) -> None:
        headers = await intake.key(f"agency:{COUNTER}")
        refused(await intake.http.get("/v1/dossiers", params={"counter": COUNTER}, headers=headers))

    async def test_wrong_counter(self, intake: Intake) -> None:
        refused(await intake.http.get("/v1/dossiers", params={"counter": OTHER_COUNTER}, headers=intake.desk))


class TestOneDossier:
    async def test_anonymous(self, intake: Intake) -> None:
        for reply in await all_of(intake, await intake.register(), {}):
            assert reply.status_code == 401
            assert NAME not in reply.text

    async def test_wrong_role(self, intake: Intake) -> None:
        for reply in await all_of(intake, await intake.register(), await intake.key("agency:H12.970")):
            refused(reply)

    async def test_wrong_counter(self, intake: Intake) -> None:
        """The dossier of another counter does not exist: the answer is the same as for a code nobody has."""
        headers = await intake.key(f"counter:{OTHER_COUNTER}")
        real = await all_of(intake, await intake.register(), headers)
        none = await all_of(intake, dossier(4711), headers)
        for reply, other in zip(real, none, strict=True):
            assert (reply.status_code, reply.json()["slug"]) == (404, "dossier-unknown")
            assert {**reply.json(), "correlation_id": ""} == {**other.json(), "correlation_id": ""}

    async def test_a_service_may_read_and_may_not_change_anything(self, intake: Intake) -> None:
        code, headers = await intake.register(), await intake.key("service")
        assert (await intake.http.get(f"/v1/dossiers/{code}", headers=headers)).status_code == 200
        for action in WRITES:
            refused(await intake.http.post(f"/v1/dossiers/{code}/{action}", json={}, headers=headers))

    async def test_its_own_counter_and_an_operator_see_it(self, intake: Intake) -> None:
        code = await intake.register()
        for headers in (intake.desk, await intake.key("operator")):
            reply = await intake.http.get(f"/v1/dossiers/{code}", headers=headers)
            assert reply.status_code == 200
            assert reply.json()["receipt"]["applicant_name"] == NAME
            assert reply.json()["applicant"]["phone"] == PHONE

    async def test_a_revoked_key_is_refused(self, intake: Intake) -> None:
        from services.kit.auth import ApiKeys
        from tests.component.service_fixtures import now

        keys = ApiKeys(intake.mongo, now)
        key = await keys.issue([f"counter:{COUNTER}"], label="gone")
        assert await keys.revoke(key.split("_")[1])
        reply = await intake.http.get(
            "/v1/dossiers", params={"counter": COUNTER}, headers={"Authorization": f"Bearer {key}"}
        )
        assert (reply.status_code, reply.json()["slug"]) == (401, "key-unknown")


async def all_of(intake: Intake, code: str, headers: dict[str, str]) -> list[httpx.Response]:
    path = f"/v1/dossiers/{code}"
    reads = [await intake.http.get(path + end, headers=headers) for end in ("", "/receipt")]
    return reads + [await intake.http.post(f"{path}/{action}", json={}, headers=headers) for action in WRITES]


def refused(reply: httpx.Response) -> None:
    assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing"), reply.text
