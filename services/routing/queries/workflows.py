"""Workflows by procedure: the versions that are known, and one of them."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.problems import Missing
from services.kit.mongo import Mongo
from services.routing.domain.workflow import Workflow
from services.routing.store import WORKFLOWS, workflow_id


async def known_versions(mongo: Mongo, codes: Iterable[str]) -> dict[str, list[int]]:
    """By procedure code: its versions, the one in use last. A code without any is not in the answer."""
    found: dict[str, list[int]] = {}
    for code in codes:
        # By the index that every collection has: ids are `code@version`, and "A" follows "@".
        query = {"_id": {"$gte": f"{code}@", "$lt": f"{code}A"}}
        versions = [d["version"] async for d in mongo.collection(WORKFLOWS.collection).find(query, {"version": 1})]
        if versions:
            found[code] = sorted(versions)
    return found


async def workflow_in_version(mongo: Mongo, code: str, version: int | None = None) -> Workflow:
    """Args:
        version: None: the one in use.

    Raises: Missing `workflow-unknown`.
    """
    if version is None:
        version = (await known_versions(mongo, [code])).get(code, [0])[-1]
    workflow = await WORKFLOWS.read(mongo, workflow_id(code, version))
    if workflow is None:
        raise Missing("workflow-unknown", "Không có quy trình của thủ tục hay phiên bản này.")
    return workflow
