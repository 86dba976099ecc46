"""Which event warns which unit of what, and which events make a warning idle: tables.

A warning of one step ends with that step. A warning of the whole dossier, and whatever was escalated, ends with the
dossier or when its clock stops or gets another date; those events are in the table of rules (`domain/rules.py`).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.envelope import Envelope
from contracts.events.routing import (
    DossierDueSoon,
    DossierEscalated,
    DossierOverdue,
    DossierSentBack,
    DossierStepCompleted,
    DossierStepRecalled,
    DossierTransferDeclined,
)
from contracts.types import NoticeKind
from services.notify.domain.kinds import KINDS
from services.notify.domain.notice import Notice

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WarningEvent = DossierDueSoon | DossierOverdue | DossierEscalated
StepEnd = DossierStepCompleted | DossierStepRecalled | DossierSentBack | DossierTransferDeclined


@dataclass(frozen=True)
class Warned:
    """What an event tells officers."""

    unit: str
    """Đơn vị whose officers hear it."""
    kind: NoticeKind
    step: int | None
    """The step it ends with; None: it ends with the dossier."""
    overtakes: frozenset[NoticeKind] = frozenset()
    """Waiting warnings of the same step that this one makes idle."""


def warning_of(event: WarningEvent) -> Warned:
    """An escalation names the step it began with, and stays true when that step is done."""
    if isinstance(event, DossierEscalated):
        return Warned(event.to, NoticeKind.OVERDUE, None)
    if isinstance(event, DossierOverdue):
        return Warned(event.agency, NoticeKind.OVERDUE, event.step, frozenset({NoticeKind.DUE_SOON}))
    return Warned(event.agency, NoticeKind.DUE_SOON, event.step)


def officer_notice_id(event_id: str, officer: str) -> str:
    """The one notice of an event to an officer. With the number of an attempt behind it, it fits the 48 characters of
    Zalo's `tracking_id`: `n-` + 32 + `-` + 8 + `-` leaves four digits."""
    return f"n-{_short(event_id)}-{officer}"


def _short(event_id: str) -> str:
    if _UUID.fullmatch(event_id):
        return event_id.replace("-", "")
    return hashlib.sha256(event_id.encode()).hexdigest()[:32]  # another producer's


def warning_notice(
    event: WarningEvent, envelope: Envelope, warned: Warned, officer: str, counter: str, now: datetime,
    lifetime: timedelta,
) -> Notice:  # fmt: skip
    """The notice to one officer."""
    due_at = None if isinstance(event, DossierEscalated) else event.due_at
    expires_at = now + (KINDS[warned.kind].lifetime or lifetime)
    if warned.kind is NoticeKind.DUE_SOON and due_at is not None:
        expires_at = min(expires_at, max(now, due_at))  # then it is overdue, and that is told
    return Notice(
        id=officer_notice_id(envelope.id, officer),
        code=event.code,
        kind=warned.kind,
        event_id=envelope.id,
        correlation_id=envelope.correlation_id or envelope.id,
        happened_at=event.occurred_at,
        created_at=now,
        expires_at=expires_at,
        next_at=now,
        due_at=due_at,
        reasons=(event.rule,) if isinstance(event, DossierEscalated) else (),
        counter=counter,
        unit=warned.unit,
        officer=officer,
        event_at=envelope.time,
        channel=KINDS[warned.kind].first,
    )
