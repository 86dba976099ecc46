"""Bad input at the counter's door: a stable slug in a problem document, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.kit.ids import new_id
from tests.component.service_fixtures import NO_LIMIT, STORED, Intake, now


def problem(reply: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert (reply.status_code, reply.json().get("slug")) == (status, slug), reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = reply.json()
    assert body["type"] == f"urn:motcua:problem:{slug}"
    assert body["status"] == status
    assert body["detail"]
    assert reply.headers["x-correlation-id"] == body["correlation_id"]
    return body


async def raw(intake: Intake, content: Any, **headers: str) -> httpx.Response:
    sent = intake.desk | {"Idempotency-Key": new_id(), "Content-Type": "application/json"} | headers
    return await intake.http.post("/v1/dossiers", content=content, headers=sent)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"procedure_code": "9.999999.H12"}, "procedure-unknown"),
        ({"procedure_code": NO_LIMIT}, "procedure-limit-unknown"),
        ({"occurred_at": (now() + timedelta(days=2)).isoformat()}, "moment-in-future"),
        ({"occurred_at": (now() - timedelta(days=8)).isoformat()}, "moment-too-old"),
        ({"occurred_at": "1960-03-01T08:00:00+07:00", "backfill": True}, "moment-out-of-calendar"),
        ({"occurred_at": "0001-01-01T00:00:00Z", "backfill": True}, "moment-out-of-calendar"),
        ({"occurred_at": "9999-12-31T23:00:00Z"}, "moment-in-future"),
        ({"occurred_at": "9999-12-31T23:00:00Z", "backfill": True}, "moment-in-future"),
    ],
)
async def test_what_a_rule_refuses_stores_nothing(intake: Intake, changes: dict[str, Any], slug: str) -> None:
    before = await intake.counts(*STORED)
    reply = await intake.post_dossier(intake.body(**changes))
    problem(reply, 404 if slug == "procedure-unknown" else 422, slug)
    await intake.nothing_stored(before)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"procedure_code": "khai sinh"}, "procedure_code"),
        ({"procedure_code": 7}, "procedure_code"),
        ({"counter": ["H12"]}, "counter"),
        ({"channel": "carrier-pigeon"}, "channel"),
        ({"sets": "two"}, "sets"),
        ({"sets": 0}, "sets"),
        ({"sets": 2**70}, "sets"),
        ({"due_at": "2020-01-01T00:00:00Z"}, "due_at"),
        ({"occurred_at": "2026-11-23 08:00"}, "occurred_at"),
        ({"applicant": "somebody"}, "applicant"),
        ({"applicant__phone": "số điện thoại"}, "applicant.phone"),
        ({"applicant__phone": "02839123456"}, "applicant.phone"),
        ({"applicant__phone": 901234567}, "applicant.phone"),
        ({"applicant__id_number": "12345"}, "applicant"),
        ({"applicant__full_name": " "}, "applicant.full_name"),
        ({"applicant__full_name": "\ud800"}, "applicant.full_name"),
        ({"applicant__notify_by": "fax"}, "applicant.notify_by"),
        ({"external_ref": "x" * 101}, "external_ref"),
    ],
)
async def test_a_wrong_field_is_named_and_its_value_is_not_echoed(
    intake: Intake, changes: dict[str, Any], field: str
) -> None:
    before = await intake.counts(*STORED)
    body = intake.body(**changes)
    reply = await raw(intake, json.dumps(body).encode())
    found = problem(reply, 422, "request-invalid")
    assert field in {wrong["field"] for wrong in found["fields"]}
    assert "02839123456" not in reply.text
    await intake.nothing_stored(before)


@pytest.mark.parametrize(
    "content", [b"{not json", b"", b'{"counter": "H12', b"\xff\xfe{}", b'{"counter": "\xc3\x28"}', b"[" * 5000]
)
async def test_what_is_not_json_is_refused(intake: Intake, content: bytes) -> None:
    before = await intake.counts(*STORED)
    reply = await raw(intake, content)
    if content:
        problem(reply, 400, "json-malformed")
    else:
        problem(reply, 422, "request-invalid")
    await intake.nothing_stored(before)


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"7", b"null", b'{"\\ud800": 1}'])
async def test_json_of_the_wrong_shape_is_refused(intake: Intake, content: bytes) -> None:
    problem(await raw(intake, content), 422, "request-invalid")


async def test_without_an_idempotency_key_nothing_is_registered(intake: Intake) -> None:
    before = await intake.counts(*STORED)
    reply = await intake.http.post("/v1/dossiers", json=intake.body(), headers=intake.desk)
    problem(reply, 422, "idempotency-key-missing")
    problem(await intake.post_dossier(intake.body(), key="k" * 101), 422, "request-invalid")
    await intake.nothing_stored(before)


async def test_a_body_over_the_limit_is_refused_by_its_announced_length(intake: Intake) -> None:
    limit = intake.settings.max_body_bytes
    reply = await raw(intake, b" " * (limit + 1))
    assert problem(reply, 413, "body-too-large")["limit_bytes"] == limit


async def test_a_body_over_the_limit_is_refused_when_no_length_was_announced(intake: Intake) -> None:
    before = await intake.counts(*STORED)
    limit = intake.settings.max_body_bytes

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(limit // 8192 + 1):
            yield b" " * 8192

    reply = await raw(intake, chunks())
    assert problem(reply, 413, "body-too-large")["limit_bytes"] == limit
    await intake.nothing_stored(before)


async def test_a_body_at_the_limit_is_read(intake: Intake) -> None:
    body = json.dumps(intake.body()).encode()
    assert (await raw(intake, body.ljust(intake.settings.max_body_bytes))).status_code == 201


@pytest.mark.parametrize("length", ["-1", "many"])
async def test_a_length_that_is_none_is_refused(intake: Intake, length: str) -> None:
    problem(await raw(intake, b"{}", **{"Content-Length": length}), 413, "body-too-large")


async def test_unknown_addresses_and_methods_are_problems_too(intake: Intake) -> None:
    problem(await intake.http.get("/v1/nothing"), 404, "not-found")
    problem(await intake.http.delete("/v1/dossiers"), 405, "method-not-allowed")


async def test_a_code_that_is_none_is_refused_before_the_database_is_asked(intake: Intake) -> None:
    problem(await intake.http.get("/v1/dossiers/1;drop", headers=intake.desk), 422, "request-invalid")


async def test_a_bug_answers_with_the_correlation_id_under_which_it_was_logged(intake: Intake) -> None:
    @intake.app.get("/v1/bug")
    async def bug() -> None:
        raise ZeroDivisionError("secret detail")

    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    reply = await intake.http.get("/v1/bug", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert problem(reply, 500, "bug")["correlation_id"] == trace
    assert "secret" not in reply.text


@pytest.mark.parametrize("header", ["garbage", "00-zz-zz-01", "é"])
async def test_a_broken_trace_header_costs_nothing_but_the_trace(intake: Intake, header: str) -> None:
    reply = await intake.http.get(
        "/v1/procedures", params={"q": "khai sinh"}, headers={b"traceparent": header.encode()}
    )
    assert reply.status_code == 200
    assert len(reply.headers["x-correlation-id"]) == 32


async def test_a_database_that_does_not_answer_is_said_so_and_may_be_tried_again(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.intake.queries.procedures import PublishedCatalogue
    from services.kit.mongo.driver import ConnectionFailure

    async def away(*_: object) -> None:
        raise ConnectionFailure("no server at 10.0.0.1")

    monkeypatch.setattr(PublishedCatalogue, "search", away)
    reply = await intake.http.get("/v1/procedures", params={"q": "x"})
    assert problem(reply, 503, "unavailable")["retryable"] is True
    assert "10.0.0.1" not in reply.text
