"""The name under which a phone is kept: without the key nobody can find out which phone it is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

KEY_BYTES = 32
_LABEL = b"motcua notify phone v1"


def phone_key(key: bytes, phone: str) -> str:
    """HMAC-SHA256 under a key derived for this purpose alone.

    Args:
        key: `NOTIFY_PHONE_KEY` as `read_phone_key` reads it.
        phone: `84…`, as `contact.mobile` writes it: another spelling would be another phone.
    """
    secret = hmac.digest(key, _LABEL, hashlib.sha256)
    return hmac.new(secret, phone.encode(), hashlib.sha256).hexdigest()


def read_phone_key(text: str) -> bytes | None:
    """The bytes of `NOTIFY_PHONE_KEY`; None where it is empty.

    Raises: ValueError: not 32 bytes in URL-safe base64.
    """
    if not text.strip():
        return None
    try:
        raw = base64.urlsafe_b64decode(text.strip())
    except (ValueError, binascii.Error) as error:
        raise ValueError("NOTIFY_PHONE_KEY is not URL-safe base64") from error
    if len(raw) != KEY_BYTES:
        raise ValueError(f"NOTIFY_PHONE_KEY has {len(raw)} bytes, not {KEY_BYTES}")
    return raw
