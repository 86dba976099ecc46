"""Transfers as documents of their own: what an inbox shows and a partner compares. Derived from the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.routing.domain.case import Case, Transfer, TransferState

TO_ACCEPT, IN_WORK, WAITING = "to-accept", "in-work", "waiting"
"""Boxes of an inbox."""


def documents(case: Case) -> Mapping[str, dict[str, Any]]:
    """By id: one document for each hand-over of a case."""
    return {transfer_id(case.code, transfer.number): _document(case, transfer) for transfer in case.transfers}


def transfer_id(code: str, number: int) -> str:
    return f"{code}/{number}"


def _document(case: Case, transfer: Transfer) -> dict[str, Any]:
    step = case.step(transfer.step)
    current = step.transfer == transfer.number
    document: dict[str, Any] = {
        "code": case.code,
        "number": transfer.number,
        "agency": transfer.agency,
        "step": transfer.step,
        "steps": len(case.steps),
        "step_name": step.name,
        "role": step.role,
        "state": transfer.state.value,
        "procedure_code": case.procedure_code,
        "mechanism": case.mechanism.value,
        "channel": case.channel,
        "counter": case.counter,
        "officer": transfer.officer,
        "due_at": step.due_at if current else None,
        "case_due_at": case.due_at,
        "case_state": case.state.value,
        "offered_at": transfer.offered_at,
        "accept_by": transfer.accept_by,
        "accepted_at": transfer.accepted_at,
        "ended_at": transfer.ended_at,
    }
    box = _box(case, transfer)
    return document if box is None else document | {"box": box}


def _box(case: Case, transfer: Transfer) -> str | None:
    """Where it lies in its agency's inbox; None: it is over."""
    if not case.open or transfer.ended_at is not None:
        return None
    if case.stop is not None and case.stop.step == transfer.step:
        return WAITING
    return TO_ACCEPT if transfer.state is TransferState.OFFERED else IN_WORK
