"""Steps 3 and 4 as the desk sees them: routing's facts, withdrawal, hand-over of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from contracts.events import intake, routing
from contracts.events.base import DossierEvent
from services.intake.domain.dossier import Dossier, HandOver, SupplementRequest, TimelineEntry, Wanted
from services.intake.domain.reasons import reason_words
from services.intake.domain.status import Action, Status

_WORKED_ON = (Status.RECEIVED, Status.IN_PROCESS)
FACTS: Mapping[type[DossierEvent], Mapping[Status, Status]] = {
    routing.DossierTransferred: {Status.RECEIVED: Status.IN_PROCESS, Status.SUPPLEMENT: Status.IN_PROCESS},
    routing.DossierTransferAccepted: {},
    routing.DossierTransferDeclined: {},
    routing.DossierSupplementRequested: dict.fromkeys(_WORKED_ON, Status.SUPPLEMENT),
    routing.DossierPaymentRequested: {Status.IN_PROCESS: Status.PAYMENT},
    routing.DossierHalted: dict.fromkeys(_WORKED_ON, Status.HALTED),
    routing.DossierDueSoon: {},
    routing.DossierOverdue: {},
    routing.DossierExtended: {},
    # Also of a withdrawn dossier: routing is where decisions are put in order, and it had one before the withdrawal
    # came (TT 03/2025 Art 7: then it could not be withdrawn any more).
    routing.DossierResolved: dict.fromkeys(
        (*_WORKED_ON, Status.PAYMENT, Status.SUPPLEMENT, Status.HALTED, Status.WITHDRAWN), Status.RESOLVED
    ),
}
"""What routing's facts do to the status; a state that is not named stays (an ended dossier stays ended)."""


def withdraw(dossier: Dossier, at: datetime, reason: str | None) -> tuple[Dossier, intake.DossierWithdrawn]:
    """The citizen takes it back (rút hồ sơ), possible until a decision or result notice exists (TT 03/2025 Art 7)."""
    dossier.require(Action.WITHDRAW)
    event = intake.DossierWithdrawn(
        code=dossier.code, occurred_at=at, backfill=dossier.backfill, counter=dossier.counter, reason=reason
    )
    entry = TimelineEntry(at, "withdrawn", reason=reason)
    changed = dossier.noted(entry, status=Status.WITHDRAWN, withdrawal_reason=reason, ended_at=at, answer_due_at=None)
    return changed, event


def hand_over(dossier: Dossier, how: HandOver, invitation: str | None = None) -> tuple[Dossier, intake.DossierReturned]:
    """The result reaches the citizen (NĐ 61/2018 Art 20).

    Args:
        invitation: to rate, sealed for notify.
    """
    dossier.require(Action.HAND_OVER)
    event = intake.DossierReturned(
        code=dossier.code,
        occurred_at=how.at,
        backfill=dossier.backfill,
        counter=dossier.counter,
        method=how.method,
        received_by=how.received_by,
        proof=how.proof,
        identity_check=how.identity_check,
        invitation=invitation,
    )
    entry = TimelineEntry(how.at, "returned")
    return dossier.noted(entry, status=Status.RETURNED, returned_at=how.at, hand_over=how), event


def handed_over_already(dossier: Dossier) -> HandOver | None:
    """What was said of the hand-over at registration, once the dossier is resolved."""
    return dossier.hand_over if dossier.status is Status.RESOLVED else None


def learn(dossier: Dossier, fact: DossierEvent) -> Dossier:
    """Take over a fact of routing. Facts have happened; they are never refused, and told again change nothing."""
    due_at = getattr(fact, "due_at", None)
    entry = TimelineEntry(
        at=fact.occurred_at,
        kind=fact.TYPE.split(".")[-2],
        agency=getattr(fact, "agency", None),
        reason=getattr(fact, "reason", None),
        items=getattr(fact, "items", ()),
        due_at=due_at if isinstance(fact, routing.DossierExtended) else None,
        step=getattr(fact, "step", None),
        step_due_at=getattr(fact, "step_due_at", None),
    )
    if entry in dossier.timeline:
        return dossier
    changed = dossier.noted(
        entry,
        status=FACTS[type(fact)].get(dossier.status, dossier.status),
        agency=entry.agency or dossier.agency,
    )
    if isinstance(fact, routing.DossierSupplementRequested):
        wanted = tuple(Wanted(name, fact.reason) for name in fact.items)
        request = SupplementRequest(fact.occurred_at, fact.agency, wanted, fact.legal_basis)
        return replace(changed, requests=(*changed.requests, request))
    if isinstance(fact, routing.DossierExtended):
        why = reason_words("extended", fact.reason)
        explained = f"hẹn lại (xin lỗi, một lần) thay cho ngày hẹn đầu; lý do: {why}"
        return replace(changed, due_at=fact.due_at, due_explained=explained)
    if isinstance(fact, routing.DossierResolved):
        return replace(
            changed,
            outcome=fact.outcome,
            timeliness=fact.timeliness,
            resolved_at=fact.occurred_at,
            ended_at=None,
            grounds=(fact.ground,) if fact.ground is not None else changed.grounds,
        )
    return changed
