"""The reasons of a due date as they travel: steps of `worktime` as lines of the contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from contracts.events.base import TrailLine
from services.kit.worktime import TrailKind, TrailStep

MOST_LINES: Final = 120
MOST_TEXT: Final = 500
"""Both as the contract has them: a limit of years passes more holidays, and a notice may have a long name."""
_SPECIAL_DAYS: Final = frozenset({TrailKind.DAY_OFF, TrailKind.MADE_UP_DAY})


def lines(trail: Sequence[TrailStep]) -> tuple[TrailLine, ...]:
    """The steps as lines."""
    return tuple(
        TrailLine(
            kind=step.kind.value.replace("_", "-"), at=step.at, text=step.text_vi, legal_basis=step.legal_basis or None
        )
        for step in shortened(trail)
    )


def shortened(trail: Sequence[TrailStep]) -> tuple[TrailStep, ...]:
    """The steps as the contract takes them: of too many days off the last ones become one step that says how many."""
    return tuple(
        replace(step, text_vi=_cut(step.text_vi), legal_basis=_cut(step.legal_basis)) for step in _fewer(trail)
    )


def _fewer(trail: Sequence[TrailStep]) -> Sequence[TrailStep]:
    surplus = len(trail) - MOST_LINES
    if surplus <= 0:
        return trail
    special = [place for place, step in enumerate(trail) if step.kind in _SPECIAL_DAYS]
    dropped = special[-(surplus + 1) :]
    if len(dropped) <= surplus:  # hundreds of stops: no dossier has them, and the end is what matters
        return (*trail[: MOST_LINES - 1], trail[-1])
    first = trail[dropped[0]]
    rest = TrailStep(TrailKind.DAY_OFF, first.at, f"và {len(dropped)} ngày nghỉ, ngày làm bù khác")
    gone = frozenset(dropped[1:])
    return [rest if place == dropped[0] else step for place, step in enumerate(trail) if place not in gone]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1].rstrip() + "…"
