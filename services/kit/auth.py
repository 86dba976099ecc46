"""Scoped API keys. The secret is shown once; only its SHA-256 is stored (192 random bits need no slow hash).

Scopes: `counter:<code>`, `agency:<code>`, `operator`, `service`; `backfill` beside a counter's own: it may state the
past (registers migrated from paper), which starts no timer and tells nobody; `supervisor` beside a unit's own: a
second request for papers, with its recorded legal basis (NĐ 61/2018 Art 11); `head` beside an agency's own: signs
apologies with a new date and decisions to stop (NĐ 61/2018 Art 19.9, form 04).
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.problems import Denied, Invalid
from contracts.types import UNIT_CODE_PATTERN
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.mongo.driver import is_duplicate_key
from services.kit.tokens import token_hash

API_KEYS = "api_keys"
PERSON = "person."
"""Begins the id of somebody who signed in; no key's id does."""
CACHE_S = 15.0
"""A revoked key works at most this much longer."""
_SCOPE = re.compile(rf"operator|service|backfill|supervisor|head|(counter|agency):{UNIT_CODE_PATTERN[1:-1]}")
_KEY = re.compile(r"mc_[0-9a-f]{12}_[A-Za-z0-9_-]{32}")


class Unauthenticated(Denied):
    """No key, or none that is known; HTTP 401."""


@dataclass(frozen=True)
class Caller:
    """Who calls, as far as rights go."""

    key_id: str
    """Of the key; of somebody who signed in their `person.<hash>`."""
    scopes: frozenset[str]
    expires_at: datetime | None = None
    """Officers are seconded for a time (NĐ 118/2025 Art 12): from then on the key opens nothing."""

    @property
    def account(self) -> str:
        """Who acts, as the audit keeps it: `key:<id>` or `person.<hash>`."""
        return self.key_id if self.key_id.startswith(PERSON) else f"key:{self.key_id}"

    def may(self, *wanted: str) -> bool:
        return bool(self.scopes & set(wanted))

    def require(self, *wanted: str) -> None:
        """Raises: Denied `scope-missing`."""
        if not self.may(*wanted):
            raise Denied("scope-missing", "Khóa truy cập này không có quyền làm việc đó.", needs=sorted(wanted))

    def units(self, kind: str) -> frozenset[str]:
        """Codes of the counters or agencies this caller acts for."""
        prefix = f"{kind}:"
        return frozenset(scope.removeprefix(prefix) for scope in self.scopes if scope.startswith(prefix))


@dataclass
class ApiKeys:
    """The keys of one service."""

    mongo: Mongo
    now: Now
    _cache: dict[str, tuple[float, Caller | None]] = field(default_factory=dict)

    async def issue(
        self, scopes: list[str], *, label: str, key: str | None = None, expires_at: datetime | None = None
    ) -> str:
        """Store a new key and return it, the only time it is seen.

        Args:
            key: a given key (a secret made elsewhere); issuing the same one again only renews its scopes.

        Raises: Invalid `scope-unknown`, `key-malformed`.
        """
        for scope in scopes:
            if not _SCOPE.fullmatch(scope):
                raise Invalid("scope-unknown", f"Phạm vi quyền không hợp lệ: {scope}.")
        key = key or make_key()
        if not _KEY.fullmatch(key):
            raise Invalid("key-malformed", "Khóa truy cập không đúng dạng.")
        document: dict[str, Any] = {
            "hash": token_hash(key), "scopes": scopes, "label": label, "created_at": self.now(),
            "expires_at": expires_at, "revoked_at": None,
        }  # fmt: skip
        keys = self.mongo.collection(API_KEYS)
        try:
            await keys.insert_one({"_id": _id(key), **document})
        except Exception as error:
            if not is_duplicate_key(error):
                raise
            await keys.update_one({"_id": _id(key)}, {"$set": document})
        return key

    async def revoke(self, key_id: str) -> bool:
        result = await self.mongo.collection(API_KEYS).update_one({"_id": key_id}, {"$set": {"revoked_at": self.now()}})
        return bool(result.matched_count)

    async def caller(self, authorization: str | None) -> Caller:
        """Who shows this `Authorization: Bearer` header.

        Raises: Unauthenticated `key-missing`, `key-unknown`.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Unauthenticated("key-missing", "Cần khóa truy cập (Authorization: Bearer …).")
        if not _KEY.fullmatch(key):
            raise Unauthenticated("key-unknown", "Khóa truy cập không đúng hoặc đã bị thu hồi.")
        digest = token_hash(key)
        cached = self._cache.get(digest)
        if cached is None or cached[0] < time.monotonic():
            cached = (time.monotonic() + CACHE_S, await self._look_up(_id(key), digest))
            if len(self._cache) > 10_000:
                self._cache.clear()
            self._cache[digest] = cached
        if cached[1] is None or (cached[1].expires_at is not None and cached[1].expires_at <= self.now()):
            raise Unauthenticated("key-unknown", "Khóa truy cập không đúng hoặc đã bị thu hồi.")
        return cached[1]

    async def _look_up(self, key_id: str, digest: str) -> Caller | None:
        document = await self.mongo.collection(API_KEYS).find_one({"_id": key_id})
        if document is None or not hmac.compare_digest(document["hash"], digest) or document["revoked_at"]:
            return None
        return Caller(key_id, frozenset(document["scopes"]), document["expires_at"])


def make_key() -> str:
    """A new random key, `mc_<id>_<secret>`; only its hash is ever stored."""
    return f"mc_{secrets.token_hex(6)}_{secrets.token_urlsafe(24)}"


def _id(key: str) -> str:
    return key.split("_")[1]
