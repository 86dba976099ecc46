"""Sums beside the aggregates: what happened is added to them, never read, changed and written back.

An aggregate has one writer at a time, guarded by its version. Everybody adds to the sum of the day, so a guard would
make each batch wait for every other. A sum is therefore kept in parts, one document a lane, and readers add the parts
up. Two lanes never meet at a document; two transactions in one lane conflict like any others and are begun anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo import UpdateOne


@dataclass
class Sums:
    """What a unit of work adds, one document's additions together."""

    _parts: dict[tuple[str, str], tuple[Mapping[str, Any], dict[str, int]]] = field(default_factory=dict)
    """By collection and id: the fields that say what is summed, and the amounts."""

    def __bool__(self) -> bool:
        return any(any(amounts.values()) for _, amounts in self._parts.values())

    def add(self, collection: str, id: str, key: Mapping[str, Any], amounts: Mapping[str, int]) -> None:
        _, sums = self._parts.setdefault((collection, id), (key, {}))
        for name, amount in amounts.items():
            sums[name] = sums.get(name, 0) + amount

    def add_all(self, others: Sums) -> None:
        for (collection, id), (key, amounts) in others._parts.items():
            self.add(collection, id, key, amounts)

    def writes(self, lane: str) -> Mapping[str, list[UpdateOne]]:
        """By collection: one upsert a document."""
        found: dict[str, list[UpdateOne]] = {}
        for (collection, id), (key, sums) in self._parts.items():
            amounts = {name: amount for name, amount in sums.items() if amount}
            if amounts:
                change = {"$setOnInsert": dict(key), "$inc": amounts}
                found.setdefault(collection, []).append(UpdateOne({"_id": part_id(id, lane)}, change, upsert=True))
        return found


def part_id(id: str, lane: str) -> str:
    return f"{id}#{lane}"


def id_of_part(part: str) -> str:
    """The id of the sum that a part belongs to."""
    return part.rpartition("#")[0]
