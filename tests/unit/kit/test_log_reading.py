"""A log is read to its end, or the reading says that it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.kit.kafka import reading

PLACE = TopicPartition("dossier.events.v1", 0)


@dataclass
class Broker:
    """Answers with nothing so many times before each of its batches; then it has no more."""

    silences: list[int]
    end: int
    looks: int = 0
    given: int = 0
    _left: list[int] = field(default_factory=list)

    async def getmany(self, **_: Any) -> Mapping[TopicPartition, Sequence[Any]]:
        self.looks += 1
        if not self.silences:
            return {}
        if self.silences[0]:
            self.silences[0] -= 1
            return {}
        self.silences.pop(0)
        raw = SimpleNamespace(
            topic=PLACE.topic, partition=0, offset=self.given, key=b"k", value=b"v", headers=(), timestamp=0
        )
        self.given += 1
        return {PLACE: [raw]}

    async def beginning_offsets(self, _: Any) -> dict[TopicPartition, int]:
        return {PLACE: 0}

    async def end_offsets(self, _: Any) -> dict[TopicPartition, int]:
        return {PLACE: self.end}


async def offsets(monkeypatch: pytest.MonkeyPatch, broker: Broker) -> list[int]:
    @asynccontextmanager
    async def reader(*_: Any, **__: Any) -> AsyncIterator[tuple[Any, set[TopicPartition]]]:
        yield broker, {PLACE}

    monkeypatch.setattr(reading, "_reader", reader)
    monkeypatch.setattr(reading, "_LOOK_MS", 0)
    async with reading.read_log("nowhere", [PLACE.topic]) as records:
        return [record.offset async for record in records]


async def test_a_broker_that_stood_still_and_comes_back_is_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers where its log ends the moment it is back; to stop there would call all the rest lost."""
    assert await offsets(monkeypatch, Broker([0, 12, 9], end=3)) == [0, 1, 2]


async def test_an_end_that_nobody_can_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker([0], end=5)
    assert await offsets(monkeypatch, broker) == [0]
    assert broker.looks < 40
