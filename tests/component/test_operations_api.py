"""What operators do over HTTP about parked keys and dead letters: rights first, then a command's whole way."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from tests.component.counter_fixtures import TOPIC, answers, parked_commands, register, send
from tests.component.service_fixtures import COUNTER, OFFICE, PROCEDURE, Intake, Service
from tests.replies import refused, slug

REASON = "bên gửi đã báo mã thủ tục đúng"
BODY = {"id": "x", "reason": REASON}
NOBODY = "00000000-0000-7000-8000-000000000000"
GETS = (
    "/v1/operations", f"/v1/operations/{NOBODY}", "/v1/operations/parked", "/v1/operations/parked/key?id=x",
    "/v1/operations/letters", "/v1/operations/letters/letter?id=x",
)  # fmt: skip
POSTS: dict[str, dict[str, Any]] = {
    "/v1/operations/parked/retry": BODY,
    "/v1/operations/parked/skip": BODY | {"head": "x"},
    "/v1/operations/parked/content": BODY,
    "/v1/operations/letters/content": BODY,
    "/v1/operations/letters/replay": BODY,
    "/v1/operations/letters/edit": BODY | {"key": "x"},
    "/v1/operations/letters/close": BODY,
    "/v1/operations/letters/reopen": BODY,
}


@pytest.fixture(params=["intake", "routing"])
def service(request: pytest.FixtureRequest, intake: Intake, routing: Service) -> Service:
    return intake if request.param == "intake" else routing


class TestRights:
    async def _all(self, service: Service, headers: dict[str, str]) -> set[tuple[int, str]]:
        replies = [await service.http.get(path, headers=headers) for path in GETS]
        replies += [await service.http.post(path, json=body, headers=headers) for path, body in POSTS.items()]
        return {slug(reply) for reply in replies}

    async def test_anonymous(self, service: Service) -> None:
        assert await self._all(service, {}) == {(401, "key-missing")}

    @pytest.mark.parametrize(
        "scopes", [("service",), (f"counter:{COUNTER}", "supervisor", "backfill"), (f"agency:{OFFICE}", "head")]
    )
    async def test_wrong_role(self, service: Service, scopes: tuple[str, ...]) -> None:
        assert await self._all(service, await service.key(*scopes)) == {(403, "scope-missing")}

    async def test_an_operator_is_told_that_nobody_knows_it(self, service: Service) -> None:
        headers = await service.key("operator")
        for path, body in POSTS.items():
            said = refused(await service.http.post(path, json=body, headers=headers), 404, _unknown(path))
            assert said["detail"]
        for path in (GETS[1], GETS[3], GETS[5]):
            assert (await service.http.get(path, headers=headers)).status_code == 404
        for path in (GETS[0], GETS[2], GETS[4]):
            reply = await service.http.get(path, headers=headers)
            assert (reply.status_code, reply.json()["next"]) == (200, None)


def _unknown(path: str) -> str:
    if path.endswith("parked/content"):
        return "parked-record-unknown"
    return "parked-key-unknown" if "/parked/" in path else "letter-unknown"


class TestInput:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"reason": "ngắn"}, (422, "reason-missing")),
            ({"reason": "gọi 0901234001 không được"}, (422, "reason-personal")),
            ({"reason": None}, (422, "request-invalid")),
            ({"by": "somebody else"}, (422, "request-invalid")),
            ({"id": ""}, (422, "request-invalid")),
            ({"id": "\x00/../"}, (404, "letter-unknown")),
            ({"id": {"$ne": None}}, (422, "request-invalid")),
        ],
    )
    async def test_a_bad_request_is_refused_in_words(
        self, routing: Service, change: dict[str, Any], expected: tuple[int, str]
    ) -> None:
        headers = await routing.key("operator")
        reply = await routing.http.post("/v1/operations/letters/close", json=BODY | change, headers=headers)
        assert slug(reply) == expected

    @pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=501", "state=lost", "slug=%00"])
    async def test_a_bad_page_too(self, routing: Service, query: str) -> None:
        headers = await routing.key("operator")
        reply = await routing.http.get(f"/v1/operations/letters?{query}", headers=headers)
        assert slug(reply)[0] == 422

    async def test_a_corrected_body_may_be_larger_than_other_requests_but_not_endless(self, routing: Service) -> None:
        headers = await routing.key("operator")
        for size, expected in ((900_000, (404, "letter-unknown")), (2_200_000, (413, "body-too-large"))):
            body = BODY | {"body": "x" * size}
            reply = await routing.http.post("/v1/operations/letters/edit", json=body, headers=headers)
            assert slug(reply) == expected


@dataclasses.dataclass
class Operator:
    """One with a key."""

    service: Service
    headers: dict[str, str]

    async def get(self, path: str, **params: Any) -> Any:
        reply = await self.service.http.get(f"/v1/operations{path}", params=params, headers=self.headers)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def post(self, path: str, **body: Any) -> httpx.Response:
        content = {"reason": REASON, **body}
        return await self.service.http.post(f"/v1/operations{path}", json=content, headers=self.headers)


@pytest.fixture
async def operator(intake: Intake) -> Operator:
    return Operator(intake, await intake.key("operator"))


class TestARefusedCommand:
    """A counter's software names a procedure that nobody has; it was told so."""

    async def _letter(self, intake: Intake, operator: Operator) -> dict[str, Any]:
        await send(intake, register(intake, procedure_code="9.999999"), id="command-1")
        [letter] = (await operator.get("/letters"))["letters"]
        found: dict[str, Any] = letter
        return found

    async def test_is_listed_and_shown_without_anything_that_was_sent(self, intake: Intake, operator: Operator) -> None:
        letter = await self._letter(intake, operator)
        assert (letter["slug"], letter["state"], letter["topic"]) == ("procedure-unknown", "open", TOPIC)
        shown = await operator.get("/letters/letter", id=letter["id"])
        assert shown["readable"] is True
        assert shown["envelope"]["id"] == "command-1"
        assert shown["order_key"] == f"{COUNTER}/R-1"
        assert "9.999999" not in json.dumps([letter, shown])
        assert (await operator.get("/letters", slug="bug"))["letters"] == []
        assert (await operator.get("/letters", topic=TOPIC, state=["open", "closed"]))["letters"] == [letter]

    async def test_its_content_is_shown_to_who_says_why_and_that_is_noted(
        self, intake: Intake, operator: Operator
    ) -> None:
        letter = await self._letter(intake, operator)
        read = (await operator.post("/letters/content", id=letter["id"])).json()
        assert json.loads(read["body"])["procedure_code"] == "9.999999"
        [noted] = (await operator.get("", subject=letter["id"]))["operations"]
        assert (noted["command"], noted["reason"], noted["label"]) == ("letters.read", REASON, "test")
        assert noted["by"].startswith("key:")

    async def _correct(self, intake: Intake, operator: Operator, letter: dict[str, Any], procedure: str) -> None:
        read = (await operator.post("/letters/content", id=letter["id"])).json()
        body = json.dumps(json.loads(read["body"]) | {"procedure_code": procedure})
        reply = await operator.post("/letters/edit", id=letter["id"], body=body)
        assert (reply.status_code, reply.json()["details"]["changed"]) == (200, ["body.procedure_code"])

    async def test_corrected_and_replayed_makes_the_dossier_and_its_sender_hears_of_it(
        self, intake: Intake, operator: Operator
    ) -> None:
        letter = await self._letter(intake, operator)
        await self._correct(intake, operator, letter, PROCEDURE)
        reply = await operator.post("/letters/replay", id=letter["id"])
        assert (reply.status_code, reply.json()["state"]) == (202, "requested")
        await intake.retry()
        operation = await operator.get(f"/{reply.json()['id']}")
        assert (operation["state"], operation["result"]) == ("done", {"outcome": "applied"})
        [dossier] = await intake.documents("dossiers")
        first, second = await answers(intake)
        assert (first["answer"], second["answer"]) == ("command-rejected", "command-accepted")
        assert first["command_id"] == second["command_id"] == "command-1"
        assert second["code"] == dossier["_id"]
        again = refused(await operator.post("/letters/replay", id=letter["id"]), 409, "letter-not-open")
        assert (again["state"], again["operation"]) == ("applied", operation["id"])

    async def test_refused_once_more_its_sender_hears_nothing_new(self, intake: Intake, operator: Operator) -> None:
        letter = await self._letter(intake, operator)
        await self._correct(intake, operator, letter, "8.888888")
        reply = await operator.post("/letters/replay", id=letter["id"])
        await intake.retry()
        operation = await operator.get(f"/{reply.json()['id']}")
        assert (operation["state"], operation["result"]["slug"]) == ("refused", "procedure-unknown")
        assert len(await answers(intake)) == 1
        assert (await operator.get("/letters/letter", id=letter["id"]))["state"] == "open"

    async def test_an_edit_that_breaks_the_contract_says_where(self, intake: Intake, operator: Operator) -> None:
        letter = await self._letter(intake, operator)
        said = refused(await operator.post("/letters/edit", id=letter["id"], body="{}"), 422, "edit-invalid")
        assert said["rule"] == "data-invalid"
        assert "procedure_code" in said["rule_detail"]
        refused(await operator.post("/letters/edit", id=letter["id"]), 422, "edit-empty")

    async def test_closed_it_is_off_the_list_until_it_is_opened_again(self, intake: Intake, operator: Operator) -> None:
        letter = await self._letter(intake, operator)
        assert (await operator.post("/letters/close", id=letter["id"])).json()["state"] == "done"
        assert (await operator.get("/letters"))["letters"] == []
        refused(await operator.post("/letters/replay", id=letter["id"]), 409, "letter-not-open")
        assert (await operator.post("/letters/reopen", id=letter["id"])).status_code == 200
        assert len((await operator.get("/letters"))["letters"]) == 1

    async def test_whoever_sends_it_again_meanwhile_has_one_dossier(self, intake: Intake, operator: Operator) -> None:
        """The sender corrects it, under a new id and the same reference, and an operator replays the old one."""
        letter = await self._letter(intake, operator)
        await send(intake, register(intake))
        await self._correct(intake, operator, letter, PROCEDURE)
        await operator.post("/letters/replay", id=letter["id"])
        await intake.retry()
        assert len(await intake.documents("dossiers")) == 1


