"""An SMSC of the test's own, simulated, and gateways bound to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from contracts.types import NoticeChannel, NoticeKind
from local.simulators.app import create_app
from local.simulators.network import Network
from local.simulators.rig import QUICK
from local.simulators.server import serving
from local.simulators.settings import SimulatorSettings
from services.notify.channels.base import Letter, Wording
from services.notify.channels.smpp import Smpp
from services.notify.channels.smpp_link import LinkTimes
from services.notify.channels.smpp_session import SmppAccount
from services.notify.contact import Contact
from services.notify.domain.results import Result
from tests.eventually import eventually

PHONE = "84901234567"
"""Fictitious; the simulated SMSC treats it as an ordinary phone."""
TEXT = "[MOTCUA] Ho so H99.01-260302-0007 da co ket qua."
QUICK_TIMES = LinkTimes(connect=2.0, enquire=5.0, first_pause=0.02, longest_pause=0.2)


def magic(tail: int) -> str:
    return f"84599999{tail}"


def letter(text: str = TEXT, phone: str = PHONE, attempt_id: str = "n1-1", *, accented: bool = False) -> Letter:
    contact = Contact(phone, NoticeChannel.SMS)
    return Letter(attempt_id, NoticeKind.RETURNED, contact, Wording(1, text=text, accented=accented))


@dataclass
class Line:
    """A running SMSC, what was stored of its receipts, and the gateways opened to it."""

    network: Network
    http: httpx.AsyncClient
    rows: list[dict[str, Any]] = field(default_factory=list)
    gateways: list[Smpp] = field(default_factory=list)

    @property
    def settings(self) -> SimulatorSettings:
        return self.network.settings

    async def store(self, row: dict[str, Any]) -> None:
        self.rows.append(row)

    def account(self, **changes: Any) -> SmppAccount:
        values: dict[str, Any] = {
            "host": "127.0.0.1", "port": self.network.smsc.port, "system_id": self.settings.smsc_system_id,
            "password": SecretStr(self.settings.smsc_password), "sender": self.settings.smsc_sender,
        }  # fmt: skip
        return SmppAccount(**(values | changes))

    def gateway(self, **changes: Any) -> Smpp:
        values: dict[str, Any] = {
            "account": self.account(), "on_receipt": self.store, "now": lambda: datetime.now(UTC),
            "timeout_s": 3.0, "times": QUICK_TIMES,
        }  # fmt: skip
        gateway = Smpp(**(values | changes))
        self.gateways.append(gateway)
        return gateway

    async def messages(self, **query: str) -> list[dict[str, Any]]:
        """What the SMSC counted, in order."""
        found: list[dict[str, Any]] = (await self.http.get("/control/messages", params=query)).json()["messages"]
        return found

    async def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = (await self.http.get("/control/stats")).json()["smpp"]
        return stats

    async def faults(self, **faults: Any) -> None:
        (await self.http.put("/control/faults", json=faults)).raise_for_status()

    async def receipts(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many stored receipts."""

        def check() -> list[dict[str, Any]]:
            assert len(self.rows) >= count, self.rows
            return self.rows

        return await eventually(check)


@asynccontextmanager
async def open_line(**settings: Any) -> AsyncIterator[Line]:
    """Start an SMSC on a free port; everything opened to it is closed at the end."""
    values = QUICK | {"port": 0, "smsc_port": 0, "smsc_receipt_retry_seconds": 0.05} | settings
    app = create_app(SimulatorSettings(**values))
    async with serving(app) as base_url, httpx.AsyncClient(base_url=base_url, timeout=5.0, trust_env=False) as http:
        line = Line(app.state.network, http)
        try:
            yield line
        finally:
            for gateway in line.gateways:
                await gateway.close()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with open_line() as opened:
        yield opened


def delivered(row: dict[str, Any]) -> tuple[str, bool, str]:
    return row["provider_id"], row["delivered"], row["_id"]


async def bound(line: Line) -> bool:
    return bool((await line.stats())["bound"] == 1)


async def send_all(gateway: Smpp, letters: list[Letter]) -> list[Result]:
    turns = asyncio.Semaphore(20)

    async def send(one: Letter) -> Result:
        async with turns:
            return await gateway.send(one)

    return await asyncio.gather(*(send(one) for one in letters))
