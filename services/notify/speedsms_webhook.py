"""What SpeedSMS calls back with: an unsigned POST, so a secret in the path (SpeedSMS: webhook).

Reports end a wait, or say nothing yet. What a citizen answers (`incoming`) is named and not kept: it has a phone number
and words in it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from contracts.problems import Invalid
from services.notify.channels.speedsms import fate_of, whole
from services.notify.domain.results import Fate
from services.notify.receipts import NEW

MOST_DIGITS = 30


class SpeedsmsEvent(StrEnum):
    """What a call is about."""

    REPORT = "report"
    INCOMING = "incoming"


def speedsms_event(body: bytes) -> tuple[SpeedsmsEvent, dict[str, Any]]:
    """What a call is about, and what it says.

    Raises: Invalid `event-malformed`.
    """
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _malformed() from None
    if not isinstance(event, dict):
        raise _malformed()
    try:
        return SpeedsmsEvent(str(event.get("type")).casefold()), event
    except ValueError:
        raise _malformed() from None


def speedsms_document(body: bytes, now: datetime) -> dict[str, Any] | None:
    """The row to keep of a call; None while nothing is final, and for what a citizen answers.

    Raises: Invalid `event-malformed`.
    """
    kind, event = speedsms_event(body)
    if kind is SpeedsmsEvent.INCOMING:
        return None
    message_id, status = str(event.get("tranId", "")), whole(event.get("status"))
    if not (message_id.isascii() and message_id.isdecimal() and len(message_id) <= MOST_DIGITS) or status is None:
        raise _malformed()
    fate = fate_of(status)
    if status < 0 or fate is Fate.ON_ITS_WAY:
        return None
    delivered = fate is Fate.DELIVERED
    return {
        "_id": f"speedsms|{'delivered' if delivered else 'failed'}|{message_id}",
        "provider": "speedsms",
        "event": "report",
        "ref": "",  # it knows no id of ours
        "provider_id": message_id,
        "delivered": delivered,
        "at": now,  # the report names no time
        "received_at": now,
        "lane": NEW,
    }


def _malformed() -> Invalid:
    return Invalid("event-malformed", "Sự kiện không đúng dạng.")
