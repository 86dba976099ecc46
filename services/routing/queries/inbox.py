"""An agency's inbox: what waits to be accepted, what is in work, what waits for the citizen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.kit.mongo import Mongo
from services.routing.domain.case import Case
from services.routing.store import CASES, inbox_place


async def inbox(mongo: Mongo, agency: str, state: str, *, limit: int) -> list[Case]:
    """Cases of an agency in one state (`offered`, `accepted`, `supplement`, `unplaced`), the soonest due first."""
    query = {"inbox": inbox_place(agency, state)}
    cursor = mongo.collection(CASES.collection).find(query).sort("due_at", 1).limit(limit)
    return [CASES.to_state(document) async for document in cursor]


def shown(case: Case, now: datetime, *, supervisor: bool) -> dict[str, Any]:
    """A case as agencies see it; routing holds nothing personal.

    Args:
        supervisor: whether who asks may ask for papers a second time.
    """
    return {
        "code": case.code,
        "procedure_code": case.procedure_code,
        "procedure_version": case.procedure_version,
        "mechanism": case.mechanism.value,
        "counter": case.counter,
        "state": case.state.value,
        "step": case.current,
        "steps": [
            {
                "step": number,
                "agency": step.agency,
                "state": step.state.value,
                "due_at": step.due_at,
                "offered_at": step.offered_at,
                "accepted_at": step.accepted_at,
                "done_at": step.done_at,
            }
            for number, step in enumerate(case.steps, start=1)
        ],
        "received_at": case.received_at,
        "due_at": case.due_at,
        "first_due_at": case.first_due_at,
        "late_notice": case.late_notice,
        "overdue": case.resolved_at is None and now > case.due_at,
        "outcome": case.outcome,
        "timeliness": case.timeliness,
        "allowed": sorted(action.value for action in case.allowed(supervisor=supervisor)),
    }
