"""Which event makes which notice, and which waiting notices it makes untrue: a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.events import DossierEvent
from contracts.events.intake import (
    DossierCodeIssued,
    DossierCompletionRequested,
    DossierPaid,
    DossierRefused,
    DossierRegistered,
    DossierResubmitted,
    DossierReturned,
    DossierSubmitted,
    DossierSupplemented,
    DossierWithdrawn,
)
from contracts.events.routing import (
    DossierDueChanged,
    DossierExtended,
    DossierHalted,
    DossierPaymentRequested,
    DossierResolved,
    DossierResumed,
    DossierSupplementRequested,
)
from contracts.types import NoticeKind, Outcome
from services.notify.domain.kinds import KINDS, Audience
from services.notify.domain.notice import Notice
from services.notify.domain.transitions import State

LONGEST_EVENT_ID = 42
"""`n-` + id + `-` + number must fit Zalo's 48 characters; our own event ids have 36."""


@dataclass(frozen=True)
class Rule:
    """What an event means for the citizen's phone."""

    makes: NoticeKind | None
    overtakes: frozenset[NoticeKind] = frozenset()
    """Kinds of which those that wait now are not true any more; the next one will be."""
    ends: frozenset[NoticeKind] = frozenset()
    """Kinds that are not true any more, neither those that wait nor any that comes later."""


FILED, SUPPLEMENT = NoticeKind.FILED, NoticeKind.SUPPLEMENT
PAYMENT, HALTED, DUE_CHANGED = NoticeKind.PAYMENT, NoticeKind.HALTED, NoticeKind.DUE_CHANGED
WAITING = frozenset({SUPPLEMENT, PAYMENT, HALTED, DUE_CHANGED})
"""About a clock that stands still or a date that comes: a decision makes all of it idle."""
WARNINGS = frozenset(kind for kind, rule in KINDS.items() if rule.audience is Audience.OFFICER)
"""What officers are told of a date: idle when the clock stops, when the date is another one, when all is over."""
RULES: Mapping[type[DossierEvent], Rule] = {
    DossierRegistered: Rule(FILED),
    DossierCompletionRequested: Rule(SUPPLEMENT, overtakes=frozenset({FILED})),
    DossierResubmitted: Rule(None, overtakes=frozenset({SUPPLEMENT})),
    DossierRefused: Rule(NoticeKind.REFUSED, overtakes=frozenset({FILED, SUPPLEMENT})),
    DossierSubmitted: Rule(NoticeKind.RECEIVED, overtakes=frozenset({FILED, SUPPLEMENT})),
    DossierSupplementRequested: Rule(SUPPLEMENT, overtakes=WARNINGS),
    DossierSupplemented: Rule(None, overtakes=frozenset({SUPPLEMENT})),
    DossierPaymentRequested: Rule(PAYMENT, overtakes=WARNINGS),
    DossierPaid: Rule(None, overtakes=frozenset({PAYMENT})),
    DossierHalted: Rule(HALTED, overtakes=WARNINGS),
    DossierResumed: Rule(DUE_CHANGED, overtakes=WAITING | WARNINGS),
    DossierDueChanged: Rule(DUE_CHANGED, overtakes=frozenset({DUE_CHANGED}) | WARNINGS),
    DossierExtended: Rule(NoticeKind.EXTENDED, overtakes=frozenset({DUE_CHANGED}) | WARNINGS),
    # Routing is the point of order: with a result the withdrawal is void, whichever comes first in the log. So a
    # withdrawal does not end word of a result either.
    DossierResolved: Rule(NoticeKind.RESOLVED, overtakes=WAITING, ends=frozenset({NoticeKind.WITHDRAWN}) | WARNINGS),
    DossierReturned: Rule(NoticeKind.RETURNED, ends=frozenset({NoticeKind.RESOLVED}) | WARNINGS),
    DossierWithdrawn: Rule(
        NoticeKind.WITHDRAWN,
        ends=frozenset({FILED, NoticeKind.RECEIVED, NoticeKind.EXTENDED}) | WAITING | WARNINGS,
    ),
    DossierCodeIssued: Rule(NoticeKind.ONE_TIME_CODE),
}
TERMINATED = replace(RULES[DossierResolved], makes=NoticeKind.TERMINATED)
"""There is no result to come for: the citizen hears that processing stopped (TT 03/2025 form 05)."""
ON_THE_SPOT = Rule(None, ends=frozenset({NoticeKind.RECEIVED, NoticeKind.RESOLVED}))
"""Besides, of a dossier that was solved and handed over at once (NĐ 61/2018 Art 17.4): who stands at the desk need not
be told that it was received, nor be asked to come for the result."""


def rule_of(event: DossierEvent) -> Rule:
    """What this event means."""
    terminates = isinstance(event, DossierResolved) and event.outcome is Outcome.TERMINATED
    return TERMINATED if terminates else RULES[type(event)]


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
    event_at: datetime | None = None,
) -> Notice:
    """The notice an event makes."""
    reason = getattr(event, "reason", None)
    return Notice(
        id=notice_id(event_id),
        code=event.code,
        kind=kind,
        event_id=event_id,
        correlation_id=correlation_id,
        happened_at=event.occurred_at,
        created_at=now,
        expires_at=getattr(event, "expires_at", now + (KINDS[kind].lifetime or lifetime)),
        next_at=now,
        due_at=getattr(event, "due_at", None) or getattr(event, "answer_due_at", None),
        reasons=getattr(event, "reasons", ()) or ((reason,) if reason else ()),
        items=getattr(event, "items", ()),
        amount_vnd=getattr(event, "amount_vnd", None),
        purpose=getattr(event, "purpose", None),
        secret=getattr(event, "secret", None) or getattr(event, "invitation", None) or "",
        counter=counter,
        event_at=event_at,
        state=State.CREATED,
        channel=KINDS[kind].first,
    )
