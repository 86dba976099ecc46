"""A refusal on a citizen's page: its status, and when to try again."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from contracts.problems import Refused
from services.kit.errors import HTTP_STATUS
from services.kit.web.visit import Visit


def refused_page(visit: Visit, template: str, refusal: Refused, **values: Any) -> Response:
    """The page again, with the refusal's status."""
    page = visit.page(template, HTTP_STATUS[refusal.kind], **values)
    wait = refusal.facts.get("retry_after_s")
    if wait is not None:
        page.headers["Retry-After"] = str(wait)
    return page
