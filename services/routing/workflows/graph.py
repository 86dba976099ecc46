"""The order of steps: each after those it follows, or the circle that forbids it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Follows = Mapping[int, Sequence[int]]
"""By number of a step: the numbers of those it comes after."""


@dataclass(frozen=True)
class Order:
    """What can begin, and what never can."""

    steps: tuple[int, ...]
    """As near to the order of the file as the graph allows."""
    circles: tuple[tuple[int, ...], ...] = ()
    unreachable: tuple[int, ...] = ()
    """In no circle themselves, but behind one."""


def order(follows: Follows) -> Order:
    """Every step after those it follows."""
    placed: list[int] = []
    left = dict(follows)
    while left:
        ready = next((number for number in sorted(left) if all(other not in left for other in left[number])), None)
        if ready is None:
            break
        placed.append(ready)
        del left[ready]
    circles = _circles(left)
    in_circles = {number for circle in circles for number in circle}
    return Order(tuple(placed), circles, tuple(sorted(left.keys() - in_circles)))


def _circles(stuck: Follows) -> tuple[tuple[int, ...], ...]:
    """Among steps that each wait for one of them."""
    left = {number: [other for other in others if other in stuck] for number, others in stuck.items()}
    found: list[tuple[int, ...]] = []
    while left:
        way = [min(left)]
        while (before := min(left[way[-1]])) not in way:
            way.append(before)
        circle = way[way.index(before) :][::-1]
        first = circle.index(min(circle))
        found.append((*circle[first:], *circle[:first]))
        gone = set(circle)
        while gone:  # with the circle goes what only waits for it
            left = {
                number: [o for o in others if o not in gone] for number, others in left.items() if number not in gone
            }
            gone = {number for number, others in left.items() if not others}
    return tuple(found)
