"""One transaction, tried until it holds or time is up."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

import pymongo
from bson.errors import InvalidDocument

from services.kit import metrics
from services.kit.errors import DocumentRefused, Stale, Unavailable
from services.kit.mongo.driver import Mongo, PyMongoError, Session, is_duplicate_key

T = TypeVar("T")
FIRST_PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.2
"""Short: who pauses longer after each lost race loses the next ones too, to a rival that does not pause at all."""


async def transact(
    mongo: Mongo,
    body: Callable[[Session], Awaitable[T]],
    *,
    attempts: int | None = None,
    seconds: float = 20.0,
    conflict_s: float | None = None,
) -> T:
    """Run `body` in one transaction and commit it.

    `body` may run several times: it must not change Python state that outlives it. The whole is shielded from
    cancellation, because a cancelled motor call goes on in its thread and would meet the abort on the same session.

    Args:
        attempts: how often a conflicting transaction is begun anew, with full jitter between; None: while time is left.
        seconds: time for all attempts together; the last one ends with it, wherever it is.
        conflict_s: how long a transaction in conflict is begun anew; three quarters of `seconds` unless told, so that
            the last attempt has time and its end tells a conflict from a server that does not answer.

    Raises:
        Stale: still in conflict at the end. A process that was killed with its transaction open holds what that wrote
            until its neighbours end it (`services/kit/sessions.py`), some 12 s later.
        Unavailable: the server did not answer in time; whether the commit happened is unknown, and the caller's
            idempotency (key, inbox, fence) makes the repeat safe.
    """
    return await asyncio.shield(asyncio.ensure_future(_told(mongo, body, attempts, seconds, conflict_s)))


async def _told(
    mongo: Mongo,
    body: Callable[[Session], Awaitable[T]],
    attempts: int | None,
    seconds: float,
    conflict_s: float | None,
) -> T:
    """What a rule refuses is neither: the server did its part, and nothing was to hold."""
    try:
        result = await _transact(mongo, body, attempts, seconds, conflict_s)
    except (Stale, Unavailable) as error:
        mongo.transactions.failed(type(error).__name__)
        raise
    mongo.transactions.succeeded()
    return result


async def _transact(
    mongo: Mongo,
    body: Callable[[Session], Awaitable[T]],
    attempts: int | None,
    seconds: float,
    conflict_s: float | None,
) -> T:
    started = time.monotonic()
    give_up = started + (seconds * 0.75 if conflict_s is None else conflict_s)
    for attempt in count(1) if attempts is None else range(1, attempts + 1):
        if attempt > 1 and time.monotonic() > give_up:
            break
        try:
            with pymongo.timeout(started + seconds - time.monotonic()):
                return await _once(mongo, body)
        except Stale:
            metrics.count("transaction_retries_total", reason="stale")
        except PyMongoError as error:
            reason = _retry_reason(error)
            if reason is None:
                # `from None`: the driver's message quotes the document, and with it people's names and addresses.
                if isinstance(error, InvalidDocument):
                    raise DocumentRefused(type(error).__name__) from None
                raise Unavailable(f"MongoDB: {type(error).__name__} {getattr(error, 'code', '')}".strip()) from None
            metrics.count("transaction_retries_total", reason=reason)
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempt, 10))
        await asyncio.sleep(random.uniform(FIRST_PAUSE_S, longest))  # noqa: S311 - jitter, no secret
    raise Stale(f"in conflict for {time.monotonic() - started:.1f} s")


async def _once(mongo: Mongo, body: Callable[[Session], Awaitable[T]]) -> T:
    async with mongo.session() as session:
        if mongo.sessions is not None:
            await mongo.sessions.note(session)
        await mongo.begin(session)
        try:
            result = await body(session)
        except BaseException:
            await _abort(session)
            raise
        await _commit(session)
        return result


async def _abort(session: Session) -> None:
    try:
        await session.abort_transaction()
    except PyMongoError:
        metrics.count("transaction_retries_total", reason="abort-failed")  # the server ends it after its lifetime


async def _commit(session: Session) -> None:
    """Commit; an unknown result is asked again, which is safe: a commit is idempotent on its session."""
    for last in (False, False, True):
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            if last or not error.has_error_label("UnknownTransactionCommitResult"):
                raise
            metrics.count("transaction_retries_total", reason="commit-unknown")


def _retry_reason(error: PyMongoError) -> str | None:
    if error.has_error_label("TransientTransactionError"):
        return "transient"
    # Two transactions inserted the same id: the loser reads what the winner wrote and decides again.
    return "duplicate-key" if is_duplicate_key(error) else None
