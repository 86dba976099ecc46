"""The directory of agencies (cơ quan), and finding the one that a published name means for a given counter."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

_TONE_BEFORE_VOWEL = re.compile("([ou])([\u0300\u0301\u0303\u0309\u0323])([aey])")
COMMITTEE = "people_committee"
_LEVELS: Mapping[str, str] = {
    "ủy ban nhân dân cấp xã": "xã",
    "ủy ban nhân dân cấp huyện": "huyện",
    "ủy ban nhân dân cấp tỉnh": "tỉnh",
}


@dataclass(frozen=True)
class Agency:
    """An agency that can be handed a step."""

    code: str
    name: str
    level: str
    """`tỉnh`, `huyện`, `xã`."""
    parent: str | None
    kind: str
    """`people_committee`, `department`, `division`, ...; only the first is a unit of its own."""


@dataclass(frozen=True)
class Directory:
    """All agencies of one installation."""

    agencies: tuple[Agency, ...] = ()

    def by_code(self) -> Mapping[str, Agency]:
        return self._codes

    @cached_property
    def _codes(self) -> Mapping[str, Agency]:
        return {agency.code: agency for agency in self.agencies}

    @cached_property
    def _names(self) -> Mapping[str, tuple[str, ...]]:
        """Codes by name as it is compared: every case opened asks for each of its agencies."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for agency in self.agencies:
            found[fold_name(agency.name)].append(agency.code)
        return {name: tuple(codes) for name, codes in found.items()}

    def parent_of(self, code: str) -> str | None:
        agency = self.by_code().get(code)
        return agency.parent if agency else None

    def unit_of_agency(self, code: str) -> str:
        """The unit an agency belongs to: a committee is one itself, an office belongs to the committee above it."""
        agency = self.by_code().get(code)
        return code if agency is None or agency.kind == COMMITTEE else agency.parent or code

    def find(self, name: str, unit: str) -> str | None:
        """Code of the agency that `name` means for a counter of `unit`; None when the directory has none.

        Generic names go to the committee of that level above the unit (or the unit itself, when it has no such level);
        names shared by several districts go to the nearest, by common code groups.
        """
        wanted = fold_name(name)
        level = GENERIC_LEVELS.get(wanted)
        if level is not None:
            return self._committee(unit, level)
        same = self._names.get(wanted, ())
        return max(same, key=lambda code: (_common_groups(code, unit), code), default=None)

    def authority(self, unit: str) -> str | None:
        """Who takes what nobody else is named for: the district's committee, else the unit itself."""
        return self._committee(unit, "huyện")

    def _committee(self, unit: str, level: str) -> str | None:
        by_code = self.by_code()
        code: str | None = unit
        while code is not None and code in by_code:
            if by_code[code].level == level:
                return code
            code = by_code[code].parent
        return unit if unit in by_code else None


def unit_of(counter: str) -> str:
    """The unit whose desk a counter is: its code without the last group."""
    return counter.rpartition(".")[0] or counter


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """Spelling differences that do not matter: case, spaces, composition, dash width, place of the tone mark."""
    plain = unicodedata.normalize("NFD", name.replace("–", "-")).casefold()
    # "ủy" and "uỷ", "tòa" and "toà": published lists write both.
    return unicodedata.normalize("NFC", _TONE_BEFORE_VOWEL.sub(r"\1\3\2", " ".join(plain.split())))


GENERIC_LEVELS: Mapping[str, str] = {fold_name(name): level for name, level in _LEVELS.items()}
"""Names that mean "the one above the counter at this level". Levels are data: the district ended on 1 July 2025."""


def _common_groups(a: str, b: str) -> int:
    common = 0
    for left, right in zip(a.split("."), b.split("."), strict=False):
        if left != right:
            break
        common += 1
    return common
