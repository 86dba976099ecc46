"""Search in the published catalogue, with or without diacritics. Public: it is published by law."""

from __future__ import annotations

import re
from typing import Any

from contracts.types import PROCEDURE_CODE_PATTERN
from services.intake.domain.procedure import Procedure
from services.intake.store import PROCEDURES, fold
from services.kit import worktime
from services.kit.mongo import Mongo

_CODE = re.compile(PROCEDURE_CODE_PATTERN)


async def search(mongo: Mongo, text: str, limit: int) -> list[Procedure]:
    """Procedures that hold every word of `text` in name, field or code."""
    words = [text.strip().lower()] if _CODE.fullmatch(text.strip().upper()) else fold(text)
    if not words:
        return []
    # The rarest word is likely the longest; the index answers one equality, the rest filters its matches.
    first, *others = sorted(set(words), key=len, reverse=True)
    query: dict[str, Any] = {"words": first}
    if others:
        query["$and"] = [{"words": word} for word in others]
    found = [PROCEDURES.to_state(document) async for document in mongo.collection(PROCEDURES.collection).find(query)]
    return sorted(found, key=lambda procedure: (len(procedure.name), procedure.code))[:limit]


def published(procedure: Procedure) -> dict[str, Any]:
    """A procedure as it is shown."""
    limit = None
    if procedure.limit_value is not None and procedure.limit_unit is not None:
        limit = worktime.TimeLimit(procedure.limit_value, worktime.LimitUnit(procedure.limit_unit.value)).label_vi
    return {
        "code": procedure.code,
        "version": procedure.version,
        "name": procedure.name,
        "field": procedure.field,
        "level": procedure.level,
        "mechanism": procedure.mechanism.value,
        "agencies": list(procedure.agencies),
        "limit_text": limit,
        "fee_vnd": procedure.fee_vnd,
        "result": procedure.result,
    }
