"""Which event makes which notice, and which waiting notices it makes untrue: a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.events import DossierEvent
from contracts.events.intake import DossierReturned, DossierSubmitted, DossierWithdrawn
from contracts.events.routing import DossierExtended, DossierResolved, DossierSupplementRequested
from contracts.types import NoticeKind
from services.notify.domain.notice import Notice
from services.notify.domain.transitions import State

LONGEST_EVENT_ID = 42
"""`n-` + id + `-` + number must fit Zalo's 48 characters; our own event ids have 36."""


@dataclass(frozen=True)
class Rule:
    """What an event means for the citizen's phone."""

    makes: NoticeKind | None
    ends: frozenset[NoticeKind] = frozenset()
    """Kinds that stop being true while they wait."""


RULES: Mapping[type[DossierEvent], Rule] = {
    DossierSubmitted: Rule(NoticeKind.RECEIVED),
    DossierSupplementRequested: Rule(NoticeKind.SUPPLEMENT),
    DossierExtended: Rule(NoticeKind.EXTENDED),
    DossierResolved: Rule(NoticeKind.RESOLVED),
    DossierReturned: Rule(NoticeKind.RETURNED, ends=frozenset({NoticeKind.RESOLVED})),
    DossierWithdrawn: Rule(None, ends=frozenset(NoticeKind)),
}


def notice_id(event_id: str) -> str:
    """The one notice of an event, whatever is redelivered."""
    if len(event_id) <= LONGEST_EVENT_ID - 2:
        return f"n-{event_id}"
    return "n-" + hashlib.sha256(event_id.encode()).hexdigest()[:32]


def new_notice(
    event: DossierEvent,
    kind: NoticeKind,
    event_id: str,
    correlation_id: str,
    counter: str,
    now: datetime,
    lifetime: timedelta,
) -> Notice:
    """The notice an event makes."""
    return Notice(
        id=notice_id(event_id),
        code=event.code,
        kind=kind,
        event_id=event_id,
        correlation_id=correlation_id,
        happened_at=event.occurred_at,
        created_at=now,
        expires_at=now + lifetime,
        next_at=now,
        due_at=getattr(event, "due_at", None),
        why=getattr(event, "reason", None) or "",
        items=getattr(event, "items", ()),
        counter=counter,
        state=State.CREATED,
    )
