"""One place maps refusals to HTTP; a fact of a refusal never breaks the answer."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import get_args

import pytest
from fastapi import Request

from contracts.problems import Conflict, Denied, Invalid, Kind, Limited, Missing, NotYet, Refused
from services.kit.auth import Unauthenticated
from services.kit.errors import HTTP_STATUS, FailStop, Stale, Unavailable
from services.kit.http import _refused, _stale, problem

API = Request({"type": "http", "app": SimpleNamespace(state=SimpleNamespace(web=None))})
"""Of a service without pages."""


def test_every_kind_has_a_status() -> None:
    assert set(HTTP_STATUS) == set(get_args(Kind))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("a-b", "Sai."), 422),
        (Denied("a-b", "Không được."), 403),
        (Unauthenticated("a-b", "Ai đó?"), 401),
        (Missing("a-b", "Không có."), 404),
        (Conflict("a-b", "Không lúc này."), 409),
        (Limited("a-b", "Quá nhiều."), 429),
        (NotYet("a-b", "Chưa."), 409),
    ],
)
async def test_a_refusal_becomes_a_problem_document(error: Refused, status: int) -> None:
    reply = await _refused(API, error)
    body = json.loads(reply.body)
    assert reply.status_code == body["status"] == status
    assert (body["slug"], body["type"], body["detail"]) == ("a-b", "urn:motcua:problem:a-b", error.message)
    assert reply.media_type == "application/problem+json"
    assert ("www-authenticate" in reply.headers) == (status == 401)


@pytest.mark.parametrize("member", ["status", "slug", "detail", "type", "correlation_id"])
async def test_a_fact_named_like_a_member_of_the_document_cannot_break_or_replace_it(member: str) -> None:
    body = json.loads((await _refused(API, _with_fact(member))).body)
    assert body["status"] == 409
    assert body["slug"] == "a-b"
    assert body["allowed"] == ["accept"]


def _with_fact(member: str) -> Conflict:
    error = Conflict("a-b", "Không.", allowed=["accept"])
    error.facts = {**error.facts, member: "received"}
    return error


def test_facts_stand_beside_the_members() -> None:
    body = json.loads(problem(413, "body-too-large", "Quá dài.", limit_bytes=7).body)
    assert body["limit_bytes"] == 7


async def test_a_limit_says_when_there_is_room_again() -> None:
    reply = await _refused(API, Limited("a-b", "Quá nhiều.", retry_after_s=7))
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "7")
    assert json.loads(reply.body)["retry_after_s"] == 7


async def test_what_others_keep_busy_is_no_fault_of_the_caller() -> None:
    reply = await _stale(API, Stale("numbers"))
    body = json.loads(reply.body)
    assert (reply.status_code, body["slug"], body["retryable"]) == (503, "busy", True)
    assert reply.headers["Retry-After"] == str(body["retry_after_s"])


def test_what_may_be_tried_again_says_so() -> None:
    assert NotYet.retryable
    assert Unavailable.retryable
    assert Stale.retryable
    assert not any(kind.retryable for kind in (Invalid, Denied, Missing, Conflict, Limited))
    assert FailStop.exit_code == 70
