"""A case as agencies see it; routing holds nothing personal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.routing.deadlines import explained
from services.routing.domain.case import Case
from services.routing.domain.clock import Promise


def shown(case: Case, now: datetime, agencies: frozenset[str] | None = None, *, supervisor: bool) -> dict[str, Any]:
    """
    Args:
        agencies: whose steps' actions are shown; None: of all.
        supervisor: whether who asks may ask for papers a second time.
    """
    return {
        "code": case.code,
        "revision": case.revision,
        "procedure_code": case.procedure_code,
        "procedure_version": case.procedure_version,
        "workflow_revision": case.workflow_revision,
        "mechanism": case.mechanism.value,
        "channel": case.channel,
        "counter": case.counter,
        "unit": case.unit,
        "state": case.state.value,
        "portal_status": case.portal_status,
        "stop": None
        if case.stop is None
        else {
            "kind": case.stop.kind.value,
            "since": case.stop.since,
            "step": case.stop.step,
            "legal_basis": case.stop.legal_basis,
        },
        "active": list(case.active),
        "steps": [_step(case, number, agencies, supervisor) for number in range(1, len(case.steps) + 1)],
        "transfers": [_transfer(case, place) for place in range(len(case.transfers))],
        "received_at": case.received_at,
        "due_at": case.due_at,
        "first_due_at": case.first_due_at,
        "provisional": case.provisional,
        "promises": [_promise(promise) for promise in case.promises],
        "extended": case.extended,
        "late_notice": case.late_notice,
        "apology": None
        if case.apology is None
        else {
            "prepared_at": case.apology.prepared_at,
            "agency": case.apology.agency,
            "step": case.apology.step,
            "reason": case.apology.reason,
            "proposed_due_at": case.apology.proposed_due_at,
        },
        "overdue": case.open and case.stop is None and now > case.due_at,
        "outcome": case.outcome,
        "timeliness": case.timeliness,
        "first_timeliness": case.first_timeliness,
        "resolved_at": case.resolved_at,
    }


def _step(case: Case, number: int, agencies: frozenset[str] | None, supervisor: bool) -> dict[str, Any]:
    step, transfer = case.step(number), case.transfer_of(number)
    mine = agencies is None or step.agency in agencies
    return {
        "step": number,
        "name": step.name,
        "role": step.role,
        "agency": step.agency,
        "after": list(step.after),
        "needs": step.required,
        "state": step.state.value,
        "due_at": step.due_at,
        "offered_at": transfer.offered_at if transfer else None,
        "accept_by": transfer.accept_by if transfer else None,
        "accepted_at": transfer.accepted_at if transfer else None,
        "done_at": transfer.ended_at if transfer else None,
        "officer": transfer.officer if transfer and mine else None,
        "outcome": step.outcome,
        "timeliness": step.timeliness,
        "allowed": sorted(a.value for a in case.allowed(number, supervisor=supervisor)) if mine else [],
    }


def _transfer(case: Case, place: int) -> dict[str, Any]:
    transfer = case.transfers[place]
    return {
        "number": transfer.number,
        "step": transfer.step,
        "agency": transfer.agency,
        "state": transfer.state.value,
        "offered_at": transfer.offered_at,
        "accepted_at": transfer.accepted_at,
        "ended_at": transfer.ended_at,
    }


def _promise(promise: Promise) -> dict[str, Any]:
    return {
        "cause": promise.cause.value,
        "at": promise.at,
        "due_at": promise.due_at,
        "explained": explained(promise.trail),
        "trail": [
            {"kind": line.kind, "at": line.at, "text": line.text, "legal_basis": line.legal_basis}
            for line in promise.trail
        ],
    }
