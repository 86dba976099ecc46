"""Sign-ins that were begun: each is for the browser that began it, good once, and not for long."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.tokens import token_hash
from services.kit.web.signin.provider import Asked

WEB_SIGN_INS = "web_sign_ins"
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    WEB_SIGN_INS: (IndexModel([("gone_at", ASCENDING)], name="ttl", expireAfterSeconds=0),),
}
LONGEST = timedelta(minutes=15)


@dataclass(frozen=True)
class Begun:
    """A sign-in on its way."""

    asked: Asked
    browser: str
    """Only the browser that began it knows: nobody can be signed in as somebody else by a link."""
    next: str


@dataclass(frozen=True)
class SignIns:
    """The sign-ins of one service."""

    mongo: Mongo
    now: Now

    async def begin(self, next: str) -> Begun:
        begun = Begun(
            Asked(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48)),
            secrets.token_urlsafe(24),
            next,
        )
        await self._begun.insert_one(
            {
                "_id": token_hash(begun.asked.state),
                "nonce": begun.asked.nonce,
                "verifier": begun.asked.verifier,
                "browser": token_hash(begun.browser),
                "next": next,
                "gone_at": self.now() + LONGEST,
            }
        )
        return begun

    async def take(self, state: str, browser: str) -> Begun | None:
        """The sign-in that this answer belongs to; there is no second answer to it."""
        query = {"_id": token_hash(state), "browser": token_hash(browser), "gone_at": {"$gt": self.now()}}
        found = await self._begun.find_one_and_delete(query)
        if found is None:
            return None
        return Begun(Asked(state, found["nonce"], found["verifier"]), browser, found["next"])

    @property
    def _begun(self) -> Any:
        return self.mongo.collection(WEB_SIGN_INS)
