"""The Zalo OAuth v4 token pair: one document, refreshed by one process at a time (Zalo: OAuth v4).

A refresh token buys one pair and dies. Two processes that spend the same one lock each other out until a person
consents again; so a refresher first takes the document by its version, and the new pair is committed before its first
use. The tokens are sealed at rest for notify's own key.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import orjson
import stamina
from pydantic import SecretStr

from contracts.problems import Invalid
from services.kit import logs
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError, is_duplicate_key
from services.kit.sealing import Opener, Sealer
from services.notify.channels.transport import Failed, Transport
from services.notify.domain.results import Result, Verdict

log = logs.get("notify.zalo")
TOKENS = "tokens"
ZALO = "zalo"
RENEWED_AT = 0.8
"""Share of its life after which a token is renewed: of 25 hours, at 20."""
LONGEST_WAIT_S = 5.0
"""How long a call waits for another process that is renewing."""
HELD = timedelta(seconds=60)
"""A refresher that has not finished by then is dead: six times a call's usual limit."""
LOOK_AGAIN_S = 0.1
MEMORY_S = 30.0
"""So long a process trusts its copy of the access token; a refused one is read anew at once."""
_PERMANENT = frozenset({-14014, -14002, -14003, -104})
"""Invalid refresh token, application or secret: only a person can help."""


class ConsentNeeded(Exception):
    """No usable refresh token is left: a person must consent again and set ZALO_REFRESH_TOKEN."""


@dataclass(frozen=True)
class OAuthApp:
    """Our application at Zalo."""

    url: str
    app_id: str
    secret: SecretStr
    first_refresh_token: SecretStr


