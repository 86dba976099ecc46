"""Clerks who register one dossier after the other, as fast as they get their receipts."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from bench.line import Line
from local.demo.measure import percentile
from local.samples.load import handed_in_by_code, read_samples

PROCEDURE = "2.000815"
_numbers = itertools.count(1)
One = Callable[[int], Awaitable[None]]
"""Does one piece of work; takes the number of who does it."""


@dataclass(frozen=True)
class Level:
    """What so many got done beside each other; times in seconds."""

    per_second: float
    p50: float
    p95: float
    p99: float


async def side_by_side(workers: int, seconds: float, one: One) -> Level:
    """Let `workers` do one piece after the other for `seconds`."""
    times: list[float] = []
    started = time.perf_counter()

    async def work(worker: int) -> None:
        while (begun := time.perf_counter()) < started + seconds:
            await one(worker)
            times.append(time.perf_counter() - begun)

    await asyncio.gather(*(work(worker) for worker in range(workers)))
    took = time.perf_counter() - started
    return Level(len(times) / took, *(percentile(times, share) for share in (0.5, 0.95, 0.99)))


def application(number: int, counter: str) -> dict[str, Any]:
    """What is handed in; the person has an identity number, as nobody would be known again without."""
    return {
        "counter": counter,
        "procedure_code": PROCEDURE,
        "checklist": handed_in_by_code(PROCEDURE),
        "applicant": {
            "full_name": f"Người nộp {number}",
            "id_number": f"096{300_000_000 + number}",
            "notify_by": "none",
        },
    }


class Clerks:
    """Registrations over HTTP at all sample counters."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url, self._key = base_url, key
        self._counters = read_samples().counter_codes
        self._lines: list[Line] = []

    async def register(self, clerks: int, seconds: float) -> Level:
        """Raises: RuntimeError: a registration was refused; the figure would mean nothing."""
        self._lines = [await Line.to(self._base_url, self._key) for _ in range(clerks)]
        try:
            return await side_by_side(clerks, seconds, self._one)
        finally:
            for line in self._lines:
                line.close()

    async def _one(self, clerk: int) -> None:
        number = next(_numbers)
        body = orjson.dumps(application(number, self._counters[clerk % len(self._counters)]))
        status, answer = await self._lines[clerk].post("/v1/dossiers", body, f"bench-{number}")
        if status != 201:
            raise RuntimeError(f"registration refused: {answer[:300].decode('utf-8', 'replace')}")
