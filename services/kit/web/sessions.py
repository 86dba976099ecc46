"""Sessions of people who signed in: kept by the server, known to the browser by a token of which we keep only the hash.

By the machine's clock, not by business time: a demonstration moves that, and the database's own clearing goes by the
machine's too.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.kit.auth import Caller
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.tokens import token_hash
from services.kit.web.roles import Person, Role

WEB_SESSIONS = "web_sessions"
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    WEB_SESSIONS: (IndexModel([("gone_at", ASCENDING)], name="ttl", expireAfterSeconds=0),),
}
TOUCH = timedelta(minutes=1)
"""How exactly idleness is measured: each look would else be a write."""
REMEMBERED = timedelta(days=1)
"""A session that ended is known so much longer: whose form it was that came too late."""


@dataclass(frozen=True)
class Flash:
    """A sentence for the next page."""

    kind: str
    """`done`, `note` or `error`."""
    text: str


@dataclass(frozen=True)
class WebSession:
    """Somebody at a browser."""

    id: str
    """Hash of the token."""
    person: Person
    csrf: str
    """What every form of this session shows, and no other site knows."""
    ends_at: datetime
    flashes: tuple[Flash, ...] = ()

    @property
    def caller(self) -> Caller:
        """The same as who shows an API key: commands and queries know no difference."""
        return Caller(self.person.subject, self.person.scopes, self.ends_at)


@dataclass(frozen=True)
class Found:
    """What became of a token."""

    session: WebSession | None = None
    ended: WebSession | None = None
    """It was good until a moment ago."""


@dataclass(frozen=True)
class WebSessions:
    """The sessions of one service."""

    mongo: Mongo
    now: Now
    idle: timedelta
    longest: timedelta

    async def start(self, person: Person) -> str:
        """Returns: the token, the only time it is seen."""
        token, now = secrets.token_urlsafe(32), self.now()
        ends_at = now + self.longest
        await self._sessions.insert_one(
            {
                "_id": token_hash(token),
                "subject": person.subject,
                "name": person.name,
                "roles": sorted(person.roles),
                "scopes": sorted(person.scopes),
                "started_at": now,
                "seen_at": now,
                "ends_at": ends_at,
                "ended_at": None,
                "gone_at": ends_at + REMEMBERED,
                "flashes": [],
            }
        )
        return token

    async def find(self, token: str, *, pop_flashes: bool = False, touch: bool = True) -> Found:
        """Whose token it is; to ask keeps the session from falling asleep.

        Args:
            pop_flashes: the page that is about to be made shows them, and no other does.
            touch: a person asks, not a page that renews itself.
        """
        if not token or len(token) > 100:
            return Found()
        document = await self._sessions.find_one({"_id": token_hash(token)})
        if document is None:
            return Found()
        session, now = _session(document, token), self.now()
        if document["ended_at"] is not None or now >= document["ends_at"] or now >= document["seen_at"] + self.idle:
            return Found(ended=session)
        change: dict[str, Any] = {"seen_at": now} if touch and now >= document["seen_at"] + TOUCH else {}
        if pop_flashes and session.flashes:
            change["flashes"] = []
        if change:
            await self._sessions.update_one({"_id": session.id}, {"$set": change})
        return Found(session)

    async def end(self, session: WebSession) -> None:
        await self._sessions.update_one({"_id": session.id}, {"$set": {"ended_at": self.now()}})

    async def say(self, session: WebSession, flash: Flash) -> None:
        """Leave a sentence for the next page."""
        row = {"kind": flash.kind, "text": flash.text}
        await self._sessions.update_one({"_id": session.id}, {"$push": {"flashes": row}})

    @property
    def _sessions(self) -> Any:
        return self.mongo.collection(WEB_SESSIONS)


def same_word(stated: str, csrf: str) -> bool:
    """Whether a form shows the session's word."""
    return hmac.compare_digest(stated.encode(), csrf.encode())


def _session(document: Mapping[str, Any], token: str) -> WebSession:
    known = {role.value for role in Role}
    person = Person(
        document["subject"],
        document["name"],
        frozenset(Role(role) for role in document["roles"] if role in known),
        frozenset(document["scopes"]),
    )
    csrf = hmac.new(token.encode(), b"csrf", "sha256").hexdigest()
    flashes = tuple(Flash(row["kind"], row["text"]) for row in document["flashes"])
    return WebSession(document["_id"], person, csrf, document["ends_at"], flashes)
