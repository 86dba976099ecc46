"""Why a due date is what it is: the steps of the calculation as data, and as one Vietnamese sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Final


class TrailKind(StrEnum):
    """Kinds of steps, in the order in which they can occur."""

    RECEIVED = "received"
    COUNTED_FROM = "counted_from"
    FIRST_DAY_EXCLUDED = "first_day_excluded"
    CUTOFF_PASSED = "cutoff_passed"
    LIMIT = "limit"
    DAY_OFF = "day_off"
    MADE_UP_DAY = "made_up_day"
    MOVED_FROM_DAY_OFF = "moved_from_day_off"
    STOPPED = "stopped"
    RESUMED = "resumed"
    PROVISIONAL = "provisional"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class TrailStep:
    """One step of a calculation.

    Attributes:
        kind: what happened.
        at: the moment the step is about, UTC; the start of the day where a whole day is meant.
        text_vi: the step in words for citizens, without its legal basis and without a full stop.
        legal_basis: article or notice relied on; empty for plain facts.
    """

    kind: TrailKind
    at: datetime
    text_vi: str
    legal_basis: str = ""


# Articles of the Civil Code 2015 on terms, quoted by the steps.
HOURS_FROM_THE_MOMENT: Final = "Bộ luật Dân sự 2015, Điều 147 khoản 1"
FIRST_DAY_NOT_COUNTED: Final = "Bộ luật Dân sự 2015, Điều 147 khoản 2"
ENDS_WITH_THE_DAY: Final = "Bộ luật Dân sự 2015, Điều 148 khoản 1"
ENDS_WITH_THE_MONTH: Final = "Bộ luật Dân sự 2015, Điều 148 khoản 3"
MOVED_FROM_DAY_OFF: Final = "Bộ luật Dân sự 2015, Điều 148 khoản 5"
SAME_DAY: Final = "Nghị định 23/2015/NĐ-CP, Điều 7"
FROM_COMPETENT_AGENCY: Final = "Nghị định 309/2026/NĐ-CP, Điều 17 khoản 3"


def explain(trail: Iterable[TrailStep]) -> str:
    """Return the steps as one Vietnamese sentence with their legal bases; empty for no steps.

    Neighbouring steps of one kind and basis, such as the days of Tết, name the basis once.
    """
    parts: list[str] = []
    for (_, basis), steps in groupby(trail, key=lambda step: (step.kind, step.legal_basis)):
        text = ", ".join(step.text_vi for step in steps)
        parts.append(f"{text} ({basis})" if basis else text)
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""
