"""Removing what nobody wants any more: expired drafts, and files that belong to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.store import ATTACHMENTS, DOWNLOADS, DRAFTS
from services.kit import logs
from services.kit.clock import Now
from services.kit.files import Files, Reference
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo

EVERY_S = 3600.0
log = logs.get("intake.files")


async def sweep_unreferenced(mongo: Mongo, files: Files, now: datetime) -> int:
    """Remove expired drafts, then files that no dossier and no draft refers to; returns how many files."""

    async def references(ids: Sequence[str]) -> Mapping[str, Reference]:
        # Drafts first: a file moves from a draft to a dossier and never back, so this order cannot miss it.
        drafts = mongo.collection(DRAFTS.collection).find(
            {"attachments.files.id": {"$in": list(ids)}}, {"attachments.files.id": 1}
        )
        found: dict[str, Reference] = {id: "passing" async for draft in drafts for id in _ids(draft["attachments"])}
        dossiers = mongo.collection(ATTACHMENTS.collection).find({"files.id": {"$in": list(ids)}}, {"files.id": 1})
        return found | {id: "lasting" async for dossier in dossiers for id in _ids(dossier)}

    expired = await mongo.collection(DRAFTS.collection).delete_many({"expires_at": {"$lte": now}})
    await mongo.collection(DOWNLOADS.collection).delete_many({"expires_at": {"$lte": now}})
    if expired.deleted_count:
        log.info("drafts.expired", removed=expired.deleted_count)
    return await files.sweep(now, references)


def _ids(attachments: Mapping[str, Any]) -> Iterator[str]:
    for file in attachments["files"]:
        yield file["id"]


@dataclass(frozen=True)
class SweepLoop:
    """A loop of the worker: sweeps now and then, in the process that leads."""

    mongo: Mongo
    files: Files
    lease: Lease
    now: Now
    look_s: float = 5.0
    """How often one that does not lead looks whether it does."""

    async def run(self, stop: asyncio.Event) -> None:
        await LeasedLoop(self.lease, self._once, EVERY_S, look_s=self.look_s).run(stop)

    async def _once(self) -> int:
        return await sweep_unreferenced(self.mongo, self.files, self.now())
