"""Faults of records: delivered again in another order, and such that nobody can read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.topics import AGENCY_ACTIONS, CONSUMERS, COUNTER_INTAKE, DOSSIER_EVENTS, TOPICS
from local.chaos.scene import Fault, Scene
from local.chaos.software import Wire
from local.stack import Stack
from motcua.install import SERVICES
from services.kit.errors import Unavailable
from services.kit.failures import DEAD_LETTERS
from services.kit.ids import new_id
from services.kit.kafka import log_ends
from services.kit.outbox import OUTBOX

COPIED = 120
"""Outbox documents of each service."""
LOOK_EVERY_S = 3.0
POISON_TOPICS = (DOSSIER_EVENTS.name, COUNTER_INTAKE.name, AGENCY_ACTIONS.name)


def faults() -> list[Fault]:
    """All that can be done with records at a moment; poison comes all the time."""
    return [Fault("records-again", "Bản ghi cũ đến lại, lẫn thứ tự", _again)]


async def _again(scene: Scene) -> str:
    """Copies of what was sent lately, under the same ids, each dossier's own in any order."""
    copies: list[Mapping[str, Any]] = []
    for service in SERVICES:
        mongo = scene.stack.mongo(service)
        cursor = mongo.collection(OUTBOX).find({"sent_at": {"$exists": True}}).sort("_id", -1).limit(COPIED)
        copies += [event async for document in cursor for event in document["events"]]
        await mongo.close()
    scene.chance.shuffle(copies)
    await scene.wire.put(copies)
    return f"{len(copies)} bản ghi"


def poison(kind: int, key: bytes) -> dict[str, Any]:
    """A record that no consumer can apply, each time in another way."""
    topic = POISON_TOPICS[kind % len(POISON_TOPICS)]
    headers: list[tuple[str, bytes | None]] = [
        ("ce_specversion", b"1.0"),
        ("ce_id", new_id().encode()),
        ("ce_source", b"/chaos"),
        ("ce_type", b"vn.motcua.chaos.poison.v1"),
        ("ce_time", b"2026-01-01T00:00:00Z"),
    ]
    shapes: tuple[tuple[list[tuple[str, bytes | None]], bytes | None], ...] = (
        ([], b"\xff\xfe no record of ours"),
        ([("ce_type", None), ("ce_id", b"\xff\xff")], b"{}"),
        ([*headers[:3], ("ce_type", b"vn.motcua.dossier.submitted.v1"), headers[4]], b'{"code": 7'),
        (headers, b"x" * 10_000),
    )
    chosen, body = shapes[kind % len(shapes)]
    return {"topic": topic, "key": key, "headers": chosen, "body": body}


async def unburied(stack: Stack, poison: Mapping[bytes, str]) -> list[str]:
    """Which of these records, topic by key, are no dead letter of a service that reads their topic.

    Returns: `<service>/<key>`.
    """
    missing: list[str] = []
    for service in SERVICES:
        read = {topic.name for topic in CONSUMERS[service]}
        mongo = stack.mongo(service)
        buried = set(await mongo.collection(DEAD_LETTERS).distinct("key"))
        await mongo.close()
        wanted = {key for key, topic in poison.items() if topic in read}
        missing += [f"{service}/{key.decode()}" for key in sorted(wanted - buried)]
    return missing


@dataclass
class Poison:
    """One in so many records is one that nobody can read."""

    stack: Stack
    wire: Wire
    every: int = 1000
    sent: dict[bytes, str] = field(default_factory=dict)
    """Topic by key; what was sent without an answer is sent again under its key."""

    async def flow(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                ends = await log_ends(self.stack.endpoints.kafka_bootstrap, [t.name for t in TOPICS], {}, seconds=0.0)
            except Unavailable:
                continue
            wanted = sum(at.end - at.first for at in ends.values()) // self.every + 1
            while len(self.sent) < wanted:
                record = poison(len(self.sent), f"chaos-{len(self.sent)}".encode())
                if not await self.wire.put([record]):
                    break
                self.sent[record["key"]] = record["topic"]
