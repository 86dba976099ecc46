"""Whether the road flows: what waits on it, and how long a fresh dossier takes from the counter to the phone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import httpx

from contracts.topics import CONSUMERS
from local.chaos.crowd import Crowd
from local.notices_told import within
from local.stack import Stack
from motcua.install import SERVICES
from services.kit.batch import FENCES
from services.kit.errors import Unavailable
from services.kit.failures import PARKED_KEYS
from services.kit.kafka import Partition, log_ends
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError
from services.kit.outbox import OUTBOX

LOOK_EVERY_S = 0.2
FINAL = ("delivered", "undeliverable", "failed", "expired", "cancelled")
AWAY = (PyMongoError, Unavailable, httpx.HTTPError)


@dataclass(frozen=True)
class Waiting:
    """What has not reached its end, anywhere."""

    outbox: int
    unread: int
    """Records between a consumer's fence and the end of the log."""
    parked: int
    notices: int
    open_cases: int
    """Only where agencies work; a dossier that nobody works on waits rightly."""

    def __bool__(self) -> bool:
        return bool(self.outbox or self.unread or self.parked or self.notices or self.open_cases)

    def __str__(self) -> str:
        return (
            f"hộp gửi {self.outbox}, chưa đọc {self.unread}, khóa bị giữ {self.parked}, "
            f"thông báo chưa xong {self.notices}, hồ sơ đang mở {self.open_cases}"
        )


class Road:
    """Looks into the databases, as an operator would, and at the phones."""

    def __init__(self, stack: Stack, phones: httpx.AsyncClient, *, worked: bool) -> None:
        self._databases = {service: stack.mongo(service) for service in SERVICES}
        self._phones, self._worked = phones, worked
        self._stack, self._seen = stack, 0
        self.now: Callable[[], datetime] = stack.clock.now

    async def close(self) -> None:
        for mongo in self._databases.values():
            await mongo.close()

    async def waiting(self) -> Waiting:
        """Raises: what is in AWAY."""
        outbox = await self.unsent()
        parked = sum([await self._count(mongo, PARKED_KEYS, {}) for mongo in self._databases.values()])
        notices = await self._count(self._databases["notify"], "notices", {"state": {"$nin": list(FINAL)}})
        ended = {"status": {"$nin": ["returned", "terminated", "withdrawn", "refused"]}}
        open_cases = await self._count(self._databases["intake"], "dossiers", ended) if self._worked else 0
        return Waiting(outbox, await self.unread(), parked, notices, open_cases)

    async def unsent(self, until: datetime | None = None) -> int:
        """Outbox documents that wait, of those written until then. Raises: what is in AWAY."""
        query: dict[str, Any] = {"pending": True}
        if until is not None:
            query["created_at"] = {"$lte": until}
        return sum([await self._count(mongo, OUTBOX, query) for mongo in self._databases.values()])

    async def unread(self) -> int:
        """Records that lie in the log and that some service has not applied. Raises: what is in AWAY."""
        number = 0
        for service, mongo in self._databases.items():
            epoch = self._stack.supervisor.running[f"{service}-worker"].plan.env["KAFKA_EPOCH"]
            fences = mongo.collection(FENCES).find({}, {"next": 1})
            read_to = dict([_read_to(fence, service, epoch) async for fence in fences])
            topics = [topic.name for topic in CONSUMERS[service]]
            ends = await log_ends(self._stack.endpoints.kafka_bootstrap, topics, read_to, seconds=0.0)
            number += sum(max(0, at.end - max(at.first, read_to.get(place, 0))) for place, at in ends.items())
        return number

    async def stored(self) -> int:
        """Dossiers that the counters have."""
        return await self._count(self._databases["intake"], "dossiers", {})

    async def cases(self) -> int:
        """Dossiers that the agencies have."""
        return await self._count(self._databases["routing"], "cases", {})

    async def stored_codes(self) -> set[str]:
        """Their codes."""
        cursor = self._databases["intake"].collection("dossiers").find({}, {"_id": 1})
        return {document["_id"] async for document in cursor}

    async def flows_again(self, crowd: Crowd, since: datetime, patience_s: float) -> float | None:
        """Let somebody new come. Returns: seconds until their phone has shown it, their dossier has reached the
        agencies, and nothing from before `since` waits to be sent; None: not within the time given."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(patience_s):
                await within(patience_s, partial(_quietly, self._read_messages), LOOK_EVERY_S)
                citizen, code = await crowd.one()
                for arrived in (
                    lambda: self._has_case(code),
                    lambda: self._told("84" + citizen.phone[1:]),
                    lambda: self._sent_all(since),
                ):
                    await within(patience_s, partial(_quietly, arrived), LOOK_EVERY_S)
        except TimeoutError:
            return None
        return time.monotonic() - started

    async def _has_case(self, code: str) -> bool:
        return await self._count(self._databases["routing"], "cases", {"_id": code}) > 0

    async def _sent_all(self, since: datetime) -> bool:
        return await self.unsent(since) == 0

    async def _told(self, phone: str) -> bool:
        """Whether a message lies on the phone. Those read already are not looked at again."""
        params: dict[str, Any] = {"after": self._seen, "phone": phone, "limit": 5000}
        page = (await self._phones.get("/control/messages", params=params)).json()
        if page["more"] and not page["messages"]:
            self._seen = page["next"]
        return any(message["delivered_at"] for message in page["messages"])

    async def _read_messages(self) -> bool:
        """Go past what the phones have had so far."""
        while True:
            params = {"after": self._seen, "limit": 5000}
            page = (await self._phones.get("/control/messages", params=params)).json()
            if not page["more"]:
                return True
            self._seen = page["next"]

    async def _count(self, mongo: Mongo, collection: str, query: dict[str, Any]) -> int:
        number: int = await mongo.collection(collection).count_documents(query)
        return number


def _read_to(fence: Mapping[str, Any], group: str, epoch: str) -> tuple[Partition, int]:
    """Partition and next offset of a fence `<group>/<topic>@<epoch>/<partition>`; 0 of another life of the log."""
    name, _, number = fence["_id"].removeprefix(f"{group}/").rpartition("/")
    topic, _, life = name.rpartition("@")
    return (topic, int(number)), fence["next"] if life == epoch else 0


async def _quietly(holds: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await holds()
    except AWAY:
        return False
