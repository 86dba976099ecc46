"""Whom a unit wants told of its dossiers (đầu mối của đơn vị): roles, not persons, with the contact sealed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.types import NoticeKind
from services.notify.domain.kinds import KINDS, Audience

MOST_OFFICERS = 20
"""Of one unit: whoever tells everybody tells nobody."""
OFFICER_KINDS = frozenset(kind for kind, rule in KINDS.items() if rule.audience is Audience.OFFICER)
ID_LENGTH = 8


@dataclass(frozen=True)
class OfficerContact:
    """Where one officer is told."""

    id: str
    """Eight lowercase hex digits: the same as long as the role is in the list, whoever holds it."""
    sealed: str
    """`{"phone", "channel"}` for notify's key."""
    kinds: tuple[NoticeKind, ...]
    """What this officer wants to hear."""
    label: str
    """A role such as `Trưởng phòng`; never a person's name."""


@dataclass(frozen=True)
class UnitOfficers:
    """The aggregate: all contacts of one agency or counter."""

    unit: str
    officers: tuple[OfficerContact, ...] = ()

    def wanting(self, kind: NoticeKind) -> tuple[OfficerContact, ...]:
        return tuple(officer for officer in self.officers if kind in officer.kinds)


def contact_of(unit: UnitOfficers | None, officer: str) -> str | None:
    """The sealed contact that a notice goes to; None: the role is not in the list any more."""
    officers = () if unit is None else unit.officers
    return next((contact.sealed for contact in officers if contact.id == officer), None)


def officer_ids(unit: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Ids for the roles of a unit in the order of its list, all different.

    A role keeps its id when its phone changes, so that a notice on its way goes to who holds it now.
    """
    seen: Counter[str] = Counter()
    found: list[str] = []
    for label in labels:
        while (id := _id(unit, label, seen[label])) in found:
            seen[label] += 1
        seen[label] += 1
        found.append(id)
    return tuple(found)


def _id(unit: str, label: str, number: int) -> str:
    return hashlib.sha256(f"{unit}\0{label}\0{number}".encode()).hexdigest()[:ID_LENGTH]
