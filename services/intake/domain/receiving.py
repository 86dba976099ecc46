"""Step 1, tiếp nhận: filings that a clerk must look at, and dossiers that are complete at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from contracts.events import intake
from contracts.events.base import TrailLine
from contracts.problems import Conflict, Invalid
from contracts.types import LimitUnit, Outcome
from services.intake.domain.checklist import Line, merge
from services.intake.domain.dossier import DESK, Dossier, SupplementRequest, TimelineEntry, Wanted
from services.intake.domain.grounds import check_grounds, check_reasons
from services.intake.domain.status import Action, Status


def file(dossier: Dossier) -> tuple[Dossier, intake.DossierRegistered]:
    """Filed online, by post or left at the desk: it waits for a clerk's answer (NQ 66.7/2025/NQ-CP Art 8)."""
    assert dossier.answer_due_at is not None
    event = intake.DossierRegistered(
        code=dossier.code,
        occurred_at=dossier.received_at,
        procedure_code=dossier.procedure_code,
        procedure_version=dossier.procedure_version,
        procedure_name=dossier.procedure_name,
        channel=dossier.channel,
        counter=dossier.counter,
        answer_due_at=dossier.answer_due_at,
        contact=dossier.contact,
        external_ref=dossier.external_ref,
    )
    entry = TimelineEntry(dossier.received_at, "registered", due_at=dossier.answer_due_at)
    return dossier.noted(entry, status=Status.REGISTERED, filed_at=dossier.received_at), event


def submit(
    dossier: Dossier, contact: str | None, outcome: Outcome | None = None, due_trail: tuple[TrailLine, ...] = ()
) -> tuple[Dossier, intake.DossierSubmitted]:
    """A complete dossier is received: the receipt is printed and the limit runs (NĐ 61/2018 Art 17).

    Args:
        outcome: of a dossier that is resolved already (`dossier.resolved_at`): on the spot, or in an old register.
        due_trail: how the due date was counted; empty where an old register states it.
    """
    due_at = dossier.due_at
    if due_at is None or due_at < dossier.received_at:
        raise Invalid("due-date-in-past", "Ngày hẹn trả không thể trước ngày tiếp nhận.")
    limit_value, limit_unit = _promised_limit(dossier) if due_trail else (None, None)
    event = intake.DossierSubmitted(
        code=dossier.code,
        occurred_at=dossier.received_at,
        backfill=dossier.backfill,
        procedure_code=dossier.procedure_code,
        procedure_version=dossier.procedure_version,
        procedure_name=dossier.procedure_name,
        mechanism=dossier.mechanism,
        channel=dossier.channel,
        counter=dossier.counter,
        received_at=dossier.received_at,
        due_at=due_at,
        contact=contact,
        external_ref=dossier.external_ref,
        handed_in_at=dossier.handed_in_at,
        competent_agency=dossier.competent_agency,
        resolved_at=dossier.resolved_at,
        outcome=outcome,
        limit_value=limit_value,
        limit_unit=limit_unit,
        case=dossier.case,
        due_trail=due_trail,
    )
    entry = TimelineEntry(dossier.received_at, "submitted", due_at=due_at)
    # Whether and when it was resolved is routing's word; it comes back as a fact.
    return dossier.noted(entry, status=Status.RECEIVED, resolved_at=None, contact=None, answer_due_at=None), event


def accept(
    dossier: Dossier, at: datetime, due_at: datetime, due_explained: str, due_trail: tuple[TrailLine, ...] = ()
) -> tuple[Dossier, intake.DossierSubmitted]:
    """The clerk finds the filing complete and correct: from here the limit runs (NĐ 309/2026 Art 17.3)."""
    dossier.require(Action.ACCEPT)
    received = replace(
        dossier,
        received_at=at,
        due_at=due_at,
        first_due_at=due_at,
        due_explained=due_explained,
        first_due_explained=due_explained,
        answer_overdue=_late(dossier, at),
    )
    return submit(received, dossier.contact, due_trail=due_trail)


def request_completion(
    dossier: Dossier, at: datetime, items: tuple[Wanted, ...], legal_basis: str | None, *, supervisor: bool
) -> tuple[Dossier, intake.DossierCompletionRequested]:
    """Ask once, completely, exactly (NĐ 61/2018 Art 17.1.a); again only with supervisor and legal basis (Art 11)."""
    dossier.require(Action.REQUEST_COMPLETION)
    if not items:
        raise Invalid("items-missing", "Phiếu yêu cầu bổ sung phải nêu giấy tờ và lý do.")
    check_reasons(item.reason for item in items)
    if any(request.by == DESK for request in dossier.requests) and not (legal_basis and supervisor):
        raise Conflict(
            "supplement-already-requested",
            "Chỉ được yêu cầu bổ sung một lần; lần sau phải có lãnh đạo duyệt và căn cứ (NĐ 61/2018 Điều 11).",
            allowed=[action.value for action in dossier.allowed],
        )
    event = intake.DossierCompletionRequested(
        code=dossier.code,
        occurred_at=at,
        counter=dossier.counter,
        reason=items[0].reason,
        items=tuple(item.name for item in items),
        legal_basis=legal_basis,
    )
    entry = TimelineEntry(at, "completion-requested", reason=items[0].reason, items=event.items)
    request = SupplementRequest(at, DESK, items, legal_basis)
    changed = dossier.noted(
        entry,
        status=Status.SUPPLEMENT,
        requests=(*dossier.requests, request),
        answer_overdue=_late(dossier, at),
        answer_due_at=None,
    )
    return changed, event


