"""Random tokens and keys that people or machines show to be let in."""

from __future__ import annotations

import hashlib


def token_hash(token: str) -> str:
    """What is stored of a token: it is long and random (96 bits or more) and needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
