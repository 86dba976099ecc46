"""Limits on how often something may happen, shared by all processes through MongoDB.

A sliding window, exact: each key's document holds the moments of the last `most` tries. There is room while there are
fewer, or while the oldest of them has left the window. One atomic update asks and takes, so however many processes ask
at once, never more than `most` get through in any stretch of the window's length. (A fixed window would let through
twice as many around its edge, which halves the work of guessing.) Price: a write for each try, and a document as long
as `most`; the clocks of the processes must agree to a small part of the window.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator
from pymongo import ASCENDING, IndexModel

from contracts.problems import Limited, Refused
from services.kit import metrics
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError, is_duplicate_key

LIMITS = "limits"
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    # By the server's clock: a demonstration that moves ours may lose a document early, or keep it for longer.
    LIMITS: (IndexModel([("gone_at", ASCENDING)], name="ttl", expireAfterSeconds=0),),
}
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(rf"([1-9]\d{{0,3}})/([1-9]\d{{0,3}})?({'|'.join(_UNITS)})s?", re.ASCII)


class TooManyTries(Limited):
    """Slug `too-many-tries`; `retry_after_s` says when there is room again."""


@dataclass(frozen=True)
class Rate:
    """How many in which time."""

    most: int
    window: timedelta

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read `5/15minutes`, `60/minute`. Raises: ValueError."""
        found = _RATE.fullmatch(text)
        if found is None:
            raise ValueError("a rate is written like 5/15minutes or 60/minute (second, minute, hour, day)")
        most, count, unit = found.groups()
        return cls(int(most), timedelta(seconds=int(count or 1) * _UNITS[unit]))


def _checked(text: str) -> str:
    Rate.parse(text)
    return text


RateText = Annotated[str, AfterValidator(_checked)]
"""A rate in settings, as `Rate.parse` reads it."""


@dataclass(frozen=True)
class Limiter:
    """At most `most` tries a key in any `window`. `name` keeps the keys of different limits apart."""

    mongo: Mongo
    name: str
    most: int
    window: timedelta
    now: Now

    @classmethod
    def at(cls, rate: str, mongo: Mongo, name: str, now: Now) -> Limiter:
        """With a rate as settings state it."""
        parsed = Rate.parse(rate)
        return cls(mongo, name, parsed.most, parsed.window, now)

    async def hit(self, key: str) -> None:
        """Count one. Raises: TooManyTries; then it did not count."""
        await self._take(key)

    @asynccontextmanager
    async def guess(self, key: str, *, forgive: bool = True) -> AsyncIterator[None]:
        """Around the check of a secret. The try is taken before, so that guesses sent all at once cannot all pass.

        A `Refused` of kind `denied` (wrong) keeps the try; any other answer gives it back. A body that is cancelled
        keeps it: nobody may look at the answer and then say that they never asked.

        Args:
            forgive: a right one clears the key. Not where one caller has rights of its own among the secrets guessed
                (a key that stands for an address): each right one would pay for more wrong ones.

        Raises: TooManyTries before the body runs; what the body raises.
        """
        try_id = await self._take(key)
        try:
            yield
        except Refused as refusal:
            if refusal.kind != "denied":
                await self._give_back(key, try_id)
            raise
        except Exception:
            await self._give_back(key, try_id)
            raise
        if forgive:
            await self._clear(key)
        else:
            await self._give_back(key, try_id)

    @asynccontextmanager
    async def spend(self, key: str) -> AsyncIterator[None]:
        """Around an act that costs: it counts when it was done, not when it was refused. Raises: TooManyTries."""
        try_id = await self._take(key)
        try:
            yield
        except Exception:
            await self._give_back(key, try_id)
            raise

    async def _take(self, key: str) -> str:
        now, try_id = self.now(), secrets.token_hex(6)
        room = {"_id": self._id(key), "$or": [
            {f"tries.{self.most - 1}": {"$exists": False}}, {"tries.0.at": {"$lte": now - self.window}},
        ]}  # fmt: skip
        taken = {
            "$push": {"tries": {"$each": [{"at": now, "id": try_id}], "$slice": -self.most}},
            "$set": {"gone_at": now + self.window},
        }
        while True:
            if await self._update(room, taken):
                return try_id
            found = await self._limits.find_one({"_id": room["_id"]})
            tries = found["tries"] if found is not None else []
            if len(tries) >= self.most and tries[0]["at"] > now - self.window:
                raise self._refusal(tries[0]["at"] + self.window - now)
            # Not full: another process made or cleared the document this moment.

    async def _update(self, room: Mapping[str, Any], taken: Mapping[str, Any]) -> bool:
        """Take where there is room. Where there is none, the upsert tries to insert the same id again, and fails."""
        try:
            await self._limits.find_one_and_update(room, taken, {"_id": 1}, upsert=True)
        except PyMongoError as error:
            if not is_duplicate_key(error):
                raise
            return False
        return True

    async def _give_back(self, key: str, try_id: str) -> None:
        with suppress(PyMongoError):  # the answer is known already; at worst a try too many is counted
            await self._limits.update_one({"_id": self._id(key)}, {"$pull": {"tries": {"id": try_id}}})

    async def _clear(self, key: str) -> None:
        with suppress(PyMongoError):
            await self._limits.delete_one({"_id": self._id(key)})

    def _refusal(self, left: timedelta) -> TooManyTries:
        metrics.count("limited_total", limit=self.name)
        seconds = max(1, math.ceil(left.total_seconds()))
        words = f"Quá nhiều lần thử. Hãy thử lại sau {_in_words(seconds)}."
        return TooManyTries("too-many-tries", words, retry_after_s=seconds)

    def _id(self, key: str) -> str:
        """Keys are addresses of people and codes of dossiers: only their hash is stored, and not for long."""
        return hashlib.sha256(f"{self.name}|{key}".encode()).hexdigest()

    @property
    def _limits(self) -> Any:
        return self.mongo.collection(LIMITS)


def _in_words(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} giây"
    return f"{math.ceil(seconds / 60)} phút" if seconds < 3600 else f"{math.ceil(seconds / 3600)} giờ"
