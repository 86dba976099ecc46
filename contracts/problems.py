"""Refusals with stable words: the slug is part of the contract, the sentence is for people.

Refused
├── Invalid      the input is wrong                          HTTP 422
├── Denied       this caller may not do this                 HTTP 403
├── Missing      there is no such thing                      HTTP 404
├── Conflict     not possible in the present state           HTTP 409
├── Limited      too often; come again later                 HTTP 429
└── NotYet       a fact it needs has not arrived; try again  HTTP 409, retryable
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

Kind = Literal["invalid", "denied", "missing", "conflict", "limited", "unavailable", "bug"]


class Refused(Exception):
    """A rule says no. Nothing was stored."""

    kind: ClassVar[Kind] = "invalid"
    retryable: ClassVar[bool] = False

    def __init__(self, slug: str, message: str, **facts: object) -> None:
        """
        Args:
            slug: stable machine word, `lower-case-with-dashes`.
            message: one Vietnamese sentence that tells the person what to do; no personal data.
            facts: further members of the problem document, JSON values without personal data.
        """
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.facts: Mapping[str, object] = facts


class Invalid(Refused):
    """The input is wrong."""

    kind = "invalid"


class Denied(Refused):
    """This caller may not do this."""

    kind = "denied"


class Missing(Refused):
    """There is no such thing (or the caller may not know of it)."""

    kind = "missing"


class Conflict(Refused):
    """Not possible in the present state; `facts["allowed"]` says what is."""

    kind = "conflict"


class Limited(Refused):
    """Too often; `facts["retry_after_s"]` says when there is room again."""

    kind = "limited"


class NotYet(Refused):
    """A fact that this needs has not arrived yet; the same call later can succeed."""

    kind = "conflict"
    retryable = True
