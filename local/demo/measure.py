"""Latencies as the people of the day feel them, in seconds of real time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Measures:
    """What the drivers saw."""

    intake_reply: list[float] = field(default_factory=list)
    """HTTP request sent until receipt in hand."""
    command_answered: list[float] = field(default_factory=list)
    """Command of a counter's own software sent until its answer is read."""
    agency_sees: list[float] = field(default_factory=list)
    """Receipt in hand until the transfer is readable on the agency's topic."""
    notice_handed: list[float] = field(default_factory=list)
    """Event recorded until the gateway took the message."""
    warned: int = 0
    """Registrations that were made after a warning of a duplicate."""
    tracked: int = 0
    """Citizens who followed their dossier."""
    turns: Counter[str] = field(default_factory=Counter)
    """What agencies did beside accepting and finishing, by name."""
    recalled: int = 0
    """Branches that nobody waited for any more when their agency came to them."""
    problems: list[str] = field(default_factory=list)
    """Calls that were refused, as `slug`; none are expected."""


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile; 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    rank = math.ceil(share * len(ordered) - 1e-9)  # 0.07 * 100 is a hair more than 7
    return ordered[max(1, rank) - 1]
