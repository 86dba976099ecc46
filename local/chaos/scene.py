"""What a fault may get at, and what a fault is."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from local.chaos.crowd import Crowd
from local.chaos.installation import Installation
from local.chaos.software import Wire


@dataclass
class Scene:
    """The installation under load, and the dice."""

    stack: Installation
    crowd: Crowd
    wire: Wire
    chance: random.Random

    def seconds(self, least: float, most: float) -> float:
        """A random time, rounded so that what is printed is what was done."""
        return round(self.chance.uniform(least, most), 1)


class Missed(Exception):
    """The fault did not strike: nothing came by the place where it lay in wait."""


def _possible(scene: Scene) -> str:
    return ""


@dataclass(frozen=True)
class Fault:
    """One way to break it."""

    name: str
    words: str
    strike: Callable[[Scene], Awaitable[str]]
    """Returns when it is over, with what was done to what. Raises: Missed. TimeoutError: it broke for good."""
    impossible: Callable[[Scene], str] = _possible
    """Why this installation cannot have it; empty: it can."""
