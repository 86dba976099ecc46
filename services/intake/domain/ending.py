"""Steps 3 and 4 as the desk sees them: routing's facts, withdrawal, hand-over of the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from contracts.events import intake, routing
from contracts.events.base import DossierEvent, TrailLine
from contracts.types import DueCause, Outcome
from services.intake.domain.dossier import Dossier, HandOver, Payment, SupplementRequest, TimelineEntry, Wanted
from services.intake.domain.reasons import reason_words
from services.intake.domain.status import Action, Status

_WORKED_ON = (Status.RECEIVED, Status.IN_PROCESS)
_DECIDED = (*_WORKED_ON, Status.PAYMENT, Status.SUPPLEMENT, Status.HALTED, Status.WITHDRAWN)
"""Also of a withdrawn dossier: routing is where decisions are put in order, and it had one before the withdrawal came
(TT 03/2025 Art 7: then it could not be withdrawn any more)."""
FACTS: Mapping[type[DossierEvent], Mapping[Status, Status]] = {
    # Not while it waits: beside a branch that stopped the clock others may go on.
    routing.DossierTransferred: {Status.RECEIVED: Status.IN_PROCESS},
    routing.DossierTransferAccepted: {},
    routing.DossierTransferDeclined: {},
    routing.DossierStepCompleted: {},
    routing.DossierSentBack: {},
    routing.DossierStepRecalled: {},
    routing.DossierSupplementRequested: dict.fromkeys(_WORKED_ON, Status.SUPPLEMENT),
    routing.DossierPaymentRequested: dict.fromkeys(_WORKED_ON, Status.PAYMENT),
    routing.DossierHalted: dict.fromkeys(_WORKED_ON, Status.HALTED),
    # Also from papers: another branch may have made the step needless that waited for them.
    routing.DossierResumed: dict.fromkeys((Status.PAYMENT, Status.HALTED, Status.SUPPLEMENT), Status.IN_PROCESS),
    routing.DossierDueSoon: {},
    routing.DossierOverdue: {},
    routing.DossierEscalated: {},
    routing.DossierApologyPrepared: {},
    routing.DossierExtended: {},
    routing.DossierDueChanged: {},
    routing.DossierResolved: dict.fromkeys(_DECIDED, Status.RESOLVED),
}
"""What routing's facts do to the status; a state that is not named stays (an ended dossier stays ended)."""
TERMINATED: Mapping[Status, Status] = dict.fromkeys(_DECIDED, Status.TERMINATED)
"""The same of a `resolved` whose outcome is that processing ends without a result."""
_NEW_PROMISES = (routing.DossierExtended, routing.DossierResumed, routing.DossierDueChanged)
_STEP_OVER = frozenset({"step-completed", "transfer-declined", "step-recalled"})
_WITHOUT_TRAIL: Mapping[DueCause, str] = {
    DueCause.RESUMED: "giải quyết tiếp; thời gian tạm dừng không tính vào thời hạn",
    DueCause.CLOCK_STARTED: "thời hạn tính từ khi cơ quan có thẩm quyền nhận hồ sơ",
    DueCause.CALENDAR_CHANGED: "tính lại theo lịch làm việc đã thay đổi",
}


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
    entry = _entry(fact)
    if entry in dossier.timeline:
        return dossier
    table = TERMINATED if _terminates(fact) else FACTS[type(fact)]
    changed = dossier.noted(entry, status=table.get(dossier.status, dossier.status))
    changed = replace(changed, agency=_holder(changed.timeline) or dossier.agency)
    match fact:
        case routing.DossierSupplementRequested():
            wanted = tuple(Wanted(name, fact.reason) for name in fact.items)
            request = SupplementRequest(fact.occurred_at, fact.agency, wanted, fact.legal_basis)
            return replace(changed, requests=(*changed.requests, request))
        case routing.DossierPaymentRequested():
            asked = Payment(fact.occurred_at, fact.agency, fact.amount_vnd, fact.legal_basis)
            return replace(changed, payments=(*changed.payments, asked))
        case routing.DossierExtended():
            why = reason_words("extended", fact.reason)
            explained = f"hẹn lại (xin lỗi, một lần) thay cho ngày hẹn đầu; lý do: {why}"
            return replace(changed, due_at=fact.due_at, due_explained=explained)
        case routing.DossierResumed():
            return replace(changed, due_at=fact.due_at, due_explained=explain(fact.trail, DueCause.RESUMED))
        case routing.DossierDueChanged():
            return replace(changed, due_at=fact.due_at, due_explained=explain(fact.trail, fact.cause))
        case routing.DossierResolved():
            return _decided(changed, fact)
    return changed


def explain(trail: Iterable[TrailLine], cause: DueCause) -> str:
    """How a promise came about, in one sentence; neighbours with one legal basis name it once."""
    parts = []
    for (_, basis), lines in groupby(trail, key=lambda line: (line.kind, line.legal_basis)):
        text = ", ".join(line.text for line in lines)
        parts.append(f"{text} ({basis})" if basis else text)
    sentence = "; ".join(parts) or _WITHOUT_TRAIL.get(cause, "tính lại theo quy định")
    return f"{sentence[0].upper()}{sentence[1:]}."


def _entry(fact: DossierEvent) -> TimelineEntry:
    return TimelineEntry(
        at=fact.occurred_at,
        kind="terminated" if _terminates(fact) else fact.TYPE.split(".")[-2],
        agency=getattr(fact, "agency", None),
        reason=_reason(fact),
        items=getattr(fact, "items", ()),
        due_at=fact.due_at if isinstance(fact, _NEW_PROMISES) else None,
        step=getattr(fact, "step", None),
        step_due_at=getattr(fact, "step_due_at", None),
        to_step=getattr(fact, "to_step", None),
        timeliness=fact.timeliness if isinstance(fact, routing.DossierStepCompleted) else None,
    )


def _reason(fact: DossierEvent) -> str | None:
    match fact:
        case routing.DossierEscalated():
            return fact.rule
        case routing.DossierDueChanged():
            return fact.cause.value
        case routing.DossierResolved():
            return fact.ground if _terminates(fact) else None
    return getattr(fact, "reason", None)


def _terminates(fact: DossierEvent) -> bool:
    return isinstance(fact, routing.DossierResolved) and fact.outcome is Outcome.TERMINATED


def _decided(dossier: Dossier, fact: routing.DossierResolved) -> Dossier:
    """With the result; or, terminated, with its end: there is nothing to collect, and early or late means nothing."""
    if fact.outcome is Outcome.TERMINATED:
        return replace(dossier, outcome=fact.outcome, agency=fact.agency, ended_at=fact.occurred_at)
    return replace(
        dossier,
        outcome=fact.outcome,
        agency=fact.agency,
        timeliness=fact.timeliness,
        resolved_at=fact.occurred_at,
        ended_at=None,
        grounds=(fact.ground,) if fact.ground is not None else dossier.grounds,
    )


def _holder(timeline: Iterable[TimelineEntry]) -> str | None:
    """The agency of the latest transfer that is not over; branches may run beside each other."""
    running: dict[int | None, str | None] = {}
    had: dict[int | None, str | None] = {}
    for entry in timeline:
        if entry.kind in _STEP_OVER or entry.kind in ("transferred", "sent-back"):
            running.pop(entry.step, None)
        if entry.kind == "transferred":
            running[entry.step] = had[entry.step] = entry.agency
        elif entry.kind == "sent-back":  # who takes back what it completed by mistake is not handed it anew
            running[entry.to_step] = had.get(entry.to_step)
    return next(reversed(running.values()), None)
