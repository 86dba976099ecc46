"""What an HTTP reply says of a refusal."""

from __future__ import annotations

from typing import Any

import httpx


def slug(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["slug"]


def refused(reply: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document, which must be this one."""
    body: dict[str, Any] = reply.json()
    assert (reply.status_code, body["slug"]) == (status, slug), reply.text
    return body
