"""Clerks who register one dossier after the other, as fast as they get their receipts."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import asdict, dataclass

import httpx

from local.demo.measure import percentile
from local.samples.load import handed_in_by_code, read_samples
from local.stack import Stack

PROCEDURE = "2.000815"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Level:
    """What a number of clerks got done; times in seconds."""

    clerks: int
    per_second: float
    p50: float
    p95: float
    p99: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


class Clerks:
    """Registrations over HTTP at all sample counters."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._counters = read_samples().counter_codes

    async def register(self, clerks: int, seconds: float) -> Level:
        """Let `clerks` work beside each other for `seconds`.

        Raises: RuntimeError: a registration was refused; the figure would mean nothing.
        """
        headers = {"Authorization": f"Bearer {self._stack.identity.counters_key}"}
        limits = httpx.Limits(max_connections=clerks)
        times: list[float] = []
        started = time.monotonic()
        async with httpx.AsyncClient(
            base_url=self._stack.addresses.intake, headers=headers, timeout=60, limits=limits
        ) as http:
            await asyncio.gather(*(self._work(http, n, started + seconds, times) for n in range(clerks)))
        took = time.monotonic() - started
        shares = (percentile(times, share) for share in (0.5, 0.95, 0.99))
        return Level(clerks, len(times) / took, *shares)

    async def _work(self, http: httpx.AsyncClient, clerk: int, until: float, times: list[float]) -> None:
        while time.monotonic() < until:
            number = next(_numbers)
            body = {
                "counter": self._counters[clerk % len(self._counters)],
                "procedure_code": PROCEDURE,
                "checklist": handed_in_by_code(PROCEDURE),
                "applicant": {
                    "full_name": f"Người nộp {number}",
                    "id_number": f"096{300_000_000 + number}",  # without one nobody is known again, which is cheaper
                    "notify_by": "none",
                },
            }
            started = time.monotonic()
            answer = await http.post("/v1/dossiers", json=body, headers={"Idempotency-Key": f"bench-{number}"})
            times.append(time.monotonic() - started)
            if answer.status_code != 201:
                raise RuntimeError(f"registration refused: {answer.text[:300]}")
