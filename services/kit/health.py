"""Liveness (restart me) and readiness (send me work), with the reason for each no."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.kit import metrics
from services.kit.mongo import Mongo

Check = Callable[[], Awaitable[None]]
"""Raises when the thing is not well; the message says why."""


@dataclass(frozen=True)
class TransactionsHold:
    """A check: not every transaction of this process has failed for a while."""

    mongo: Mongo
    longest_s: float

    async def __call__(self) -> None:
        """Raises: RuntimeError."""
        failing = self.mongo.transactions
        lasts = failing.lasts_s(self.longest_s)
        if lasts > self.longest_s:
            raise RuntimeError(f"every transaction has failed for {lasts:.0f} s, last with {failing.reason}")


@dataclass
class Health:
    """The health of one process."""

    process: str
    ready: dict[str, Check] = field(default_factory=dict)
    live: dict[str, Check] = field(default_factory=dict)
    notes: Callable[[], str] = lambda: ""
    """What is no illness and good to know."""
    timeout_s: float = 3.0
    _beat: float = field(default_factory=time.monotonic)
    longest_block_s: float = 15.0

    async def heartbeat(self) -> None:
        """Runs as a background task: its age tells whether the event loop moves."""
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(1.0)

    async def report(self, checks: dict[str, Check]) -> dict[str, str]:
        """What is wrong, by check; empty when all is well."""
        results = await asyncio.gather(*(self._try(check) for check in checks.values()))
        return {name: why for name, why in zip(checks, results, strict=True) if why}

    async def _readiness(self) -> dict[str, str]:
        wrong = await self.report(self.ready)
        for name in self.ready:
            metrics.gauge("not_ready", float(name in wrong), check=name)
        return wrong

    async def _try(self, check: Check) -> str:
        try:
            await asyncio.wait_for(check(), self.timeout_s)
        except TimeoutError:
            return f"no answer in {self.timeout_s:g} s"
        except Exception as error:  # noqa: BLE001 - any failure of a check is its answer
            return f"{type(error).__name__}: {error}"[:200]
        return ""

    def router(self) -> APIRouter:
        """`/livez`, `/readyz` and `/metrics`; they show no dossier and need no key."""
        router = APIRouter(include_in_schema=False)

        @router.get("/livez")
        async def livez() -> JSONResponse:
            wrong = await self.report(self.live)
            age = time.monotonic() - self._beat
            if age > self.longest_block_s:
                wrong["loop"] = f"no heartbeat for {age:.0f} s"
            return self._answer(wrong)

        @router.get("/readyz")
        async def readyz() -> JSONResponse:
            wrong = await self._readiness()
            note = self.notes()
            return self._answer(wrong, **({"note": note} if note else {}))

        @router.get("/metrics")
        async def show_metrics() -> PlainTextResponse:
            await self._readiness()  # who scrapes need not ask for it as well
            return PlainTextResponse(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

        return router

    def _answer(self, wrong: dict[str, str], **more: str) -> JSONResponse:
        body = {"process": self.process, "ok": not wrong, "wrong": wrong, **more}
        return JSONResponse(body, status_code=503 if wrong else 200)
