"""A record of the log, as the rest of the house sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from services.kit.errors import Unavailable


class KafkaUnreachable(Unavailable):
    """No broker answers at the given address."""


Partition = tuple[str, int]
"""Topic and number."""


class LogLost(Exception):
    """The log of these partitions is not the one that was read before: nothing of it may be taken for done."""

    def __init__(self, places: Iterable[Partition]) -> None:
        self.places = frozenset(places)
        super().__init__(", ".join(f"{topic}/{number}" for topic, number in sorted(self.places)))


@dataclasses.dataclass(frozen=True)
class Record:
    """A Kafka record as it lies in the log."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int

    @classmethod
    def of(cls, raw: Any) -> Record:
        return cls(raw.topic, raw.partition, raw.offset, raw.key, raw.value, tuple(raw.headers), raw.timestamp)
