"""What the gateways call back with: checked and reduced to what is kept, without the phone number.

Zalo: `X-ZEvent-Signature: mac=` + plain SHA-256 over app id, raw body, timestamp and OA secret key; whether the
timestamp is the body's or the header's is told differently, so both are taken (Zalo Official Account: webhook
signature). eSMS: an unsigned GET, so a secret in the path (eSMS: callback of delivery results).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from contracts.problems import Invalid, Missing
from services.kit.auth import Unauthenticated
from services.notify.receipts import NEW

DELIVERED = "user_received_message"
QUOTA_CHANGED = "change_oa_daily_quota"
LONGEST_ID = 100


def check_zalo_signature(
    raw: bytes, signature: str | None, header_timestamp: str | None, app_id: str, oa_secret_key: str
) -> Mapping[str, Any]:
    """The event in a body that Zalo signed.

    Raises: Unauthenticated `signature-invalid`; Invalid `event-malformed`.
    """
    given = (signature or "").strip().removeprefix("mac=").lower()
    event = _object(raw)
    stamps = {str(event.get("timestamp", "")) if event else "", header_timestamp or ""} - {""}
    right = [
        hmac.compare_digest(
            hashlib.sha256(app_id.encode() + raw + stamp.encode() + oa_secret_key.encode()).hexdigest().encode(),
            given.encode(),
        )
        for stamp in sorted(stamps)
    ]
    if not oa_secret_key or not any(right):
        raise Unauthenticated("signature-invalid", "Chữ ký của sự kiện không đúng.")
    if event is None:
        raise Invalid("event-malformed", "Sự kiện không đúng dạng.")
    return event


def zalo_document(event: Mapping[str, Any], raw: bytes, now: datetime) -> dict[str, Any]:
    """The row to keep. Only delivery receipts wait for the worker; other events are kept for people to look at.

    Raises: Invalid `event-malformed`.
    """
    name = str(event.get("event_name", ""))[:LONGEST_ID]
    if name != DELIVERED:
        # Feedback can hold what a citizen wrote: of events nobody uses yet only the name is kept.
        digest = hashlib.sha256(raw).hexdigest()[:32]
        return {"_id": f"zalo|{name}|{digest}", "provider": "zalo", "event": name, "received_at": now}
    message = event.get("message")
    message_id = str(message.get("msg_id") or "") if isinstance(message, dict) else ""
    if not isinstance(message, dict) or not 0 < len(message_id) <= LONGEST_ID:
        raise Invalid("event-malformed", "Sự kiện không đúng dạng.")
    return {
        "_id": f"zalo|{name}|{message_id}",
        "provider": "zalo",
        "event": name,
        "ref": str(message.get("tracking_id") or "")[:LONGEST_ID],
        "provider_id": message_id,
        "delivered": True,
        "at": _moment(message.get("delivery_time"), now),
        "received_at": now,
        "lane": NEW,
    }


def daily_quota(event: Mapping[str, Any]) -> int | None:
    """The new quota of a `change_oa_daily_quota`, a number in a string; None: it cannot be read."""
    quota = event.get("quota")
    try:
        return int(quota["new_value"]) if isinstance(quota, dict) else None
    except (KeyError, TypeError, ValueError):
        return None


def check_secret(given: str, secret: str) -> None:
    """Of an address that is not signed.

    Raises: Missing `not-found`: a wrong address looks like no address.
    """
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise Missing("not-found", "Không có địa chỉ này.")


def esms_document(query: Mapping[str, str], now: datetime) -> dict[str, Any] | None:
    """The row to keep of a callback; None while it only says that the text is on its way.

    Raises: Invalid `event-malformed`.
    """
    sms_id = query.get("SMSID", "")
    if not 0 < len(sms_id) <= LONGEST_ID:
        raise Invalid("event-malformed", "Thiếu SMSID.")
    delivered, failed = _count(query.get("SendSuccess")) > 0, _count(query.get("SendFailed")) > 0
    if not delivered and not failed:
        return None
    return {
        "_id": f"esms|{'delivered' if delivered else 'failed'}|{sms_id}",
        "provider": "esms",
        "event": "callback",
        "ref": (query.get("ref") or query.get("RequestId") or "")[:LONGEST_ID],
        "provider_id": sms_id,
        "delivered": delivered,
        "at": now,  # the callback names no time
        "received_at": now,
        "lane": NEW,
    }


def _object(raw: bytes) -> Mapping[str, Any] | None:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


def _moment(milliseconds: object, now: datetime) -> datetime:
    """Zalo's epoch milliseconds, a string; a wild value must not cost the receipt."""
    try:
        moment = datetime.fromtimestamp(int(str(milliseconds)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(moment, now)


def _count(value: str | None) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0
