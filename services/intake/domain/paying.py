"""Nghĩa vụ tài chính: the desk records that what an agency asked for was paid, and the clock may go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from contracts.events import intake
from contracts.problems import Conflict
from services.intake.domain.dossier import Dossier, TimelineEntry
from services.intake.domain.status import Action, Status


def recorded(dossier: Dossier, amount_vnd: int, reference: str) -> bool:
    """Whether this payment was recorded before.

    Raises: Conflict `payment-reference-reused`: the reference stands for another amount.
    """
    known = next((payment for payment in dossier.payments if payment.reference == reference), None)
    if known is not None and known.amount_vnd != amount_vnd:
        words = "Số biên lai này đã ghi cho một khoản khác của hồ sơ."
        raise Conflict("payment-reference-reused", words, amount_vnd=known.amount_vnd)
    return known is not None


def record(dossier: Dossier, at: datetime, amount_vnd: int, reference: str) -> tuple[Dossier, intake.DossierPaid]:
    """The duty is done; routing counts the new date, which comes back as a fact (`resumed`).

    Raises: Conflict `payment-not-expected`, `payment-amount-differs` (`amount_vnd` says what was asked for).
    """
    dossier.require(Action.RECORD_PAYMENT)
    asked = dossier.payments[-1]
    if amount_vnd != asked.amount_vnd:
        words = "Số tiền đã nộp khác số tiền cơ quan yêu cầu."
        raise Conflict("payment-amount-differs", words, amount_vnd=asked.amount_vnd)
    event = intake.DossierPaid(
        code=dossier.code, occurred_at=at, backfill=dossier.backfill, amount_vnd=amount_vnd, reference=reference
    )
    paid = replace(asked, paid_at=at, reference=reference)
    payments = (*dossier.payments[:-1], paid)
    return dossier.noted(TimelineEntry(at, "paid"), status=Status.IN_PROCESS, payments=payments), event
