"""Words of a calendar file: names of columns and kinds, English or Vietnamese, with or without diacritics."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from services.kit.worktime import DayKind


def plain(text: str) -> str:
    """`Căn cứ  pháp lý` -> `can cu phap ly`; `legal_basis` -> `legal basis`."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign)).lower()
    return " ".join(re.findall(r"[a-z0-9]+", bare))


COLUMNS: Final[Mapping[str, str]] = {
    "row": "row",
    "loai dong": "row",
    "unit": "unit",
    "don vi": "unit",
    "ma don vi": "unit",
    "date": "date",
    "ngay": "date",
    "kind": "kind",
    "loai ngay": "kind",
    "name": "name",
    "ten": "name",
    "ten ngay": "name",
    "windows": "windows",
    "khung gio": "windows",
    "gio lam viec": "windows",
    "valid from": "valid_from",
    "tu ngay": "valid_from",
    "hieu luc tu": "valid_from",
    "valid until": "valid_until",
    "den ngay": "valid_until",
    "hieu luc den": "valid_until",
    "legal basis": "legal_basis",
    "can cu": "legal_basis",
    "can cu phap ly": "legal_basis",
}
REQUIRED: Final = ("row", "legal_basis")

DAY: Final = "day"
HOURS: Final = "hours"
ROWS: Final[Mapping[str, str]] = {
    "day": DAY,
    "ngay": DAY,
    "hours": HOURS,
    "gio": HOURS,
    "gio lam viec": HOURS,
}
USED: Final[Mapping[str, frozenset[str]]] = {
    DAY: frozenset({"row", "unit", "date", "kind", "name", "legal_basis"}),
    HOURS: frozenset({"row", "unit", "windows", "valid_from", "valid_until", "legal_basis"}),
}
"""Columns that each kind of row has a use for."""

KINDS: Final[Mapping[str, DayKind]] = {
    "public holiday": DayKind.PUBLIC_HOLIDAY,
    "nghi le": DayKind.PUBLIC_HOLIDAY,
    "nghi le tet": DayKind.PUBLIC_HOLIDAY,
    "nghi tet": DayKind.PUBLIC_HOLIDAY,
    "holiday in lieu": DayKind.HOLIDAY_IN_LIEU,
    "nghi bu": DayKind.HOLIDAY_IN_LIEU,
    "swapped rest": DayKind.SWAPPED_REST,
    "nghi hoan doi": DayKind.SWAPPED_REST,
    "hoan doi nghi": DayKind.SWAPPED_REST,
    "make up work": DayKind.MAKE_UP_WORK,
    "lam bu": DayKind.MAKE_UP_WORK,
    "ngay lam bu": DayKind.MAKE_UP_WORK,
    "van lam viec": DayKind.MAKE_UP_WORK,
    "emergency closure": DayKind.EMERGENCY_CLOSURE,
    "ngung lam viec": DayKind.EMERGENCY_CLOSURE,
    "dong cua": DayKind.EMERGENCY_CLOSURE,
    "thien tai": DayKind.EMERGENCY_CLOSURE,
}
