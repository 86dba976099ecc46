"""Who people are to the house, and what each may: the same scopes as API keys have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

UnitKind = Literal["counter", "agency"]


class Role(StrEnum):
    """What the provider says somebody is."""

    CLERK = "clerk"
    """Cán bộ tiếp nhận, at a counter."""
    OFFICER = "officer"
    """Công chức giải quyết, at an agency."""
    SUPERVISOR = "supervisor"
    """Người phụ trách, beside a unit of their own."""
    HEAD = "head"
    """Thủ trưởng cơ quan: signs apologies with a new date and decisions to stop."""
    INSPECTOR = "inspector"
    """Thanh tra, kiểm tra: reads everything, changes nothing."""
    OPERATOR = "operator"
    """Người vận hành."""


ROLE_NAMES = {
    Role.CLERK: "Cán bộ tiếp nhận",
    Role.OFFICER: "Công chức giải quyết",
    Role.SUPERVISOR: "Người phụ trách",
    Role.HEAD: "Thủ trưởng cơ quan",
    Role.INSPECTOR: "Cán bộ kiểm tra",
    Role.OPERATOR: "Người vận hành",
}
STAFF = frozenset(Role)
_UNITS_OF: dict[Role, frozenset[UnitKind]] = {
    Role.CLERK: frozenset({"counter"}),
    Role.OFFICER: frozenset({"agency"}),
    Role.HEAD: frozenset({"agency"}),
}
_OWN_SCOPE = {
    Role.SUPERVISOR: "supervisor",
    Role.HEAD: "head",
    Role.INSPECTOR: "service",  # reads everything and changes nothing, as other systems do
    Role.OPERATOR: "operator",
}


@dataclass(frozen=True)
class Person:
    """Somebody who signed in."""

    subject: str
    """`person.<hash>`: the same for good, and says nothing of the person. It is who acted, wherever that is kept."""
    name: str
    """For their own eyes."""
    roles: frozenset[Role]
    scopes: frozenset[str]

    def units(self, kind: UnitKind) -> frozenset[str]:
        """Codes of the counters or agencies they act for."""
        prefix = f"{kind}:"
        return frozenset(scope.removeprefix(prefix) for scope in self.scopes if scope.startswith(prefix))

    @property
    def sees_all(self) -> bool:
        """Whether no unit is foreign to them."""
        return bool(self.scopes & {"operator", "service"})


def scopes_of(roles: Iterable[Role], units: Iterable[str]) -> frozenset[str]:
    """The scopes of roles at units (`H12.970.00`, or plainly `counter:H12.970.00`).

    A code without its kind is a counter for a clerk and an agency for an officer; for a supervisor who is neither it
    may be both, and there is no counter and agency of one code.
    """
    roles = frozenset(roles)
    kinds = frozenset[UnitKind]().union(*(_UNITS_OF.get(role, frozenset()) for role in roles))
    if not kinds and Role.SUPERVISOR in roles:
        kinds = frozenset({"counter", "agency"})
    scopes = {_OWN_SCOPE[role] for role in roles if role in _OWN_SCOPE}
    for unit in units:
        kind, stated, code = unit.rpartition(":")
        scopes |= {f"{one}:{code}" for one in kinds if not stated or one == kind}
    return frozenset(scopes)
