"""The year's catalogue: 320 procedures in 41 fields, made up; nothing of it is any place's published list."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contracts.types import LimitUnit
from services.kit import worktime

FIELDS, ONE_STOP, INTERLINKED = 41, 264, 56
DISTRICT, COMMUNE = "huyện", "xã"
_COMMUNE_SHARE = 0.4
_DIVISIONS = ("Phòng Nội vụ", "Phòng Tư pháp", "Phòng Tài chính - Kế hoạch", "Phòng Tài nguyên và Môi trường",
              "Phòng Lao động - Thương binh và Xã hội", "Phòng Văn hóa và Thông tin", "Phòng Giáo dục và Đào tạo",
              "Phòng Y tế", "Phòng Kinh tế và Hạ tầng", "Phòng Nông nghiệp và Phát triển nông thôn")  # fmt: skip
_BRANCHES = ("Chi cục Thuế", "Chi nhánh Văn phòng đăng ký đất đai", "Bảo hiểm xã hội", "Công an huyện")
_LIMITS: Mapping[tuple[int, LimitUnit], int] = {
    (1, LimitUnit.SAME_DAY): 16,
    (1, LimitUnit.WORKING_DAYS): 10,
    (2, LimitUnit.WORKING_DAYS): 12,
    (3, LimitUnit.WORKING_DAYS): 20,
    (5, LimitUnit.WORKING_DAYS): 18,
    (7, LimitUnit.WORKING_DAYS): 10,
    (10, LimitUnit.WORKING_DAYS): 8,
    (15, LimitUnit.WORKING_DAYS): 6,
    (20, LimitUnit.CALENDAR_DAYS): 3,
    (30, LimitUnit.CALENDAR_DAYS): 2,
}
"""How long, and how often a procedure has that limit."""
_UNITS: Mapping[LimitUnit, str] = {
    LimitUnit.SAME_DAY: "trong ngày",
    LimitUnit.WORKING_DAYS: "ngày làm việc",
    LimitUnit.CALENDAR_DAYS: "ngày",
}
_COLUMNS = ("code", "name", "field", "level", "time_limit_value", "time_limit_unit", "agencies_in_steps")


@dataclass(frozen=True)
class Kind:
    """A procedure of the year."""

    code: str
    name: str
    field: str
    level: str
    agencies: tuple[str, ...]
    value: int
    unit: LimitUnit

    @property
    def interlinked(self) -> bool:
        return len(self.agencies) > 1

    @property
    def limit(self) -> worktime.TimeLimit:
        return worktime.TimeLimit(self.value, worktime.LimitUnit(self.unit.value))


def kinds(chance: random.Random) -> tuple[Kind, ...]:
    """All procedures, the often wanted ones first within each mechanism and level."""
    return (*_made(chance, 1, ONE_STOP, interlinked=False), *_made(chance, ONE_STOP + 1, INTERLINKED, interlinked=True))


def _made(chance: random.Random, first: int, number: int, *, interlinked: bool) -> Iterator[Kind]:
    for n in range(first, first + number):
        field = (n - 1) % FIELDS + 1
        level = COMMUNE if chance.random() < _COMMUNE_SHARE else DISTRICT
        limits = [limit for limit in _LIMITS if not interlinked or limit[0] >= 5]
        value, unit = chance.choices(limits, [_LIMITS[limit] for limit in limits])[0]
        name = f"Thủ tục {n:03d} lĩnh vực {field:02d}"
        agencies = _agencies(chance, field, level, interlinked=interlinked)
        yield Kind(f"9.{n:06d}", name, f"Lĩnh vực {field:02d}", level, agencies, value, unit)


def _agencies(chance: random.Random, field: int, level: str, *, interlinked: bool) -> tuple[str, ...]:
    division, own = _DIVISIONS[field % len(_DIVISIONS)], f"Ủy ban nhân dân cấp {level}"
    if not interlinked:
        return (own if level == COMMUNE else division,)
    between = (chance.choice(_BRANCHES),) if chance.random() < 0.4 else ()
    if level == COMMUNE:
        return (own, *between, division)
    return (division, *between, own)


def as_csv(procedures: tuple[Kind, ...]) -> bytes:
    """The file that is imported."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for kind in procedures:
        row = (kind.code, kind.name, kind.field, kind.level, kind.value, _UNITS[kind.unit], "; ".join(kind.agencies))
        writer.writerow(row)
    return text.getvalue().encode()
