"""A batch of decisions in one transaction; one that breaks must not hold up its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.kit import logs
from services.kit.commit import Committer
from services.kit.errors import FailStop, Stale, Unavailable
from services.kit.work import Item

log = logs.get("notify.batches")


async def run_isolated(committer: Committer, items: Sequence[Item]) -> list[Any]:
    """Results in order; a decision that cannot be made has its exception as result.

    Raises: Stale, Unavailable, FailStop: nothing (more) was stored, do it again later.
    """
    if not items:
        return []
    try:
        return await committer.run_all(items)
    except (Stale, Unavailable, FailStop):
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a background loop
        if len(items) == 1:
            log.error("batch.decision_failed", decision=type(items[0].decision).__name__, error=type(error).__name__)
            return [error]
    return [result for item in items for result in await run_isolated(committer, [item])]