class TestAParkedCommand:
    async def test_is_listed_shown_and_tried_on_request(self, intake: Intake, operator: Operator) -> None:
        came = await parked_commands(intake)
        [key] = (await operator.get("/parked", slug="fact-missing", topic=TOPIC))["parked"]
        assert (key["order_key"], key["count"]) == (f"{COUNTER}/R-1", 2)
        shown = await operator.get("/parked/key", id=key["id"])
        assert next(record["id"] for record in shown["records"]) == key["head"]
        read = (await operator.post("/parked/content", id=key["head"])).json()
        assert json.loads(read["body"])["external_ref"] == "R-1"
        came.append(True)
        reply = await operator.post("/parked/retry", id=key["id"])
        assert (reply.status_code, reply.json()["state"]) == (202, "requested")
        await intake.retry()
        assert (await operator.get(f"/{reply.json()['id']}"))["result"] == {"outcome": "empty"}
        assert (await operator.get("/parked"))["parked"] == []
        assert len(await intake.documents("dossiers")) == 1

    async def test_skipped_its_sender_is_told_and_it_can_be_replayed(self, intake: Intake, operator: Operator) -> None:
        came = await parked_commands(intake)
        [key] = (await operator.get("/parked"))["parked"]
        reply = await operator.post("/parked/skip", id=key["id"], head=key["head"])
        assert reply.status_code == 202
        refused(await operator.post("/parked/skip", id=key["id"], head=key["head"]), 409, "parked-head-changed")
        came.append(True)
        await intake.retry()
        assert [answer["answer"] for answer in await answers(intake)] == ["command-rejected", "command-accepted"]
        result = (await operator.get(f"/{reply.json()['id']}"))["result"]
        assert result["outcome"] == "skipped"
        await operator.post("/letters/replay", id=result["letter"])
        await intake.retry()
        last = (await answers(intake))[-1]
        assert (last["answer"], last["repeated"]) == ("command-accepted", True)
        commands = [row["command"] for row in (await operator.get(""))["operations"]]
        assert commands == ["letters.replay", "parked.skip"]
