"""Complaints and suggestions: what the writer sees, what the desk sees."""

from __future__ import annotations

import hmac
from dataclasses import asdict
from datetime import datetime
from typing import Any

from contracts.problems import Missing
from services.intake.domain.feedback import Feedback
from services.intake.queries.track import vietnam_time
from services.intake.store import FEEDBACK
from services.kit.mongo import Mongo
from services.kit.tokens import token_hash

STATE_WORDS = {"received": "Đã tiếp nhận, chờ trả lời", "answered": "Đã trả lời"}


async def own_feedback(mongo: Mongo, reference: str, token: str) -> Feedback:
    """For who shows its token. Raises: Missing `feedback-unknown`: none, or another's; one answer for both."""
    feedback = await FEEDBACK.read(mongo, reference)
    known = feedback.token_hash if feedback is not None else token_hash("")
    if not hmac.compare_digest(known, token_hash(token)) or feedback is None:
        raise Missing("feedback-unknown", "Không tìm thấy phản ánh, kiến nghị này.")
    return feedback


async def desk_feedback(
    mongo: Mongo, counters: frozenset[str] | None, now: datetime, *, open_only: bool, after: str | None, limit: int
) -> dict[str, Any]:
    """Those that wait for an answer, or those that have one, by reference. `counters`: None: all."""
    wanted: dict[str, Any] = {"open": open_only}
    if counters is not None:
        wanted["counter"] = {"$in": sorted(counters)}
    if after is not None:
        wanted["_id"] = {"$gt": after}
    cursor = mongo.collection(FEEDBACK.collection).find(wanted).sort("_id", 1).limit(limit + 1)
    found = [FEEDBACK.to_state(document) async for document in cursor]
    return {
        "feedback": [desk_view(feedback, now) for feedback in found[:limit]],
        "next_after": found[limit - 1].reference if len(found) > limit else None,
    }


def public_view(feedback: Feedback, now: datetime) -> dict[str, Any]:
    """State and answer; neither the text nor who wrote it, in case the token went to others."""
    return {
        "reference": feedback.reference,
        "kind": feedback.kind.value,
        "state": feedback.state,
        "state_text": STATE_WORDS[feedback.state],
        "received_at": feedback.received_at,
        "due_at": feedback.due_at,
        "due_text": vietnam_time(feedback.due_at),
        "overdue": feedback.overdue(now),
        "answer": feedback.answer,
        "answered_at": feedback.answered_at,
    }


def desk_view(feedback: Feedback, now: datetime) -> dict[str, Any]:
    """All of it, for who answers; holds personal data."""
    return public_view(feedback, now) | {
        "text": feedback.text,
        "writer": asdict(feedback.writer),
        "dossier_code": feedback.dossier_code,
        "counter": feedback.counter,
    }
