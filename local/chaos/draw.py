"""Which fault comes next: chance that a seed repeats."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence


def in_turn(names: Sequence[str], chance: random.Random) -> Iterator[str]:
    """All of them in a random order, then all again in another one: in the time of one round none is left out."""
    if not names:
        raise ValueError("nothing to draw from")
    while True:
        yield from chance.sample(names, len(names))
