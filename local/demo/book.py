"""What the people of the day know of each other's dossiers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from local.demo.visit import Course, Turn, Visit


@dataclass
class Book:
    """Kept by the drivers, not by the system: the report counts from the databases."""

    came: int = 0
    """Citizens who have been at the counter, or have filed."""
    visits: dict[str, Visit] = field(default_factory=dict)
    """By dossier code."""
    received: dict[str, float] = field(default_factory=dict)
    """Code -> monotonic time at which the receipt was in hand."""
    turns: dict[str, Turn] = field(default_factory=dict)
    """What an agency will do with it beside the usual."""
    wants_withdrawal: set[str] = field(default_factory=set)
    """The citizen will take it back; the agency leaves it alone until then."""
    waiting_for_papers: set[str] = field(default_factory=set)
    """An agency has asked."""
    waiting_for_payment: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    rated: set[str] = field(default_factory=set)

    @property
    def ended(self) -> int:
        return len(self.returned | self.refused | self.withdrawn)

    def note(self, code: str, visit: Visit) -> None:
        """The dossier has its code."""
        self.visits[code] = visit

    def receive(self, code: str, visit: Visit) -> None:
        """The citizen has the receipt."""
        self.note(code, visit)
        if visit.course is Course.ON_THE_SPOT:
            self.returned.add(code)
            return
        if visit.course is Course.WITHDRAWN:
            self.wants_withdrawal.add(code)
        elif visit.turn is not Turn.PLAIN:
            self.turns[code] = visit.turn
        self.received[code] = time.monotonic()
