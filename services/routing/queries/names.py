"""What people call agencies and procedures: codes are for machines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from services.kit.mongo import Mongo
from services.routing.domain.directory import Directory
from services.routing.store import DIRECTORY, THE_DIRECTORY, WORKFLOWS


async def directory_of(mongo: Mongo) -> Directory:
    """The one in force; empty where none was published."""
    return await DIRECTORY.read(mongo, THE_DIRECTORY) or Directory()


async def agency_names(mongo: Mongo) -> Mapping[str, str]:
    """By code."""
    return {code: agency.name for code, agency in (await directory_of(mongo)).by_code().items()}


async def procedure_names(mongo: Mongo, codes: Iterable[str]) -> Mapping[str, str]:
    """By code, as the newest version is called; a procedure that is not known is not in the answer."""
    wanted = sorted(set(codes))
    found = await asyncio.gather(*(_newest(mongo, code) for code in wanted))
    return {code: name for code, name in zip(wanted, found, strict=True) if name}


async def _newest(mongo: Mongo, code: str) -> str:
    # By the index that every collection has: ids are `code@version`, and "A" follows "@".
    query = {"_id": {"$gte": f"{code}@", "$lt": f"{code}A"}}
    rows = [row async for row in mongo.collection(WORKFLOWS.collection).find(query, {"version": 1, "name": 1})]
    return str(max(rows, key=lambda row: row["version"]).get("name") or "") if rows else ""
