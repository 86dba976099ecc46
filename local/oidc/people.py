"""Ready users: a role name and a number each, nobody's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.samples.load import Samples


@dataclass(frozen=True)
class User:
    """Somebody to be."""

    id: str
    name: str
    roles: tuple[str, ...]
    units: tuple[str, ...] = ()
    office: str = ""
    """The unit's name, for the list."""


@dataclass(frozen=True)
class Group:
    """Users of one kind, for the list."""

    words: str
    users: tuple[User, ...]


def groups(samples: Samples) -> tuple[Group, ...]:
    """A clerk and a supervisor of each counter; an officer, a supervisor and a head of each agency; the others."""
    counters, agencies = samples.counter_names, samples.agency_names
    return (
        Group("Cán bộ tiếp nhận", _of("quay", "Cán bộ quầy", ("clerk",), counters)),
        Group("Người phụ trách quầy", _of("phu-trach-quay", "Người phụ trách quầy", ("clerk", "supervisor"), counters)),
        Group("Công chức giải quyết", _of("co-quan", "Công chức cơ quan", ("officer",), agencies)),
        Group(
            "Người phụ trách cơ quan",
            _of("phu-trach-co-quan", "Người phụ trách cơ quan", ("officer", "supervisor"), agencies),
        ),
        Group("Thủ trưởng cơ quan", _of("thu-truong", "Thủ trưởng cơ quan", ("officer", "head"), agencies)),
        Group(
            "Kiểm tra và vận hành",
            (
                User("kiem-tra-01", "Cán bộ kiểm tra 01", ("inspector",), office="Xem được tất cả, không đổi gì"),
                User("van-hanh-01", "Người vận hành 01", ("operator",), office="Vận hành cả hệ thống"),
                User("khach-01", "Tài khoản chưa có vai trò 01", (), office="Để thử: không vào được đâu cả"),
            ),
        ),
    )


def _of(id: str, name: str, roles: tuple[str, ...], units: Mapping[str, str]) -> tuple[User, ...]:
    return tuple(
        User(f"{id}-{number:02}", f"{name} {number:02}", roles, (code,), office)
        for number, (code, office) in enumerate(units.items(), start=1)
    )
