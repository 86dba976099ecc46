"""One transaction, tried until it holds or time is up."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pymongo
from bson.errors import InvalidDocument

from services.kit import metrics
from services.kit.errors import DocumentRefused, Stale, Unavailable
from services.kit.mongo.driver import Mongo, PyMongoError, Session, is_duplicate_key

T = TypeVar("T")
FIRST_PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.5


async def transact(
    mongo: Mongo, body: Callable[[Session], Awaitable[T]], *, attempts: int = 12, seconds: float = 20.0
) -> T:
    """Run `body` in one transaction and commit it.

    `body` may run several times: it must not change Python state that outlives it. The whole is shielded from
    cancellation, because a cancelled motor call goes on in its thread and would meet the abort on the same session.

    Args:
        attempts: how often a conflicting transaction is begun anew, with full jitter between.
        seconds: time for all attempts together.

    Raises:
        Stale: still in conflict after the last attempt.
        Unavailable: the server did not answer in time; whether the commit happened is unknown, and the caller's
            idempotency (key, inbox, fence) makes the repeat safe.
    """
    return await asyncio.shield(asyncio.ensure_future(_transact(mongo, body, attempts, seconds)))


async def _transact(mongo: Mongo, body: Callable[[Session], Awaitable[T]], attempts: int, seconds: float) -> T:
    deadline = time.monotonic() + seconds
    for attempt in range(1, attempts + 1):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            with pymongo.timeout(left):
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
        await asyncio.sleep(random.uniform(FIRST_PAUSE_S, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)))  # noqa: S311
    raise Stale(f"in conflict after {attempts} attempts or {seconds:g} s")


async def _once(mongo: Mongo, body: Callable[[Session], Awaitable[T]]) -> T:
    async with mongo.session() as session:
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
