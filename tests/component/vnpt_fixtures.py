"""VNPT's adapter at the simulated network, for the tests of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest_asyncio
from pydantic import SecretStr

from contracts.types import NoticeChannel, NoticeKind
from local.simulators.rig import VNPT_RESOLVED, Gateways
from services.notify.channels import Letter, Question, Wording
from services.notify.channels.transport import Transport
from services.notify.channels.vnpt import Vnpt, VnptAccount
from services.notify.contact import Contact
from tests.component.simulator_fixtures import gateways as gateways
from tests.component.simulator_fixtures import running as running
from tests.eventually import eventually

PHONE, VIETTEL = "84912345671", "84971234561"


def now() -> datetime:
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@asynccontextmanager
async def open_adapter(gateways: Gateways, timeout_s: float = 2.0, **account: Any) -> AsyncIterator[Vnpt]:
    settings = gateways.settings
    values: dict[str, Any] = {
        "base_url": f"{str(gateways.http.base_url).rstrip('/')}/vnpt",
        "agent_id": settings.vnpt_agent_id,
        "api_user": settings.vnpt_api_user,
        "api_pass": SecretStr(settings.vnpt_api_pass),
        "username": settings.vnpt_username,
        "label_id": settings.vnpt_label_id,
        "contract_id": settings.vnpt_contract_id,
        "send_time_format": "%d/%m/%Y",
    }
    one = Vnpt(Transport(httpx.AsyncClient(trust_env=False), timeout_s), VnptAccount(**(values | account)))
    try:
        yield one
    finally:
        await one.close()


@pytest_asyncio.fixture
async def adapter(gateways: Gateways) -> AsyncIterator[Vnpt]:
    async with open_adapter(gateways) as one:
        yield one


def letter(
    phone: str = PHONE,
    attempt: str = "n-1-1",
    params: tuple[str, ...] = VNPT_RESOLVED,
    template: str = "700104",
) -> Letter:
    wording = Wording(template_version=1, vnpt_template_id=template, vnpt_params=params)
    return Letter(attempt, NoticeKind.RESOLVED, Contact(phone, NoticeChannel.SMS), wording)


def question(attempt: str = "n-1-1") -> Question:
    return Question(attempt, "", now())


async def arrived(gateways: Gateways, count: int) -> None:
    async def all_arrived() -> bool:
        return sum(message["outcome"] in ("delivered", "failed") for message in await gateways.messages()) == count

    await eventually(all_arrived)
