"""Delivery receipts: early, late, twice, out of order. Each is written down; at most one changes the state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain.notice import Attempt, Entry, Notice
from services.notify.domain.steps import Step, arrive, give_up
from services.notify.domain.transitions import State


@dataclass(frozen=True)
class Receipt:
    """What a gateway reports of one message."""

    provider: str
    attempt_id: str
    """Empty where the gateway names only its own id."""
    provider_id: str
    delivered: bool
    """False: the network gave it up."""
    at: datetime
    """When the phone got it, by the gateway's clock."""


def attempt_for(notice: Notice, receipt: Receipt) -> Attempt | None:
    """The attempt a receipt speaks of. A receipt whose two ids belong to different messages is nobody's, and so is one
    of another gateway."""
    attempts = [attempt for attempt in notice.attempts if attempt.provider == receipt.provider]
    if not receipt.attempt_id:
        return next((a for a in attempts if a.provider_id and a.provider_id == receipt.provider_id), None)
    attempt = next((a for a in attempts if a.id == receipt.attempt_id), None)
    known = attempt.provider_id if attempt is not None else ""
    return None if known and receipt.provider_id and known != receipt.provider_id else attempt


def apply_receipt(notice: Notice, receipt: Receipt, now: datetime) -> Step | None:
    """The notice after a receipt; None when the receipt names none of its attempts."""
    attempt = attempt_for(notice, receipt)
    if attempt is None:
        return None
    if attempt.delivered_at is not None or (attempt.failed_at is not None and not receipt.delivered):
        return Step(notice)
    current = notice.current is not None and notice.current.id == attempt.id
    attempt = replace(
        attempt,
        provider_id=attempt.provider_id or receipt.provider_id,
        delivered_at=receipt.at if receipt.delivered else None,
        failed_at=attempt.failed_at if receipt.delivered else receipt.at,
    )
    notice = notice.with_attempt(attempt)
    waits_for_it = current and notice.state in (State.SENDING, State.UNKNOWN, State.SENT)
    if receipt.delivered and (waits_for_it or notice.state is State.CREATED):
        return arrive(notice, now)
    if not receipt.delivered and waits_for_it:
        return give_up(notice, now, f"{attempt.channel}-not-delivered")
    # The next channel was already used, or all is over: written down, nothing follows from it.
    word = "late-receipt" if receipt.delivered else "late-failure"
    return Step(notice.note(Entry(notice.state, now, attempt.channel, word)))
