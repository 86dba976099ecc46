"""Parked keys: tried now, and their head dropped, whatever the retrier does at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from contracts.problems import Conflict, Missing
from services.kit.failures import DEAD_LETTERS, PARKED, PARKED_KEYS
from services.kit.mongo import Mongo
from services.kit.operations import contents, queries
from services.kit.operations.operation import OPERATIONS
from services.kit.operations.parked import Parked
from services.kit.operations.queries import Wish
from services.kit.retrier import Retrier
from tests.component.ledger import Rules, count, events, now, record, steps_of
from tests.component.operations_fixtures import ACTING, COMMANDS, A, B, Desk, desk

KEY = f"test|{A}"


async def waiting(mongo: Mongo, rules: Rules | None = None, **options: object) -> Desk:
    """Three records of A that wait, far from their next turn."""
    subject = await desk(mongo, rules or Rules(not_yet={A}), **options)
    await subject.consumer.handle([record(A, step, offset=step) for step in (1, 2, 3)])
    await subject.retrier.replay(KEY, now())
    await mongo.collection(PARKED_KEYS).update_one({"_id": KEY}, {"$set": {"attempts": 12}})
    await subject.retrier.replay(KEY, now())
    return subject


async def head_of(mongo: Mongo, key: str = KEY) -> str:
    """Id of the record at the head."""
    head: str = (await queries.parked_key(mongo, key))["head"]
    return head


async def ids_of(mongo: Mongo) -> list[str]:
    return [row["id"] for row in (await queries.parked_key(mongo, KEY))["records"]]


class TestRetry:
    async def test_a_cured_key_need_not_wait_for_its_backoff(self, mongo: Mongo) -> None:
        subject = await waiting(mongo)
        subject.rules.not_yet.clear()
        assert await subject.retrier.once() == 0
        operation = await subject.parked.retry(KEY, ACTING)
        assert await subject.retrier.once() == 3
        assert await steps_of(mongo, A) == (1, 2, 3)
        assert await subject.result(operation) == ("done", "empty")

    async def test_one_that_is_not_cured_says_why(self, mongo: Mongo) -> None:
        subject = await waiting(mongo)
        operation = await subject.parked.retry(KEY, ACTING)
        assert await subject.result(operation) == ("requested", None)
        await subject.retrier.once()
        found = await queries.operation(mongo, operation["_id"])
        assert found["result"] == {"outcome": "still-parked", "slug": "fact-missing", "count": 3}
        assert await subject.retrier.once() == 0  # its backoff holds again
        assert len((await queries.parked_key(mongo, KEY))["operations"]) == 1

    async def test_a_key_that_cannot_even_be_tried_answers_too(self, mongo: Mongo) -> None:
        subject = await waiting(mongo)
        operation = await subject.parked.retry(KEY, ACTING)
        await mongo.collection(PARKED).update_one({"_id": await head_of(mongo)}, {"$set": {"headers": "damaged"}})
        await subject.retrier.once()
        found = await queries.operation(mongo, operation["_id"])
        assert (found["state"], found["result"]["slug"]) == ("done", "bug")

    async def test_asked_for_by_two_both_are_answered(self, mongo: Mongo) -> None:
        subject = await waiting(mongo)
        subject.rules.not_yet.clear()
        asked = await asyncio.gather(*(Parked(mongo, now).retry(KEY, ACTING) for _ in range(2)))
        await subject.retrier.once()
        assert [await subject.result(one) for one in asked] == [("done", "empty")] * 2
        assert await steps_of(mongo, A) == (1, 2, 3)

    async def test_a_key_that_nobody_parked(self, mongo: Mongo) -> None:
        subject = await desk(mongo)
        for command in (subject.parked.retry(KEY, ACTING), subject.parked.skip(KEY, f"{KEY}|1", ACTING)):
            with pytest.raises(Missing) as caught:
                await command
            assert caught.value.slug == "parked-key-unknown"
        assert await count(mongo, OPERATIONS) == 0


class TestSkip:
    async def test_the_head_becomes_a_letter_and_what_waits_behind_it_goes_on(self, mongo: Mongo) -> None:
        subject = await waiting(mongo, Rules(refused={A}))
        operation = await subject.parked.skip(KEY, await head_of(mongo), ACTING)
        subject.rules.refused.clear()
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (2, 3)
        letter = await subject.letter()
        assert (letter["slug"], letter["offset"]) == ("skipped-by-operator", 1)
        found = await queries.operation(mongo, operation["_id"])
        assert (found["state"], found["result"]) == ("done", {"outcome": "skipped", "letter": letter["_id"]})

    async def test_why_it_was_skipped_is_not_told_on_a_topic(self, mongo: Mongo) -> None:
        subject = await waiting(mongo, Rules(refused={A}))
        await subject.parked.skip(KEY, await head_of(mongo), ACTING)
        await subject.retrier.once()
        [copy] = await events(mongo, type="dead-letter")
        told = b" ".join(value for _, value in copy["headers"])
        assert b"operator-7" in told
        assert ACTING.reason.encode() not in told

    async def test_what_was_skipped_can_be_replayed(self, mongo: Mongo) -> None:
        subject = await waiting(mongo, Rules(refused={A}))
        await subject.parked.skip(KEY, await head_of(mongo), ACTING)
        subject.rules.refused.clear()
        await subject.retrier.once()
        await subject.letters.replay((await subject.letter())["_id"], ACTING)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (2, 3, 1)

    async def test_a_click_too_many_costs_no_second_record(self, mongo: Mongo) -> None:
        subject = await waiting(mongo)
        first, second, _ = await ids_of(mongo)
        asked = [Parked(mongo, now).skip(KEY, first, ACTING) for _ in range(3)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, Conflict)]
        assert [error.slug for error in refused] == ["parked-head-changed"] * 2
        await subject.retrier.replay(KEY, now())
        with pytest.raises(Conflict) as caught:
            await subject.parked.skip(KEY, first, ACTING)
        assert caught.value.facts == {"head": second}
        assert await count(mongo, DEAD_LETTERS) == 1

    async def test_only_the_head_can_be_skipped(self, mongo: Mongo) -> None:
        subject = await waiting(mongo)
        with pytest.raises(Conflict):
            await subject.parked.skip(KEY, (await ids_of(mongo))[1], ACTING)
        assert not [row for row in await subject.rows(PARKED) if "skip" in row]

    async def test_of_a_skip_and_a_retrier_at_the_same_moment_one_wins(self, mongo: Mongo) -> None:
        """The record is applied or a letter, never both and never neither."""
        outcomes = set()
        for round in range(6):
            code = f"H12.970.00-261123-{round + 10:04d}"
            key = f"test|{code}"
            subject = await desk(mongo, Rules(not_yet={code}))
            await subject.consumer.handle([record(code, 1, offset=100 + round)])
            subject.rules.not_yet.clear()
            skip = Parked(mongo, now).skip(key, await head_of(mongo, key), ACTING)
            answer, _ = await asyncio.gather(
                skip, Retrier(mongo, subject.consumer, subject.retrier.lease).replay(key, now()), return_exceptions=True
            )
            await subject.retrier.replay(key, now())
            buried = await count(mongo, DEAD_LETTERS, {"offset": 100 + round})
            applied = len(await steps_of(mongo, code))
            assert (buried, applied) == ((0, 1) if isinstance(answer, Exception) else (1, 0)), answer
            outcomes.add(applied)
        assert await count(mongo, PARKED_KEYS) == 0
        assert outcomes <= {0, 1}

    async def test_a_worker_that_comes_late_skips_what_was_asked_for_and_no_more(self, mongo: Mongo) -> None:
        subject = await waiting(mongo)
        operation = await subject.parked.skip(KEY, await head_of(mongo), ACTING)
        assert await subject.result(operation) == ("requested", None)
        assert await subject.waiting() == ([KEY], [1, 2, 3])
        await Retrier(mongo, subject.consumer, subject.retrier.lease).once()
        await subject.retrier.once()
        assert await subject.waiting() == ([KEY], [2, 3])
        assert await subject.result(operation) == ("done", "skipped")


class TestIds:
    async def test_a_key_that_was_emptied_and_is_parked_again_names_other_records(self, mongo: Mongo) -> None:
        """Who looked at the head an hour ago must not drop, or read, what stands there now."""
        subject = await waiting(mongo)
        seen = await head_of(mongo)
        subject.rules.not_yet.clear()
        await subject.retrier.replay(KEY, now())
        subject.rules.not_yet.add(A)
        await subject.consumer.handle([record(A, 4, offset=4)])
        with pytest.raises(Conflict) as caught:
            await subject.parked.skip(KEY, seen, ACTING)
        assert caught.value.slug == "parked-head-changed"
        with pytest.raises(Missing):
            await contents.read_parked(mongo, now, seen, ACTING)
        assert not [row for row in await subject.rows(PARKED) if "skip" in row]

    async def test_what_an_older_release_parked_keeps_its_place_and_can_be_skipped_and_applied(
        self, mongo: Mongo
    ) -> None:
        subject = await waiting(mongo)
        for number, row in enumerate(await subject.rows(PARKED), 1):
            await mongo.collection(PARKED).delete_one({"_id": row["_id"]})
            await mongo.collection(PARKED).insert_one(row | {"_id": f"{KEY}|{number:09d}"})
        await mongo.collection(PARKED_KEYS).update_one({"_id": KEY}, {"$unset": {"head": ""}})
        await subject.consumer.handle([record(A, step, offset=step) for step in (4, 5)])
        assert [row["offset"] for row in (await queries.parked_key(mongo, KEY))["records"]] == [1, 2, 3, 4, 5]
        for topic, keys in (("dossier.events.v1", [A]), ("notice.events.v1", [])):
            found = await queries.parked_keys(mongo, Wish(topic=topic))
            assert [key["order_key"] for key in found.rows] == keys
        await subject.parked.skip(KEY, f"{KEY}|000000001", ACTING)
        await subject.retrier.once()
        [key] = (await queries.parked_keys(mongo, Wish())).rows
        assert (key["head"], key["count"]) == (f"{KEY}|000000002", 4)
        subject.rules.not_yet.clear()
        await subject.retrier.replay(KEY, now())
        assert await steps_of(mongo, A) == (2, 3, 4, 5)


class TestLists:
    async def test_keys_are_listed_page_by_page_with_their_head(self, mongo: Mongo) -> None:
        subject = await desk(mongo, Rules(not_yet={A}, bugs={B}))
        await subject.consumer.handle([record(A, 1, offset=0)])
        await subject.consumer.handle([record(B, 1, offset=1), record(B, 2, offset=2)])
        first = await queries.parked_keys(mongo, Wish(limit=1))
        second = await queries.parked_keys(mongo, Wish(limit=1, after=first.next))
        assert [(key["order_key"], key["slug"], key["count"]) for key in first.rows + second.rows] == [
            (A, "fact-missing", 1), (B, "bug", 2),
        ]  # fmt: skip
        assert second.next is None
        assert first.rows[0]["head"] == await head_of(mongo)
        assert first.rows[0]["type"] == "vn.motcua.dossier.transferred.v1"

    @pytest.mark.parametrize(
        ("wish", "found"),
        [
            (Wish(slug="bug"), [B]),
            (Wish(topic="dossier.events.v1"), [A, B]),
            (Wish(topic="notice.events.v1"), []),
        ],
        ids=["slug", "topic", "no such topic"],
    )
    async def test_keys_are_found_by_slug_and_topic(self, mongo: Mongo, wish: Wish, found: list[str]) -> None:
        subject = await desk(mongo, Rules(not_yet={A}, bugs={B}))
        await subject.consumer.handle([record(A, 1, offset=0)])
        await subject.consumer.handle([record(B, 1, offset=1)])
        page = await queries.parked_keys(mongo, wish)
        assert [key["order_key"] for key in page.rows] == found

    async def test_letters_are_listed_page_by_page_also_of_one_moment(self, mongo: Mongo) -> None:
        subject = await desk(mongo, Rules(refused={A}), **COMMANDS)
        await subject.consumer.handle([record(A, step, offset=step) for step in range(1, 8)])
        seen: list[int] = []
        after = None
        while True:
            page = await queries.letters(mongo, Wish(limit=3, after=after))
            seen += [letter["offset"] for letter in page.rows]
            after = page.next
            if after is None:
                break
        assert seen == [1, 2, 3, 4, 5, 6, 7]
        assert not [letter for letter in (await queries.letters(mongo, Wish())).rows if "value" in letter]
        assert (await queries.letters(mongo, Wish(slug="bug"))).rows == []

    async def test_a_key_shows_its_records_without_their_content_and_the_content_is_noted(self, mongo: Mongo) -> None:
        await waiting(mongo)
        shown = await queries.parked_key(mongo, KEY)
        assert [row["offset"] for row in shown["records"]] == [1, 2, 3]
        assert "H12.970.02" not in str(shown), "nothing of the body"
        first = await head_of(mongo)
        read = await contents.read_parked(mongo, now, first, ACTING)
        assert "H12.970.02" in read["body"]
        [operation] = (await queries.parked_key(mongo, KEY))["operations"]
        assert (operation["command"], operation["details"]) == ("parked.read", {"record": first})
