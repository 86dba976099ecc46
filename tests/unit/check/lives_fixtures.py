"""Lives of dossiers as events and states, to be added to the good world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.events import Message
from contracts.events.intake import (
    DossierCompletionRequested,
    DossierRegistered,
    DossierResubmitted,
)
from contracts.events.routing import (
    AgencyTransferOpened,
    DossierResolved,
    DossierStepCompleted,
    DossierTransferAccepted,
    DossierTransferred,
)
from tests.unit.check.facts_fixtures import (
    SERIES,
    World,
    give_number,
    tell,
)

SECOND = f"{SERIES}-0002"
PORTAL = "G22.99.01-261123-012345"
Change = Callable[[World], object]


def live(
    facts: World,
    desk: tuple[type[Message], ...],
    agencies: tuple[type[Message], ...] = (),
    code: str = SECOND,
    **stored: Any,
) -> None:
    """Add a life to the good world, its states as they must be."""
    give_number(facts, code)
    tell(facts, code, "intake", *desk)
    facts.dossiers[code] = stored.pop("dossier")
    if agencies:
        tell(facts, code, "routing", *agencies)
        facts.cases[code] = stored.pop("case")
    assert not stored


REGISTERED = (DossierRegistered,)
COMPLETED = (*REGISTERED, DossierCompletionRequested, DossierResubmitted)
RESOLVED = (DossierTransferred, DossierResolved)
UNDECIDED = {"timeliness": None}
HANDED_ON = (DossierTransferred, AgencyTransferOpened)
TWO_BRANCHES = (*HANDED_ON, *HANDED_ON, DossierTransferAccepted, DossierTransferAccepted)
DONE = (DossierStepCompleted, DossierResolved)
TERMINATED = {"outcome": "terminated"}
