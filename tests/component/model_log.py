"""A log as small as the kit's view of Kafka: partitions with offsets, one owner each, and the offset it committed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.kit.kafka import Record
from tests.component.model_engines import Gate, nothing
from tests.component.model_service import ANSWERS, COMMANDS, FACTS, OUT

Place = tuple[str, int]
PARTITIONS = {FACTS: 2, COMMANDS: 1, OUT: 1, ANSWERS: 1}
READ: tuple[Place, ...] = ((FACTS, 0), (FACTS, 1), (COMMANDS, 0))


@dataclass
class Log:
    """All partitions of one life of the broker."""

    epoch: int = 0
    records: dict[Place, list[Record]] = field(default_factory=dict)
    committed: dict[Place, int] = field(default_factory=dict)

    def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]
    ) -> None:
        place = (topic, zlib.crc32(key or b"") % PARTITIONS.get(topic, 1))
        there = self.records.setdefault(place, [])
        there.append(Record(topic, place[1], len(there), key, value, headers, 0))

    def at(self, place: Place) -> list[Record]:
        return self.records.get(place, [])


@dataclass(frozen=True)
class Publishing:
    """How the broker behaves while a relay publishes."""

    ranks: Sequence[int] = ()
    """Events of one key stay in order; which key goes first is the broker's and the partitions' affair."""
    refused: frozenset[bytes] = frozenset()
    """Keys whose first event is not taken."""
    unheard: frozenset[bytes] = frozenset()
    """Keys whose first event is taken, and the answer is lost."""


@dataclass
class Publisher:
    """`Relay.publisher` of one process. As the real one, it takes no event of a key after one that failed."""

    log: Log
    gate: Gate
    how: Publishing = field(default_factory=Publishing)

    async def publish(self, events: Sequence[Mapping[str, Any]]) -> list[BaseException | None]:
        answers: dict[int, BaseException | None] = {}
        failed: set[tuple[str, bytes | None]] = set()
        for index, event in sorted(enumerate(events), key=lambda item: (self._rank(item[1]["key"]), item[0])):
            place = (event["topic"], event["key"])
            if place not in failed:
                await self.gate.through(f"publish to {event['topic']}", nothing)
                if event["key"] not in self.how.refused:
                    headers = tuple((name, value) for name, value in event["headers"])
                    self.log.append(event["topic"], event["key"], event["body"], headers)
                if event["key"] in self.how.refused | self.how.unheard:
                    failed.add(place)
            answers[index] = OSError("broker away") if place in failed else None
        return [answers[index] for index in range(len(events))]

    def _rank(self, key: bytes | None) -> int:
        return self.how.ranks[(key or b"\0")[-1] % len(self.how.ranks)] if self.how.ranks else 0
