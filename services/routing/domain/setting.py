"""What decisions are made against: calendars, policy, directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from services.routing.domain.clock import Reckoning
from services.routing.domain.directory import Directory
from services.routing.domain.policy import Policy


@dataclass(frozen=True)
class Setting:
    """Everything that is not the case itself."""

    calendar: Callable[[str], Reckoning]
    """Counting on the calendar of a unit or agency."""
    policy: Policy = field(default_factory=Policy)
    directory: Directory = field(default_factory=Directory)

    def above(self, agency: str) -> str | None:
        """The agency above."""
        return self.directory.parent_of(agency)
