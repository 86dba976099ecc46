"""A desk's lists: today's dossiers, results waiting for pick-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.intake.domain.dossier import Dossier
from services.intake.domain.status import Status
from services.intake.store import DOSSIERS
from services.kit.mongo import Mongo


@dataclass(frozen=True)
class Page:
    """Some dossiers, oldest first, and where to read on."""

    dossiers: tuple[Dossier, ...]
    next_after: str | None


async def desk_list(mongo: Mongo, counter: str, status: Status, *, after: str | None, limit: int) -> Page:
    """Dossiers of a counter in one status, in the order of their codes.

    Paging by code is stable while dossiers come and go. Both parts of the filter are equalities on the index `desk`.
    """
    query: dict[str, Any] = {"counter": counter, "status": status.value}
    if after is not None:
        query["_id"] = {"$gt": after}
    cursor = mongo.collection(DOSSIERS.collection).find(query).sort("_id", 1).limit(limit + 1)
    found = [DOSSIERS.to_state(document) async for document in cursor]
    more = len(found) > limit
    return Page(tuple(found[:limit]), found[limit - 1].code if more else None)
