"""What is counted of a dossier, where and on which day (thống kê).

A dossier is counted once, at the competent agency's unit (NĐ 309/2026 Art 14.4: wherever it was handed in), whatever
number of agencies work on it. Every figure is of the day in Viet Nam on which it happened, so a register of the past
counts in its own time. At any moment, for any unit, field, procedure and period:

    carried over + received = resolved + terminated + withdrawn + pending

The same functions count an event when it comes and recount a case when somebody checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from contracts.events.intake import DossierRefused
from contracts.events.routing import (
    DossierHalted,
    DossierPaymentRequested,
    DossierStepCompleted,
    DossierSupplementRequested,
)
from contracts.types import Channel, Outcome, StopKind, Timeliness
from services.routing.domain.directory import unit_of

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Figure(StrEnum):
    """What is summed, as it is stored."""

    RECEIVED_COUNTER = "received_counter"
    RECEIVED_ONLINE = "received_online"
    RECEIVED_POST = "received_post"
    FOR_OTHERS = "for_others"
    """Received at a desk of this unit, counted at another (phi địa giới)."""
    EARLY = "early"
    """Resolved: end of processing against the promise in force, by date (domain.md 6.1)."""
    ON_TIME = "on_time"
    LATE = "late"
    LATE_FIRST = "late_first"
    """Of the resolved: late against the first promise, which no new date can hide."""
    DENIED = "denied"
    """Of the resolved: refused as a result (NĐ 61/2018 Art 19.8)."""
    TERMINATED = "terminated"
    """Đình chỉ, dừng giải quyết by decision: ended, and no result."""
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    """Filings that a desk did not accept; never received, so beside the sum."""
    STOP_SUPPLEMENT = "stop_supplement"
    """How often an agency asked for papers."""
    STOP_PAYMENT = "stop_payment"
    STOP_CONSULTATION = "stop_consultation"
    STOP_DECISION = "stop_decision"
    STEP_EARLY = "step_early"
    """Steps an agency finished, against their own due time (form 06)."""
    STEP_ON_TIME = "step_on_time"
    STEP_LATE = "step_late"
    STEP_WAITED_MINUTES = "step_waited_minutes"
    """Working minutes until it accepted those steps."""
    STEP_WORKED_MINUTES = "step_worked_minutes"


RECEIVED: Mapping[Channel, Figure] = {
    Channel.COUNTER: Figure.RECEIVED_COUNTER,
    Channel.ONLINE: Figure.RECEIVED_ONLINE,
    Channel.POST: Figure.RECEIVED_POST,
}
RESOLVED: Mapping[Timeliness, Figure] = {
    Timeliness.EARLY: Figure.EARLY,
    Timeliness.ON_TIME: Figure.ON_TIME,
    Timeliness.LATE: Figure.LATE,
}
STEPS: Mapping[Timeliness, Figure] = {
    Timeliness.EARLY: Figure.STEP_EARLY,
    Timeliness.ON_TIME: Figure.STEP_ON_TIME,
    Timeliness.LATE: Figure.STEP_LATE,
}
STOPS: Mapping[StopKind, Figure] = {
    StopKind.SUPPLEMENT: Figure.STOP_SUPPLEMENT,
    StopKind.PAYMENT: Figure.STOP_PAYMENT,
    StopKind.CONSULTATION: Figure.STOP_CONSULTATION,
    StopKind.DECISION: Figure.STOP_DECISION,
}
BALANCE: Mapping[Figure, int] = {
    **dict.fromkeys(RECEIVED.values(), 1),
    **dict.fromkeys((*RESOLVED.values(), Figure.TERMINATED, Figure.WITHDRAWN), -1),
}
"""How each figure changes what is pending."""

StopRequested = DossierSupplementRequested | DossierPaymentRequested | DossierHalted


@dataclass(frozen=True)
class Place:
    """Where something is counted. Empty: not known of it."""

    unit: str
    field: str = ""
    """Lĩnh vực."""
    procedure: str = ""
    mechanism: str = ""


@dataclass(frozen=True)
class Entry:
    """One thing counted."""

    place: Place
    day: date
    figures: Mapping[Figure, int]


def receipt(place: Place, channel: Channel, counter: str, received_at: datetime) -> tuple[Entry, ...]:
    """A dossier was received (tiếp nhận)."""
    day = day_of(received_at)
    counted = Entry(place, day, {RECEIVED[channel]: 1})
    desk = unit_of(counter)
    if desk == place.unit:
        return (counted,)
    return counted, Entry(replace(place, unit=desk), day, {Figure.FOR_OTHERS: 1})


def result(place: Place, outcome: Outcome, timeliness: Timeliness, first: Timeliness, at: datetime) -> Entry:
    """Processing ended; a denial after the date is late like any result (NĐ 61/2018 Art 19.8)."""
    if outcome is Outcome.TERMINATED:
        return Entry(place, day_of(at), {Figure.TERMINATED: 1})
    figures = {
        RESOLVED[timeliness]: 1,
        Figure.LATE_FIRST: int(first is Timeliness.LATE),
        Figure.DENIED: int(outcome is Outcome.DENIED),
    }
    return Entry(place, day_of(at), figures)


def withdrawal(place: Place, at: datetime) -> Entry:
    """The citizen took it back before there was a result (TT 03/2025/TT-VPCP Art 7)."""
    return Entry(place, day_of(at), {Figure.WITHDRAWN: 1})


def refusal(event: DossierRefused) -> Entry:
    """A desk did not accept a filing; which procedure it was is not told."""
    return Entry(Place(unit_of(event.counter)), day_of(event.occurred_at), {Figure.REFUSED: 1})


def step(place: Place, event: DossierStepCompleted) -> Entry:
    """An agency finished its step: counted at the agency itself, whosever dossier it is."""
    figures = {
        STEPS[event.timeliness]: 1,
        Figure.STEP_WAITED_MINUTES: event.waited_minutes,
        Figure.STEP_WORKED_MINUTES: event.worked_minutes,
    }
    return Entry(replace(place, unit=event.agency), day_of(event.occurred_at), figures)


def stop(place: Place, event: StopRequested) -> Entry:
    """The clock was stopped."""
    match event:
        case DossierSupplementRequested():
            kind = StopKind.SUPPLEMENT
        case DossierPaymentRequested():
            kind = StopKind.PAYMENT
        case DossierHalted(kind=named):
            kind = named or StopKind.DECISION
    return Entry(place, day_of(event.occurred_at), {STOPS[kind]: 1})


def balance(figures: Mapping[str, int]) -> int:
    """By how much these figures change what is pending."""
    return sum(sign * figures.get(figure, 0) for figure, sign in BALANCE.items())


def received(figures: Mapping[str, int]) -> int:
    return sum(figures.get(figure, 0) for figure in RECEIVED.values())


def day_of(moment: datetime) -> date:
    """Its date in Viet Nam."""
    return moment.astimezone(VIETNAM).date()
