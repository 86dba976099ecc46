"""Signatures of deliveries, by the Standard Webhooks scheme: HMAC-SHA256 over `id.timestamp.body`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32


def secret_of(random: bytes) -> str:
    """Random bytes as partners' libraries take a secret."""
    return PREFIX + base64.b64encode(random).decode()


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """One signature, with its version."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, b"%s.%d.%s" % (id.encode(), timestamp, body), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(secrets: Sequence[str], id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """
    Args:
        secrets: the present one, and the one before it while that is still good: the receiver takes either.
    """
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, id, timestamp, body) for secret in secrets),
    }
