"""The delivery log (nhật ký gửi): what was sent, newest first, in pages that stay where they are.

A page is read bucket by bucket, backwards in time: a counter's days, or ten minutes over all counters. How many
notices a page may look through is limited, so a rare word is found over several pages, each of them quick; a page can
be shorter than asked for, and then `next` says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel

from contracts.types import NoticeChannel, NoticeKind
from services.kit import places
from services.kit.auth import Caller
from services.kit.mongo import Mongo
from services.notify.domain.costs import day_of
from services.notify.domain.policy import VIETNAM
from services.notify.domain.transitions import State
from services.notify.queries.notice_view import NoticeView, view
from services.notify.store import NOTICES, SLOT_S, day_token, slot_of, slot_token

Place = tuple[datetime, str]
"""Where a page ended: when its last notice was made, and its id."""
DAY = timedelta(days=1)
MOMENT = timedelta(milliseconds=1)
MOST_LOOKED_AT = 10_000
"""Notices in the buckets of one page: some hours of a busy province, or a month of a counter."""
FEW = 1_000
"""Of buckets that hold less, four times as many are read at once."""
GROWING = 4
MOST_BUCKETS = 512


@dataclass(frozen=True)
class Wish:
    """What of the log somebody wants to see."""

    since: datetime
    until: datetime
    """Not included."""
    counters: tuple[str, ...] = ()
    """Empty: all."""
    states: tuple[State, ...] = ()
    kind: NoticeKind | None = None
    channel: NoticeChannel | None = None
    provider: str | None = None
    code: str | None = None
    """The beginning of a dossier code."""
    reason: str | None = None
    after: str | None = None
    limit: int = 100


class LogPage(BaseModel):
    """One page of the delivery log."""

    notices: list[NoticeView]
    next: str | None
    """Where the next page begins, as `after`; None: there is no more."""


def counters_of(caller: Caller, counter: str | None) -> tuple[str, ...]:
    """Whose notices this caller may see; empty: everybody's.

    Raises: Denied `scope-missing`.
    """
    if counter is not None:
        caller.require("operator", "service", f"counter:{counter}")
        return (counter,)
    own = caller.units("counter")
    if not own or caller.may("operator", "service"):
        caller.require("operator", "service")
        return ()
    return tuple(sorted(own))


async def notice_log(mongo: Mongo, wish: Wish) -> LogPage:
    """Raises: Invalid `page-unknown`."""
    place = None if wish.after is None else places.read(wish.after)[:2]
    found: list[Mapping[str, Any]] = []
    looked, many, stopped_at = 0, 1, None
    buckets = _Buckets(wish, place)
    while chunk := buckets.take(many):
        count = await mongo.collection(NOTICES.collection).count_documents({"tokens": {"$in": chunk}})
        looked += count
        found += await _read(mongo, wish, chunk, place, wish.limit + 1 - len(found))
        if len(found) > wish.limit:
            break
        if looked >= MOST_LOOKED_AT and buckets.reached > wish.since:
            stopped_at = buckets.reached
            break
        many = min(MOST_BUCKETS, many * GROWING) if count < FEW else max(1, many // GROWING)
    page = [NOTICES.to_state(document) for document in found[: wish.limit]]
    following: Place | None = None if stopped_at is None else (stopped_at, "")
    if len(found) > wish.limit:
        following = (page[-1].created_at, page[-1].id)
    return LogPage(
        notices=[view(notice) for notice in page], next=None if following is None else places.written(*following)
    )


class _Buckets:
    """The buckets of a wish, newest first."""

    def __init__(self, wish: Wish, place: Place | None) -> None:
        newest = wish.until - MOMENT if place is None else min(place[0], wish.until - MOMENT)
        self.wish, self.reached = wish, newest + MOMENT
        self._left = self._days(newest) if wish.counters else self._slots(newest)

    def take(self, many: int) -> list[str]:
        """The tokens of the next few; `reached` is then where they begin."""
        chunk: list[str] = []
        for _ in range(many):
            bucket = next(self._left, None)
            if bucket is None:
                break
            self.reached, tokens = bucket
            chunk += tokens
        return chunk

    def _days(self, newest: datetime) -> Iterator[tuple[datetime, Sequence[str]]]:
        day, first = day_of(newest), day_of(self.wish.since)
        while day >= first and newest >= self.wish.since:
            yield _begins(day), [day_token(counter, day) for counter in self.wish.counters]
            day -= DAY

    def _slots(self, newest: datetime) -> Iterator[tuple[datetime, Sequence[str]]]:
        for slot in range(slot_of(newest), slot_of(self.wish.since) - 1, -1):
            yield datetime.fromtimestamp(slot * SLOT_S, UTC), [slot_token(slot)]


async def _read(
    mongo: Mongo, wish: Wish, chunk: Sequence[str], place: Place | None, limit: int
) -> list[Mapping[str, Any]]:
    """Two questions at a place, not one with `$or`: an engine may have no plan for that and read everything."""
    base = {"tokens": {"$in": list(chunk)}, **_filters(wish)}
    moments: list[Mapping[str, Any]] = [{"created_at": {"$gte": wish.since, "$lt": wish.until}}]
    if place is not None:
        moment, id = place
        behind = {"created_at": {"$gte": wish.since, "$lt": min(moment, wish.until)}}
        moments = [{"created_at": moment, "_id": {"$lt": id}}, behind] if id else [behind]
    found: list[Mapping[str, Any]] = []
    for condition in moments:
        if len(found) < limit:
            cursor = mongo.collection(NOTICES.collection).find({**base, **condition})
            ordered = cursor.sort([("created_at", -1), ("_id", -1)]).limit(limit - len(found))
            found += [document async for document in ordered]
    return found


def _filters(wish: Wish) -> dict[str, Any]:
    code = {"$gte": wish.code, "$lt": f"{wish.code}\U0010ffff"} if wish.code else None
    wanted = {
        "state": {"$in": [state.value for state in wish.states]} if wish.states else None,
        "kind": wish.kind and wish.kind.value,
        "channel": wish.channel and wish.channel.value,
        "attempts.provider": wish.provider,
        "code": code,
        "reason": wish.reason,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM).astimezone(UTC)