def resubmit(
    dossier: Dossier, at: datetime, answer_due_at: datetime, brought: tuple[Line, ...]
) -> tuple[Dossier, intake.DossierResubmitted]:
    """The citizen completed a filing that is not accepted yet: the desk must answer anew."""
    dossier.require(Action.SUPPLEMENT)
    event = intake.DossierResubmitted(
        code=dossier.code, occurred_at=at, counter=dossier.counter, answer_due_at=answer_due_at
    )
    entry = TimelineEntry(at, "resubmitted", due_at=answer_due_at)
    changed = answered(dossier, at, brought)
    return changed.noted(entry, status=Status.REGISTERED, answer_due_at=answer_due_at, overdue_told=False), event


def supplement(
    dossier: Dossier,
    at: datetime,
    due_at: datetime,
    due_explained: str,
    brought: tuple[Line, ...] = (),
    due_trail: tuple[TrailLine, ...] = (),
) -> tuple[Dossier, intake.DossierSupplemented]:
    """The papers an agency asked for arrived: the whole limit begins anew (NĐ 61/2018 Art 19.4)."""
    dossier.require(Action.SUPPLEMENT)
    event = intake.DossierSupplemented(
        code=dossier.code,
        occurred_at=at,
        backfill=dossier.backfill,
        counter=dossier.counter,
        due_at=due_at,
        due_trail=due_trail,
    )
    entry = TimelineEntry(at, "supplemented", due_at=due_at)
    changed = answered(dossier, at, brought)
    return changed.noted(entry, status=Status.IN_PROCESS, due_at=due_at, due_explained=due_explained), event


def refuse(dossier: Dossier, at: datetime, grounds: tuple[str, ...]) -> tuple[Dossier, intake.DossierRefused]:
    """Not accepted, each ground coded (từ chối tiếp nhận, form 03; NĐ 61/2018 Art 17.1.b)."""
    dossier.require(Action.REFUSE)
    if not grounds:
        raise Invalid("ground-missing", "Phiếu từ chối phải nêu căn cứ.")
    check_grounds(grounds)
    event = intake.DossierRefused(code=dossier.code, occurred_at=at, counter=dossier.counter, reasons=grounds)
    entry = TimelineEntry(at, "refused", reason=grounds[0])
    changed = dossier.noted(
        entry,
        status=Status.REFUSED,
        grounds=grounds,
        ended_at=at,
        answer_overdue=_late(dossier, at),
        answer_due_at=None,
    )
    return changed, event


def flag_overdue(dossier: Dossier, now: datetime) -> tuple[Dossier, intake.DossierAnswerOverdue] | None:
    """Nobody answered in time; None when there is nothing (more) to say."""
    due = dossier.answer_due_at
    if dossier.status is not Status.REGISTERED or dossier.overdue_told or due is None or due >= now:
        return None
    event = intake.DossierAnswerOverdue(code=dossier.code, occurred_at=now, counter=dossier.counter, answer_due_at=due)
    return dossier.noted(TimelineEntry(now, "answer-overdue"), answer_overdue=True, overdue_told=True), event


def answered(dossier: Dossier, at: datetime, brought: tuple[Line, ...]) -> Dossier:
    """The last request for papers with its answer, and the checklist as it stands now."""
    checklist, changes = merge(dossier.checklist, brought)
    if not dossier.requests:
        return replace(dossier, checklist=checklist)
    last = replace(dossier.requests[-1], answered_at=at, changes=changes)
    return replace(dossier, checklist=checklist, requests=(*dossier.requests[:-1], last))


def _promised_limit(dossier: Dossier) -> tuple[float | None, LimitUnit | None]:
    """Solved on the spot is solved the same day, whatever is published."""
    return (1.0, LimitUnit.SAME_DAY) if dossier.on_the_spot else (dossier.limit_value, dossier.limit_unit)


def _late(dossier: Dossier, at: datetime) -> bool:
    return dossier.answer_overdue or (dossier.answer_due_at is not None and at > dossier.answer_due_at)
