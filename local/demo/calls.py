"""What people say to the APIs, and what they hear back."""

from __future__ import annotations

from typing import Any

import httpx

from local.demo.visit import Visit


class Refused(Exception):
    """A call was not answered as expected: `what: slug`."""

    def __init__(self, what: str, slug: str) -> None:
        super().__init__(f"{what}: {slug}")
        self.slug = slug


def said(answer: httpx.Response, expected: int, what: str) -> dict[str, Any]:
    """The body of the expected answer. Raises: Refused."""
    body: dict[str, Any] = answer.json()
    if answer.status_code != expected:
        raise Refused(what, body.get("slug", str(answer.status_code)))
    return body


def applicant(visit: Visit) -> dict[str, Any]:
    """An applicant without a person behind it."""
    return {
        "full_name": f"Người nộp hồ sơ số {visit.person}",
        "id_number": f"096{200_000_000 + visit.person:09d}",
        "phone": visit.phone,
    }


def application(visit: Visit, *, complete: bool = True) -> dict[str, Any]:
    """What the citizen hands in, as the APIs take it."""
    body: dict[str, Any] = {
        "procedure_code": visit.procedure.code,
        "checklist": visit.checklist(complete=complete),
        "external_ref": visit.reference,
    }
    if visit.by_post:
        body |= {"return_by": "post", "return_address": f"Nhà số {visit.person}, địa chỉ thử nghiệm"}
    return body
