"""The audited job that counts open dossiers anew after a change of the calendar: who, why, what it did."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.problems import Conflict, Invalid

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")
MOST_REASON = 500


@dataclass(frozen=True)
class Place:
    """Where the job is among the open cases, in the order in which they were received."""

    since: datetime
    code: str


@dataclass(frozen=True)
class Recomputation:
    """One run. What it did to each dossier is kept beside it."""

    id: str
    by: str
    """Account, never a person's name."""
    reason: str
    calendar_version: int
    begun_at: datetime
    ended_at: datetime | None = None
    place: Place | None = None
    """The last case that was looked at; None: begins at the first."""
    looked_at: int = 0
    changed: int = 0
    failed: int = 0
    """Dossiers that could not be counted; the others were."""


def begin(id: str, by: str, reason: str, version: int, at: datetime) -> Recomputation:
    """Raises: Invalid `account-malformed`, `reason-missing`."""
    if not _ACCOUNT.fullmatch(by):
        raise Invalid("account-malformed", "Người chạy phải là tài khoản (chữ không dấu, số, dấu chấm, gạch, @).")
    reason = " ".join(reason.split())
    if not reason or len(reason) > MOST_REASON:
        raise Invalid("reason-missing", f"Phải nêu lý do tính lại hạn, tối đa {MOST_REASON} ký tự.")
    return Recomputation(id, by, reason, version, at)


def resume(job: Recomputation, version: int) -> Recomputation:
    """Go on where it stopped; from the first case again when the calendar has changed since.

    Raises: Conflict `recomputation-ended`.
    """
    if job.ended_at is not None:
        raise Conflict("recomputation-ended", "Lần tính lại này đã xong; hãy chạy lần mới.")
    return job if job.calendar_version == version else replace(job, calendar_version=version, place=None, looked_at=0)
