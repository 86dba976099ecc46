"""The audit of what operators do: who, what, to what, why, and what came of it. No entry is ever deleted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from contracts.problems import Invalid
from services.kit import logs
from services.kit.auth import API_KEYS, Caller
from services.kit.ids import new_id
from services.kit.mongo import Mongo, Session

OPERATIONS = "operations"
INDEXES: Mapping[str, tuple[IndexModel, ...]] = {
    OPERATIONS: (
        IndexModel([("subject", ASCENDING), ("_id", DESCENDING)], name="subject"),
        IndexModel([("state", ASCENDING), ("_id", DESCENDING)], name="state"),
    )
}
LEAST_REASON, MOST_REASON = 5, 500
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")


class Command(StrEnum):
    """What was done; the first part says to what."""

    PARKED_READ = "parked.read"
    """The content of a waiting record was looked at."""
    PARKED_RETRY = "parked.retry"
    PARKED_SKIP = "parked.skip"
    LETTER_READ = "letters.read"
    """The content of a dead letter was looked at."""
    LETTER_REPLAY = "letters.replay"
    LETTER_EDIT = "letters.edit"
    LETTER_CLOSE = "letters.close"
    LETTER_REOPEN = "letters.reopen"
    CONSUMER_PAUSE = "consumer.pause"
    CONSUMER_RESUME = "consumer.resume"
    REBUILD = "models.rebuild"
    """A read model was built anew."""
    REPUBLISH = "journal.republish"
    """Events that were sent are sent again."""


class OperationState(StrEnum):
    """How far it is."""

    REQUESTED = "requested"
    """Stored; the worker has not come to it yet."""
    WAITING = "waiting"
    """The worker has; the record waits with its key, for what `result` says."""
    DONE = "done"
    REFUSED = "refused"
    """The rules, or a bug, said no to the record; `result` says why."""


OPEN = (OperationState.REQUESTED, OperationState.WAITING)


@dataclass(frozen=True)
class Acting:
    """Who does something by hand, and why."""

    by: str
    """`key:<id>`, `person.<hash>` or an account, never a person's name."""
    reason: str
    label: str = ""
    """Whom the key was issued to, at that time."""


def account_acting(account: str, reason: str) -> Acting:
    """Somebody at a terminal. Raises: Invalid `account-malformed`, `reason-missing`, `reason-personal`."""
    if not _ACCOUNT.fullmatch(account):
        raise Invalid("account-malformed", "Người làm (--by) phải là tài khoản (chữ không dấu, số, dấu chấm, gạch, @).")
    return Acting(account, _checked(reason))


async def caller_acting(mongo: Mongo, caller: Caller, reason: str) -> Acting:
    """Who calls the API. Raises: Invalid `reason-missing`, `reason-personal`."""
    reason = _checked(reason)
    key = await mongo.collection(API_KEYS).find_one({"_id": caller.key_id}, {"label": 1})
    return Acting(caller.account, reason, key["label"] if key else "")


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        words = f"Phải nêu lý do, từ {LEAST_REASON} đến {MOST_REASON} ký tự."
        raise Invalid("reason-missing", words)
    if logs.looks_personal(reason):
        raise Invalid("reason-personal", "Lý do không được có số điện thoại hay số giấy tờ tùy thân.")
    return reason


def entry(command: Command, subject: str, acting: Acting, at: datetime, **details: Any) -> dict[str, Any]:
    """A new entry, done as soon as it is stored unless `details` of the command say otherwise."""
    return {
        "_id": new_id(),
        "command": command.value,
        "subject": subject,
        "by": acting.by,
        "label": acting.label,
        "reason": acting.reason,
        "at": at,
        "details": details,
        "state": OperationState.DONE.value,
        "result": {},
        "ended_at": at,
    }


def requested(document: Mapping[str, Any], **result: Any) -> dict[str, Any]:
    """The same entry as one that the worker has to come to.

    Args:
        result: what is known of it by now: then it waits.
    """
    state = OperationState.WAITING if result else OperationState.REQUESTED
    return {**document, "state": state.value, "result": result, "ended_at": None}


async def note(
    mongo: Mongo,
    session: Session | None,
    query: Mapping[str, Any],
    state: OperationState,
    at: datetime,
    **result: Any,
) -> None:
    """Write down what came of operations that are still open."""
    ended = None if state in OPEN else at
    change = {"state": state.value, "result": result, "ended_at": ended}
    still_open = {"state": {"$in": [one.value for one in OPEN]}}
    await mongo.collection(OPERATIONS).update_many({**query, **still_open}, {"$set": change}, session=session)
