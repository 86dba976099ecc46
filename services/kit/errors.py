"""Errors of the infrastructure, and the one place that maps error kinds to HTTP.

Exception
├── contracts.problems.Refused     a rule said no (see there)
├── Unavailable                    an engine or partner does not answer; retryable, HTTP 503
├── Stale                          others write the same all the time; retried inside, HTTP 503 when it persists
└── FailStop                       going on would lose data: the process must end and be restarted
"""

from __future__ import annotations

from contracts.problems import Kind

HTTP_STATUS: dict[Kind, int] = {
    "invalid": 422,
    "denied": 403,
    "missing": 404,
    "conflict": 409,
    "limited": 429,
    "unavailable": 503,
    "bug": 500,
}


class Unavailable(Exception):
    """An engine or partner does not answer in time. The same call later can succeed."""

    kind: Kind = "unavailable"
    slug = "unavailable"
    retryable = True


class Stale(Exception):
    """The stored version is not the one that was read; read again and decide again.

    No fault of who asked, and no news to them: what they may do was decided on the newest version each time.
    """

    kind: Kind = "unavailable"
    slug = "busy"
    retryable = True


class DocumentRefused(Exception):
    """MongoDB can never store this document (too large, not BSON); trying again changes nothing."""

    kind: Kind = "bug"
    slug = "document-refused"
    retryable = False


class FailStop(Exception):
    """Going on would lose or damage data. The process exits with code 70 and its supervisor restarts it."""

    exit_code = 70