@dataclass
class ZaloTokens:
    """Gives out the access token and renews it."""

    mongo: Mongo
    transport: Transport
    app: OAuthApp
    opener: Opener
    now: Now
    _remembered: tuple[str, float] | None = None
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> str:
        """An access token that should be accepted.

        Raises: ConsentNeeded; Failed when Zalo's OAuth host does not answer and no valid token is left.
        """
        if self._remembered is not None:
            token, until = self._remembered
            if _monotonic() < until:
                return token
        async with self._alone:
            return await self._token(refused=None)

    async def renewed(self, *, refused: str) -> str:
        """Another token than the one just refused, whatever its `expires_at` said.

        Raises: ConsentNeeded, Failed.
        """
        self._remembered = None
        async with self._alone:
            return await self._token(refused=refused)

    async def _token(self, refused: str | None) -> str:
        """Read, and renew if it must be, until this or another process has a good pair."""
        give_up_at = _monotonic() + LONGEST_WAIT_S
        while True:
            document = await self._read()
            if document["consent_needed"]:
                raise ConsentNeeded
            token, now = self._opened(document["access"]), self.now()
            good = token if token != refused and document["expires_at"] > now else None
            busy = document["held_until"] > now
            if good is not None and (document["renew_at"] > now or busy):
                return self._remember(good)
            if busy:
                if _monotonic() > give_up_at:
                    raise Failed(Result(Verdict.TRANSIENT, "oauth-busy"))
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            held = await self._take(document)
            if held is None:
                continue
            try:
                return await self._refresh(held)
            except Failed:
                if good is None:
                    raise
                return self._remember(good)

    async def _read(self) -> dict[str, Any]:
        tokens = self.mongo.collection(TOKENS)
        seed = self.app.first_refresh_token.get_secret_value()
        digest = hashlib.sha256(seed.encode()).hexdigest()
        document: dict[str, Any] | None = await tokens.find_one({"_id": ZALO})
        if document is not None and (document["seed"] == digest or not seed):
            return document
        fresh = {
            "seed": digest,
            "access": None,
            "refresh": self._sealed(seed) if seed else None,
            "expires_at": self.now(),
            "renew_at": self.now(),
            "held_until": self.now(),
            "consent_needed": not seed,
            "version": 1 if document is None else document["version"] + 1,
        }
        if document is None:
            try:
                await tokens.insert_one({"_id": ZALO, **fresh})
            except Exception as error:
                if not is_duplicate_key(error):
                    raise
        else:  # a person consented anew: the setting holds a token we have never seen
            await tokens.update_one({"_id": ZALO, "version": document["version"]}, {"$set": fresh})
        found: dict[str, Any] = await tokens.find_one({"_id": ZALO})
        return found

    async def _take(self, document: dict[str, Any]) -> dict[str, Any] | None:
        """Become the one refresher; None when another was faster."""
        change = {"version": document["version"] + 1, "held_until": self.now() + HELD}
        taken = await self.mongo.collection(TOKENS).update_one(
            {"_id": ZALO, "version": document["version"]}, {"$set": change}
        )
        return {**document, **change} if taken.matched_count else None

    async def _refresh(self, held: dict[str, Any]) -> str:
        """Spend the refresh token; the new pair is committed before anybody uses it."""
        refresh = self._opened(held["refresh"])
        if refresh is None:
            await self._give_up(held, "unreadable")
            raise ConsentNeeded
        try:
            answer = await self._ask(refresh)
        except Failed:
            await self._store(held, {})
            raise
        if isinstance(answer, str):
            await self._give_up(held, answer)
            raise ConsentNeeded
        token = str(answer["access_token"])
        life = timedelta(seconds=_seconds(answer.get("expires_in")))
        issued_at = self.now()
        # The old token is spent: this pair exists nowhere else, so a database that is away for a moment is waited for.
        await self._store_surely(
            held,
            {
                "access": self._sealed(token),
                # A reply without a new refresh token was seen: the old one is then still the one to spend.
                "refresh": self._sealed(str(answer.get("refresh_token") or refresh)),
                "expires_at": issued_at + life,
                "renew_at": issued_at + life * RENEWED_AT,
            },
        )
        log.info("zalo.token_renewed", life_s=life.total_seconds())
        return self._remember(token)

    async def _store_surely(self, held: dict[str, Any], change: dict[str, Any]) -> None:
        async for attempt in stamina.retry_context(on=PyMongoError, attempts=None, timeout=300, wait_max=5):
            with attempt:
                await self._store(held, change)

    async def _ask(self, refresh: str) -> dict[str, Any] | str:
        """One call. Returns: the pair, or the word for a permanent failure. Raises: Failed (transient)."""
        reply: httpx.Response = await self.transport.reply(
            "POST",
            f"{self.app.url.rstrip('/')}/v4/oa/access_token",
            headers={"secret_key": self.app.secret.get_secret_value()},
            data={"refresh_token": refresh, "app_id": self.app.app_id, "grant_type": "refresh_token"},
        )
        if not reply.content.strip():
            return "consumed"  # an empty 200: the token had been spent
        try:
            answer = orjson.loads(reply.content)
        except orjson.JSONDecodeError:
            raise Failed(Result(Verdict.TRANSIENT, "oauth-not-json")) from None
        if isinstance(answer, dict) and answer.get("access_token"):
            return answer
        code = _code(answer)
        if code in _PERMANENT:
            return f"refused{code}"
        raise Failed(Result(Verdict.TRANSIENT, f"oauth{code}"))

    async def _store(self, held: dict[str, Any], change: dict[str, Any]) -> None:
        await self.mongo.collection(TOKENS).update_one(
            {"_id": ZALO, "version": held["version"]},
            {"$set": {**change, "held_until": self.now(), "version": held["version"] + 1}},
        )

    async def _give_up(self, held: dict[str, Any], why: str) -> None:
        log.error("zalo.consent_needed", why=why)
        await self._store(held, {"consent_needed": True, "access": None})

    def _remember(self, token: str) -> str:
        self._remembered = (token, _monotonic() + MEMORY_S)
        return token

    def _sealed(self, secret: str) -> str:
        return Sealer(self.opener.public_key).seal(secret.encode())

    def _opened(self, sealed: str | None) -> str | None:
        if sealed is None:
            return None
        try:
            return self.opener.open(sealed).decode()
        except Invalid:
            return None


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def _seconds(value: object) -> int:
    """`expires_in` is a string, "90000"."""
    try:
        return max(60, int(str(value)))
    except ValueError:
        return 3600


def _code(answer: object) -> int:
    try:
        return int(answer["error"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return 0
