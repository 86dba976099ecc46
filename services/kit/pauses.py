"""A consumer held by hand: no further records are taken until somebody lets it go on. Kept in MongoDB, so that it
outlives restarts and reaches every worker of the group."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import IndexModel

from services.kit.mongo import Mongo, Session, transact
from services.kit.operations.operation import OPERATIONS, Acting, Command, entry

PAUSES = "consumer_pauses"
INDEXES: Mapping[str, tuple[IndexModel, ...]] = {PAUSES: ()}
Pause = Mapping[str, Any]
"""`_id` (the group), `by`, `label`, `reason`, `since`."""


async def pause(mongo: Mongo, group: str, acting: Acting, now: datetime) -> bool:
    """Hold a consumer. Returns: False when it was held already; by whom and why stays as it was."""
    return await _change(mongo, group, Command.CONSUMER_PAUSE, acting, now)


async def resume(mongo: Mongo, group: str, acting: Acting, now: datetime) -> bool:
    """Let it go on. Returns: False when it was not held."""
    return await _change(mongo, group, Command.CONSUMER_RESUME, acting, now)


async def pause_of(mongo: Mongo, group: str) -> Pause | None:
    """Since when, by whom and why a consumer is held; None: it is not."""
    found: Pause | None = await mongo.collection(PAUSES).find_one({"_id": group})
    return found


async def _change(mongo: Mongo, group: str, command: Command, acting: Acting, now: datetime) -> bool:
    async def body(session: Session) -> bool:
        pauses = mongo.collection(PAUSES)
        held = await pauses.find_one({"_id": group}, session=session)
        holds = command is Command.CONSUMER_PAUSE
        if holds == (held is not None):
            return False
        details = {}
        if holds:
            what = {"_id": group, "by": acting.by, "label": acting.label, "reason": acting.reason, "since": now}
            await pauses.insert_one(what, session=session)
        else:
            details = {"since": held["since"], "held_by": held["by"]}
            await pauses.delete_one({"_id": group}, session=session)
        audit = entry(command, f"consumer:{group}", acting, now, **details)
        await mongo.collection(OPERATIONS).insert_one(audit, session=session)
        return True

    return await transact(mongo, body)
