"""Rules of an installation as data: hand-over hours, warnings, escalation, substitutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Trigger(StrEnum):
    """What a rule of escalation waits for."""

    NOT_ACCEPTED = "not-accepted"
    """Silence: neither accepted nor declined in time."""
    STEP_OVERDUE = "step-overdue"
    OVERDUE = "overdue"
    WAITING = "waiting"
    """For the citizen, a payment or a consultation."""


ABOVE = "above"
"""Tell the agency above the one it is about."""
ITSELF = "itself"


@dataclass(frozen=True)
class EscalationRule:
    """Who hears of what, and after how long (đôn đốc, báo cáo cấp trên)."""

    name: str
    when: Trigger
    hours: float = 0.0
    """Working hours after the trigger."""
    to: str = ABOVE
    """`above`, `itself` or an agency's code."""
    agencies: tuple[str, ...] = ()
    """Codes of the agencies it is for, they and all below; empty: all."""

    def applies_to(self, agency: str) -> bool:
        return not self.agencies or any(agency == code or agency.startswith(f"{code}.") for code in self.agencies)


@dataclass(frozen=True)
class Substitute:
    """Who stands in for an officer, and when (người thay thế)."""

    agency: str
    officer: str
    substitute: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class AcceptWithin:
    """Hand-over hours of one agency and all below it."""

    agency: str
    hours: float


@dataclass(frozen=True)
class Policy:
    """Everything that an installation may set about time and responsibility. The defaults are sane for a district."""

    accept_hours: float = 4.0
    """Working hours within which an agency accepts or declines (half a day; NĐ 63/2024 asks for 2 where systems talk
    to each other)."""
    accept_within: tuple[AcceptWithin, ...] = ()
    due_soon_hours: float = 8.0
    """Warn this many working hours before the promised return."""
    step_due_soon_hours: float = 4.0
    apology_hours: float = 12.0
    """Prepare the apology this many working hours before the promised return: a day before, as NĐ 61/2018 Art 19.9
    wants it, and half a day for the signature."""
    extension_hours: float = 24.0
    """Proposed new date: this many working hours after the promised return."""
    reminder_hours: float = 40.0
    """A dossier that is overdue, or waits, is brought to mind again after so many working hours, for as long as it is
    open: none is ever forgotten."""
    rules: tuple[EscalationRule, ...] = (
        EscalationRule("not-accepted", Trigger.NOT_ACCEPTED),
        EscalationRule("step-overdue", Trigger.STEP_OVERDUE, 8.0),
        EscalationRule("overdue", Trigger.OVERDUE),
        EscalationRule("waiting-long", Trigger.WAITING, 120.0, ITSELF),
    )
    substitutes: tuple[Substitute, ...] = ()

    def accept_hours_of(self, agency: str, step_hours: float | None) -> float:
        """The step's own, else those of the nearest agency at or above it, else everybody's."""
        if step_hours is not None:
            return step_hours
        near = [row for row in self.accept_within if agency == row.agency or agency.startswith(f"{row.agency}.")]
        return max(near, key=lambda row: len(row.agency)).hours if near else self.accept_hours

    def officer_on(self, agency: str, officer: str, day: date) -> str:
        """The officer, or who stands in for him that day; substitutes of substitutes too, but never in a circle."""
        seen = {officer}
        while True:
            here = next(
                (
                    row.substitute
                    for row in self.substitutes
                    if row.agency == agency and row.officer == officer and row.first_day <= day <= row.last_day
                ),
                None,
            )
            if here is None or here in seen:
                return officer
            seen.add(here)
            officer = here


@dataclass(frozen=True)
class PolicyRevision:
    """The policy in force, and which one it is."""

    policy: Policy = Policy()
    revision: int = 0
