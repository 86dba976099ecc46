"""Nothing typed is lost: the fields of a form whose session had ended wait, sealed, until its person signed in again;
so do those of a form whose key had served another one, until a new form shows them.

The key is the token, which only the browser has; the database holds its hash and what nobody can read without it. On a
counter's shared machine the next person gets nothing of it: it opens for whom it was typed by.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from pymongo import ASCENDING, IndexModel

from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.tokens import token_hash
from services.kit.web.forms import Typed

KEPT_FORMS = "web_kept_forms"
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    KEPT_FORMS: (IndexModel([("gone_at", ASCENDING)], name="ttl", expireAfterSeconds=0),),
}


@dataclass(frozen=True)
class Kept:
    """A form that waits to be shown again."""

    page: str
    """The address that shows it."""
    typed: Typed
    had_files: bool
    """Files are not kept: they have to be chosen again."""
    led_to: str = ""
    """Where the form led that had been sent before by the same key; empty: the session had ended."""


@dataclass(frozen=True)
class KeptForms:
    """The forms kept by one service."""

    mongo: Mongo
    now: Now
    longest: timedelta

    async def keep(self, subject: str, page: str, typed: Typed, led_to: str = "") -> str:
        """Returns: the token that opens it."""
        token = secrets.token_urlsafe(32)
        had_files = bool(typed.files or typed.over)
        content = json.dumps({"page": page, "fields": typed.fields, "had_files": had_files, "led_to": led_to}).encode()
        await self._forms.insert_one(
            {
                "_id": token_hash(token),
                "subject": subject,
                "sealed": bytes(SecretBox(_key(token)).encrypt(content)),
                "gone_at": self.now() + self.longest,
            }
        )
        return token

    async def look(self, token: str, subject: str) -> Kept | None:
        """What was kept for this person; None as well when it is too old."""
        document = await self._forms.find_one({"_id": token_hash(token)})
        if document is None or document["subject"] != subject or document["gone_at"] <= self.now():
            return None
        try:
            content = json.loads(SecretBox(_key(token)).decrypt(bytes(document["sealed"])))
        except CryptoError:
            return None
        return Kept(content["page"], Typed(content["fields"]), content["had_files"], content.get("led_to", ""))

    async def drop(self, token: str) -> None:
        await self._forms.delete_one({"_id": token_hash(token)})

    @property
    def _forms(self) -> Any:
        return self.mongo.collection(KEPT_FORMS)


def _key(token: str) -> bytes:
    return hashlib.sha256(b"kept-form|" + token.encode()).digest()
