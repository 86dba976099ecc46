"""Limits hold over processes, whatever comes at once; the window slides, and secrets cannot be guessed for free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.problems import Conflict, Denied
from services.kit import schema
from services.kit.ids import new_id
from services.kit.limiter import INDEXES, LIMITS, Limiter, TooManyTries
from services.kit.mongo import Mongo

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=15)
WRONG = Denied("wrong", "Sai.")


class Hands:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def processes(mongodb_url: str, mongo: Mongo, hands: Hands) -> AsyncIterator[list[Limiter]]:
    """The same limit in three processes: each has a client of its own, of both kinds."""
    clients = [mongo, Mongo(mongodb_url, mongo.name), Mongo(mongodb_url, mongo.name, driver="pymongo")]
    yield [Limiter(client, "test", 5, WINDOW, hands.now) for client in clients]
    for client in clients[1:]:
        await client.close()


async def passed(limiter: Limiter, key: str) -> bool:
    try:
        await limiter.hit(key)
    except TooManyTries:
        return False
    return True


async def guess(limiter: Limiter, key: str, error: Exception | None = WRONG, *, forgive: bool = True) -> str:
    """One guess whose check ends with `error` (None: right); the slug of what the caller sees."""
    try:
        async with limiter.guess(key, forgive=forgive):
            if error is not None:
                raise error
    except (TooManyTries, Denied, Conflict) as refusal:
        return refusal.slug
    return "right"


async def test_of_sixty_at_once_over_three_processes_exactly_as_many_pass_as_may(processes: list[Limiter]) -> None:
    assert sum(await asyncio.gather(*(passed(processes[n % 3], "one") for n in range(60)))) == 5
    assert await passed(processes[0], "another")


async def test_room_comes_back_one_by_one_as_the_tries_leave_the_window(processes: list[Limiter], hands: Hands) -> None:
    limiter = processes[0]
    for _ in range(5):
        await limiter.hit("k")
        hands.at += timedelta(minutes=1)
    with pytest.raises(TooManyTries) as caught:
        await limiter.hit("k")
    assert caught.value.facts["retry_after_s"] == 600
    assert caught.value.message.endswith("sau 10 phút.")
    hands.at = START + WINDOW - timedelta(milliseconds=1)
    assert not await passed(limiter, "k")
    hands.at = START + WINDOW
    assert await passed(limiter, "k")
    assert not await passed(limiter, "k")
    hands.at += timedelta(minutes=1)
    assert await passed(limiter, "k")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 2)), max_size=25), st.integers(1, 4))
async def test_the_window_counts_as_plain_arithmetic_does(
    processes: list[Limiter], hands: Hands, steps: list[tuple[int, int]], most: int
) -> None:
    """Against the definition: a try passes when fewer than `most` passed in the stretch of one window that ends now."""
    window, key, passed_at = timedelta(seconds=100), new_id(), list[datetime]()
    limiters = [Limiter(process.mongo, "plain", most, window, hands.now) for process in processes]
    for pause, process in steps:
        hands.at += timedelta(seconds=pause)
        expected = sum(at > hands.at - window for at in passed_at) < most
        assert await passed(limiters[process], key) is expected
        passed_at += [hands.at] * expected


async def test_wrong_guesses_sent_all_at_once_do_not_get_round_the_limit(processes: list[Limiter]) -> None:
    looked = 0

    async def look(limiter: Limiter) -> None:
        nonlocal looked
        try:
            async with limiter.guess("k"):
                looked += 1
                await asyncio.sleep(0)
                raise WRONG
        except (TooManyTries, Denied):
            return

    await asyncio.gather(*(look(processes[n % 3]) for n in range(40)))
    assert looked == 5


async def test_a_right_guess_clears_what_was_wrong_before(processes: list[Limiter]) -> None:
    limiter, other = processes[:2]
    for _ in range(3):
        assert [await guess(limiter, "k") for _ in range(4)] == ["wrong"] * 4
        assert await guess(other, "k", None) == "right"
    assert [await guess(other, "k") for _ in range(6)] == ["wrong"] * 5 + ["too-many-tries"]


async def test_where_nothing_is_forgiven_a_right_guess_is_only_not_counted(processes: list[Limiter]) -> None:
    limiter = processes[0]
    for _ in range(4):
        assert await guess(limiter, "k", forgive=False) == "wrong"
        assert await guess(limiter, "k", None, forgive=False) == "right"
    assert [await guess(limiter, "k", forgive=False) for _ in range(2)] == ["wrong", "too-many-tries"]


async def test_what_is_no_wrong_guess_costs_no_try(processes: list[Limiter]) -> None:
    limiter = processes[0]
    for _ in range(8):
        assert await guess(limiter, "k", Conflict("not-now", "Chưa.")) == "not-now"
        with pytest.raises(ZeroDivisionError):
            await guess(limiter, "k", ZeroDivisionError())
    assert await guess(limiter, "k") == "wrong"


async def test_an_inner_limit_that_is_full_costs_the_outer_nothing(processes: list[Limiter]) -> None:
    outer, inner = processes[0], Limiter(processes[0].mongo, "inner", 1, WINDOW, processes[0].now)
    await inner.hit("k")
    for _ in range(8):
        with pytest.raises(TooManyTries):
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(outer.guess("k"))
                await stack.enter_async_context(inner.guess("k"))
    assert await passed(outer, "k")


async def test_a_guess_whose_caller_goes_away_counts(processes: list[Limiter]) -> None:
    limiter = processes[0]
    for _ in range(5):
        with pytest.raises(asyncio.CancelledError):
            async with limiter.guess("k"):
                raise asyncio.CancelledError
    assert not await passed(limiter, "k")


async def test_keys_are_not_stored_and_documents_say_when_they_vanish(mongo: Mongo, hands: Hands) -> None:
    await schema.ensure(mongo, (), INDEXES)
    await Limiter(mongo, "address", 5, WINDOW, hands.now).hit("203.0.113.7")
    [document] = [found async for found in mongo.collection(LIMITS).find({})]
    assert "203.0.113.7" not in repr(document)
    assert document["gone_at"] == START + WINDOW
    assert "ttl" in await mongo.collection(LIMITS).index_information()


async def test_limits_of_different_names_and_keys_do_not_touch_each_other(processes: list[Limiter]) -> None:
    limiter = processes[0]
    other = Limiter(limiter.mongo, "other", 5, WINDOW, limiter.now)
    for _ in range(5):
        await limiter.hit("k")
    assert await passed(other, "k")
    assert await passed(limiter, "k2")
