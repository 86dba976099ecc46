"""The right of a page: declared beside its address. A page without one is refused, and a test names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.problems import Denied, Missing
from services.kit.web.roles import ROLE_NAMES, STAFF, Person, Role, UnitKind

_ATTRIBUTE = "__page_right__"


@dataclass(frozen=True)
class Right:
    """Who may open a page.

    `unit`: the path's parameter of that name (`{counter}`, `{agency}`) must be a unit of theirs; another's does not
    exist for them. Dossiers are guarded by the queries and commands themselves, which take the visit's `caller`.
    """

    roles: frozenset[Role] = frozenset()
    public: bool = False
    unit: UnitKind | None = None
    form: bool = False
    """The page shows a form that makes something: its address carries the form's key, so that it is the same form after
    the back button."""

    def admit(self, person: Person, units: dict[str, Any]) -> None:
        """Raises: Denied `role-missing`, Missing `unit-unknown`."""
        if not self.public and not self.roles & person.roles:
            wanted = ", ".join(ROLE_NAMES[role].lower() for role in Role if role in self.roles)
            raise Denied("role-missing", f"Trang này dành cho: {wanted}.", needs=sorted(self.roles))
        if self.unit is not None and not person.sees_all and units.get(self.unit) not in person.units(self.unit):
            raise Missing("unit-unknown", "Không tìm thấy đơn vị với mã này.")


PUBLIC = Right(public=True)
"""For everybody, citizens first."""
ANY_STAFF = Right(STAFF)


def roles(*wanted: Role, unit: UnitKind | None = None) -> Right:
    """For people who are one of these."""
    return Right(frozenset(wanted), unit=unit)


def declare(endpoint: Callable[..., Any], right: Right) -> None:
    setattr(endpoint, _ATTRIBUTE, right)


def right_of(endpoint: Any) -> Right | None:
    """The right declared for a page; None: this is no page."""
    right: Right | None = getattr(endpoint, _ATTRIBUTE, None)
    return right
