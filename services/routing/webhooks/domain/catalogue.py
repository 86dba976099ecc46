"""Which events a subscription can name, and which agencies each of them concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.events import DossierEvent, intake, routing

STEP_EVENTS: frozenset[type[DossierEvent]] = frozenset(
    {
        routing.DossierTransferred,
        routing.DossierTransferAccepted,
        routing.DossierTransferDeclined,
        routing.DossierStepCompleted,
        routing.DossierSentBack,
        routing.DossierStepRecalled,
        routing.DossierEscalated,
        routing.DossierApologyPrepared,
        routing.AgencyTransferOpened,
    }
)
"""Concern the agencies they name; the others concern every agency that has a step of the dossier."""

EITHER_EVENTS: frozenset[type[DossierEvent]] = frozenset({routing.DossierDueSoon, routing.DossierOverdue})
"""Of one step where they name it, else of the whole dossier."""

CONSUMED: tuple[type[DossierEvent], ...] = (
    intake.DossierSubmitted,
    intake.DossierSupplemented,
    intake.DossierPaid,
    intake.DossierWithdrawn,
    intake.DossierReturned,
    routing.DossierTransferred,
    routing.DossierTransferAccepted,
    routing.DossierTransferDeclined,
    routing.DossierSupplementRequested,
    routing.DossierPaymentRequested,
    routing.DossierHalted,
    routing.DossierResumed,
    routing.DossierDueChanged,
    routing.DossierStepCompleted,
    routing.DossierSentBack,
    routing.DossierStepRecalled,
    routing.DossierDueSoon,
    routing.DossierOverdue,
    routing.DossierEscalated,
    routing.DossierApologyPrepared,
    routing.DossierExtended,
    routing.DossierResolved,
)
"""Read from `dossier.events.v1`. What comes before acceptance is the desk's business and not here."""

_ALL: tuple[type[DossierEvent], ...] = (routing.AgencyTransferOpened, *CONSUMED)
SUBSCRIBABLE: Mapping[str, type[DossierEvent]] = {event.TYPE: event for event in _ALL}
"""By type. `transfer-opened` travels on another topic; here it is made from `transferred`."""

SEALED_FIELDS = frozenset({"contact", "invitation"})
"""Boxes that only notify can open: of no use to a partner, so they stay in the house."""


def concerned(event: DossierEvent, agencies: Iterable[str]) -> frozenset[str]:
    """Codes of the agencies that an event concerns.

    Args:
        agencies: those that have a step of the dossier.
    """
    named = frozenset(code for name in ("agency", "to") if (code := getattr(event, name, None)) is not None)
    kind = type(event)
    if kind in STEP_EVENTS or (kind in EITHER_EVENTS and getattr(event, "step", None) is not None):
        return named
    return named | frozenset(agencies)
