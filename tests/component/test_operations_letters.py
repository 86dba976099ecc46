"""Dead letters: applied again once, behind what waits for their key."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from contracts.problems import Conflict, Invalid
from services.kit.batch import INBOX
from services.kit.failures import DEAD_LETTERS, PARKED
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.operations import queries
from services.kit.operations.edits import Correction
from services.kit.operations.letters import Letters
from services.kit.operations.operation import OPERATIONS
from services.kit.retrier import Retrier
from tests.component.ledger import Rules, count, now, record, steps_of
from tests.component.operations_fixtures import (
    ACTING,
    COMMANDS,
    RIGHT_TYPE,
    A,
    B,
    desk,
    refused_command,
    slug_of,
    unreadable,
)


class TestReplay:
    async def test_a_refused_command_takes_effect_once_it_is_replayed_after_the_cure(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        letter = await subject.letter()
        operation = await subject.letters.replay(letter["_id"], ACTING)
        assert (await subject.letter())["state"] == "replaying"
        assert await steps_of(mongo, A) == ()
        assert await subject.result(operation) == ("requested", None)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (1,)
        assert await subject.waiting() == ([], [])
        assert (await subject.letter())["state"] == "applied"
        assert await subject.result(operation) == ("done", "applied")

    async def test_what_a_newer_release_can_read_takes_effect_and_its_repeat_from_kafka_does_not(
        self, mongo: Mongo
    ) -> None:
        """The bytes are put right behind the letter's back: that is what a new release does to them."""
        subject = await desk(mongo)
        await subject.consumer.handle([unreadable(A, 1, offset=0)])
        letter = await subject.letter()
        good = record(A, 1, offset=0)
        fields = {"headers": [[name, value] for name, value in good.headers]}
        await mongo.collection(DEAD_LETTERS).update_one({"_id": letter["_id"]}, {"$set": fields})
        await subject.letters.replay(letter["_id"], ACTING)
        await subject.retrier.once()
        await subject.consumer.handle([dataclasses.replace(good, offset=1)])
        assert await steps_of(mongo, A) == (1,)

    async def test_what_still_cannot_be_read_is_refused_and_nothing_is_stored(self, mongo: Mongo) -> None:
        subject = await desk(mongo)
        await subject.consumer.handle([unreadable(A, 1, offset=0)])
        letter = await subject.letter()
        with pytest.raises(Invalid) as caught:
            await subject.letters.replay(letter["_id"], ACTING)
        assert (caught.value.slug, caught.value.facts["rule"]) == ("letter-unreadable", "event-type-unknown")
        assert await subject.letter() == letter
        assert await count(mongo, OPERATIONS) == 0

    async def test_asked_for_many_times_at_once_it_takes_effect_once(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        letter = await subject.letter()
        asked = [Letters(mongo, now).replay(letter["_id"], ACTING) for _ in range(5)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refused = [slug_of(answer) for answer in answers if isinstance(answer, BaseException)]
        assert refused == ["letter-not-open"] * 4
        [taken] = [answer for answer in answers if not isinstance(answer, BaseException)]
        await asyncio.gather(subject.retrier.once(), subject.retrier.once())
        assert await steps_of(mongo, A) == (1,)
        with pytest.raises(Conflict) as caught:
            await subject.letters.replay(letter["_id"], ACTING)
        assert caught.value.facts == {"state": "applied", "operation": taken["_id"]}
        assert await count(mongo, OPERATIONS) == 1

    async def test_it_goes_behind_what_is_parked_for_its_key(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        subject.rules.not_yet.add(A)
        await subject.consumer.handle([record(A, 2, offset=1), record(A, 3, offset=2)])
        operation = await subject.letters.replay((await subject.letter())["_id"], ACTING)
        assert await subject.result(operation) == ("waiting", "behind")
        await subject.consumer.handle([record(A, 4, offset=3)])
        assert await subject.waiting() == ([f"test|{A}"], [1, 2, 0, 3])
        subject.rules.not_yet.clear()
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (2, 3, 1, 4)
        assert await subject.result(operation) == ("done", "applied")

    async def test_a_letter_that_is_the_fact_which_the_head_waits_for_passes_it(self, mongo: Mongo) -> None:
        subject = await desk(mongo, Rules(first_step_first=True))
        await subject.consumer.handle([unreadable(A, 1, offset=0), record(A, 2, offset=1)])
        letter = await subject.letter()
        await subject.letters.edit(letter["_id"], RIGHT_TYPE, ACTING)
        await subject.letters.replay(letter["_id"], ACTING)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (1, 2)
        assert await subject.waiting() == ([], [])

    async def test_behind_a_waiting_head_a_refusal_is_not_final_it_may_only_be_early(self, mongo: Mongo) -> None:
        subject = await desk(mongo, Rules(first_step_first=True, refused_while_empty={7}), **COMMANDS)
        await subject.consumer.handle([record(A, 7, offset=0), record(A, 2, offset=1)])
        operation = await subject.letters.replay((await subject.letter())["_id"], ACTING)
        await subject.retrier.once()
        assert (await subject.letter())["state"] == "replaying"
        assert await subject.waiting() == ([f"test|{A}"], [1, 0])
        await subject.consumer.handle([record(A, 1, offset=2)])
        await subject.retrier.replay(f"test|{A}", now())
        assert await steps_of(mongo, A) == (1, 2, 7)
        assert await subject.result(operation) == ("done", "applied")

    @pytest.mark.parametrize(("fault", "slug"), [("refused", "rule-says-no"), ("bugs", "bug")])
    async def test_refused_again_it_is_an_open_letter_and_holds_nobody_up(
        self, mongo: Mongo, fault: str, slug: str
    ) -> None:
        """On a topic of facts too: before somebody tried it, nobody waited behind it."""
        subject = await desk(mongo)
        await subject.consumer.handle([unreadable(A, 1, offset=0)])
        letter = await subject.letter()
        await subject.letters.edit(letter["_id"], RIGHT_TYPE, ACTING)
        copies = await count(mongo, "outbox")
        getattr(subject.rules, fault).add(A)
        operation = await subject.letters.replay(letter["_id"], ACTING)
        await subject.retrier.once()
        after = await subject.letter()
        assert (after["state"], after["slug"]) == ("open", slug)
        assert await subject.result(operation) == ("refused", "refused")
        assert await subject.waiting() == ([], [])
        assert await count(mongo, "outbox") == copies, "its copy lies on the dead-letter topic since it was buried"
        getattr(subject.rules, fault).clear()
        await subject.consumer.handle([record(A, 2, offset=1)])
        await subject.letters.replay(letter["_id"], ACTING)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (2, 1)

    async def test_where_its_dossier_cannot_even_be_loaded_it_is_an_open_letter_again(self, mongo: Mongo) -> None:
        subject = await desk(mongo)
        await subject.consumer.handle([record(A, 2, offset=0), unreadable(A, 1, offset=1)])
        letter = await subject.letter()
        await subject.letters.edit(letter["_id"], RIGHT_TYPE, ACTING)
        ledgers, sound = mongo.collection("ledgers"), {"$set": {"steps": [2]}}
        await ledgers.update_one({"_id": A}, {"$set": {"steps": "from a newer release"}})
        operation = await subject.letters.replay(letter["_id"], ACTING)
        await subject.retrier.once()
        after = await subject.letter()
        assert (after["state"], after["slug"]) == ("open", "bug")
        assert await subject.result(operation) == ("refused", "refused")
        assert await subject.waiting() == ([], [])
        await ledgers.update_one({"_id": A}, sound)
        await subject.letters.replay(letter["_id"], ACTING)
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (2, 1)

    async def test_one_that_waits_for_a_fact_waits_with_its_key_and_says_for_what(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        subject.rules.not_yet.add(A)
        operation = await subject.letters.replay((await subject.letter())["_id"], ACTING)
        await subject.retrier.once()
        found = await queries.operation(mongo, operation["_id"])
        assert found["state"] == "waiting"
        assert found["result"] == {"outcome": "waits", "slug": "fact-missing", "parked_key": f"test|{A}"}
        assert (await subject.letter())["state"] == "replaying"

    async def test_a_waiting_one_that_is_skipped_is_an_open_letter_again(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        subject.rules.not_yet.add(A)
        replayed = await subject.letters.replay((await subject.letter())["_id"], ACTING)
        await subject.retrier.once()
        [row] = await subject.rows(PARKED)
        skipped = await subject.parked.skip(f"test|{A}", row["_id"], ACTING)
        await subject.retrier.once()
        letter = await subject.letter()
        assert (letter["state"], letter["slug"]) == ("open", "skipped-by-operator")
        assert await subject.result(skipped) == ("done", "skipped")
        assert await subject.result(replayed) == ("refused", "refused")
        assert await subject.waiting() == ([], [])

    async def test_what_came_another_way_since_then_is_not_applied_a_second_time(self, mongo: Mongo) -> None:
        """Republished after an upgrade, say: the inbox knows it, and the letter is not its owner."""
        subject = await desk(mongo)
        await subject.consumer.handle([unreadable(A, 1, offset=0)])
        await subject.consumer.handle([record(A, 1, offset=1)])
        letter = await subject.letter()
        await subject.letters.edit(letter["_id"], RIGHT_TYPE, ACTING)
        with pytest.raises(Conflict) as caught:
            await subject.letters.replay(letter["_id"], ACTING)
        assert caught.value.slug == "event-known"
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (1,)
        await subject.letters.close(letter["_id"], ACTING)

    async def test_of_two_letters_of_one_event_one_takes_effect(self, mongo: Mongo) -> None:
        subject = await desk(mongo)
        await subject.consumer.handle([unreadable(A, 1, offset=0), unreadable(A, 1, offset=1)])
        ids = [letter["_id"] for letter in await subject.rows(DEAD_LETTERS)]
        for id in ids:
            await subject.letters.edit(id, RIGHT_TYPE, ACTING)
        answers = await asyncio.gather(*(Letters(mongo, now).replay(id, ACTING) for id in ids), return_exceptions=True)
        assert [slug_of(answer) for answer in answers if isinstance(answer, BaseException)] == ["event-known"]
        await subject.retrier.once()
        assert await steps_of(mongo, A) == (1,)

    async def test_one_older_than_the_memory_of_event_ids_is_refused_unless_nobody_else_can_have_brought_it(
        self, mongo: Mongo
    ) -> None:
        subject = await desk(mongo)
        await subject.consumer.handle([unreadable(A, 1, offset=0)])
        letter = await subject.letter()
        await subject.letters.edit(letter["_id"], RIGHT_TYPE, ACTING)
        later = Letters(mongo, lambda: now() + timedelta(days=46))
        with pytest.raises(Conflict) as caught:
            await later.replay(letter["_id"], ACTING)
        assert caught.value.slug == "letter-too-old"
        await later.edit(letter["_id"], Correction(headers={"ce_id": "sent-anew"}), ACTING)
        await later.replay(letter["_id"], ACTING)

    async def test_a_refused_command_may_be_replayed_however_old_it_is(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        await mongo.collection(INBOX).delete_many({})  # what the server does after 45 days
        later = Letters(mongo, lambda: now() + timedelta(days=400))
        await later.replay((await subject.letter())["_id"], ACTING)

    @pytest.mark.parametrize("point", ["retrier-before-commit", "retrier-after-commit"])
    async def test_a_worker_that_dies_after_the_request_leaves_it_to_the_next_one_which_does_it_once(
        self, mongo: Mongo, monkeypatch: pytest.MonkeyPatch, point: str
    ) -> None:
        subject = await refused_command(mongo)
        operation = await subject.letters.replay((await subject.letter())["_id"], ACTING)

        class Died(BaseException):
            pass

        async def die(reached: str) -> None:
            if reached == point:
                raise Died

        with monkeypatch.context() as dying:
            dying.setattr("services.kit.points.reached", die)
            with pytest.raises(Died):
                await subject.retrier.once()
        await Retrier(mongo, subject.consumer, subject.retrier.lease).once()
        assert await steps_of(mongo, A) == (1,)
        assert await subject.waiting() == ([], [])
        assert await subject.result(operation) == ("done", "applied")

    async def test_while_nobody_leads_it_is_not_carried_out_and_then_it_is(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        operation = await subject.letters.replay((await subject.letter())["_id"], ACTING)
        await Retrier(mongo, subject.consumer, Lease(mongo, "worker")).once()
        assert await subject.result(operation) == ("requested", None)
        await subject.retrier.once()
        assert await subject.result(operation) == ("done", "applied")

    async def test_records_that_this_release_does_nothing_about_close_their_letter(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        operation = await subject.letters.replay((await subject.letter())["_id"], ACTING)
        subject.consumer.handlers = {}
        await subject.retrier.once()
        assert (await subject.letter())["state"] == "closed"
        assert await subject.result(operation) == ("done", "nothing-to-do")

    async def test_a_new_record_of_the_dossier_that_comes_meanwhile_waits_behind_it(self, mongo: Mongo) -> None:
        subject = await refused_command(mongo)
        await subject.letters.replay((await subject.letter())["_id"], ACTING)
        await subject.consumer.handle([record(A, 2, offset=1), record(B, 1, offset=2)])
        assert await steps_of(mongo, B) == (1,)
        await subject.retrier.replay(f"test|{A}", now())
        assert await steps_of(mongo, A) == (1, 2)
