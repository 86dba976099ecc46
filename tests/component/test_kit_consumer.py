"""The consumer on a real database: every effect once, bad records out of the way, one dossier's trouble its own."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from itertools import count as count_from

import pytest

from contracts.topics import DOSSIER_EVENTS
from services.kit.batch import BadRecordLimit
from services.kit.commit import Committer
from services.kit.decoding import decode
from services.kit.errors import FailStop
from services.kit.failures import DEAD_LETTERS, PARKED, PARKED_KEYS, stored_record
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.operations.operation import account_acting
from services.kit.operations.parked import Parked
from services.kit.outbox import OUTBOX
from services.kit.retrier import Retrier
from tests.component.ledger import LEDGERS, Append, Rules, consumer, count, events, now, record, steps_of, transferred

A, B = "H12.970.00-261123-0001", "H12.970.00-261123-0002"


async def test_a_batch_changes_state_and_writes_its_events_in_order(mongo: Mongo) -> None:
    subject = await consumer(mongo)
    await subject.handle([record(A, 1, offset=0), record(B, 1, offset=1), record(A, 2, offset=2)])
    assert await steps_of(mongo, A) == (1, 2)
    assert await steps_of(mongo, B) == (1,)
    assert [event["sequence"] for event in await events(mongo, subject=A)] == [1, 2]
    assert await count(mongo, OUTBOX, {"pending": True}) == 1  # one document for the whole batch


async def test_a_redelivered_batch_changes_nothing(mongo: Mongo) -> None:
    subject = await consumer(mongo)
    batch = [record(A, 1, offset=0), record(A, 2, offset=1)]
    await subject.handle(batch)
    await subject.handle(batch)
    await subject.handle([*batch, record(A, 3, offset=2)])
    assert await steps_of(mongo, A) == (1, 2, 3)
    assert len(await events(mongo)) == 3


async def test_an_event_sent_twice_by_a_relay_has_one_effect_though_its_offset_is_new(mongo: Mongo) -> None:
    subject = await consumer(mongo)
    await subject.handle([record(A, 1, offset=0)])
    await subject.handle([record(A, 1, offset=1), record(A, 2, offset=2), record(A, 2, offset=3)])
    assert await steps_of(mongo, A) == (1, 2)


async def test_a_log_that_begins_again_is_read_again_and_known_events_are_dropped(mongo: Mongo) -> None:
    before = await consumer(mongo, epoch="1")
    await before.handle([record(A, 1, offset=40), record(A, 2, offset=41)])
    after = await consumer(mongo, epoch="2")
    await after.handle([record(A, 1, offset=0), record(A, 2, offset=1), record(A, 3, offset=2)])
    assert await steps_of(mongo, A) == (1, 2, 3)


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"headers": (("ce_id", None),)}, "null-header"),
        ({"headers": (("ce_id", b"\xff\xfe"),)}, "header-not-utf8"),
        ({"headers": ()}, "not-a-cloudevent"),
        ({"value": b"{not json"}, "data-invalid"),
        ({"value": b'{"code": 7}'}, "data-invalid"),
        ({"value": None}, "tombstone"),
        ({"value": b"x" * 1_000_000}, "body-too-large"),
        ({"key": b"somebody else"}, "key-mismatch"),
    ],
)
async def test_a_record_that_cannot_be_read_is_a_dead_letter_with_its_bytes_and_its_neighbours_go_on(
    mongo: Mongo, change: dict[str, object], slug: str
) -> None:
    subject = await consumer(mongo)
    bad = dataclasses.replace(record(B, 1, offset=1), **change)  # type: ignore[arg-type]
    await subject.handle([record(A, 1, offset=0), bad, record(A, 2, offset=2)])
    assert await steps_of(mongo, A) == (1, 2)
    [letter] = [document async for document in mongo.collection(DEAD_LETTERS).find({})]
    assert letter["slug"] == slug
    assert stored_record(letter) == bad
    [copy] = await events(mongo, type="dead-letter")
    assert (copy["topic"], copy["body"], copy["key"]) == ("dossier.events.v1.dlq.test", bad.value, bad.key)


@pytest.mark.parametrize("type_", ["vn.motcua.dossier.exploded.v1", "vn.motcua.dossier.transferred.v2"])
async def test_an_unknown_type_or_version_is_a_dead_letter(mongo: Mongo, type_: str) -> None:
    good = record(A, 1, offset=0)
    headers = tuple((n, type_.encode() if n == "ce_type" else v) for n, v in good.headers)
    await (await consumer(mongo)).handle([dataclasses.replace(good, headers=headers)])
    [letter] = [document async for document in mongo.collection(DEAD_LETTERS).find({})]
    assert letter["slug"] == "event-type-unknown"


async def test_a_dossier_that_fails_waits_alone_and_in_order_until_its_fact_arrives(mongo: Mongo) -> None:
    rules = Rules(not_yet={A})
    subject = await consumer(mongo, rules)
    await subject.handle([record(A, 1, offset=0), record(B, 1, offset=1), record(A, 2, offset=2)])
    await subject.handle([record(A, 3, offset=3), record(A, 3, offset=4)])
    assert await steps_of(mongo, A) == ()
    assert await steps_of(mongo, B) == (1,)
    assert await count(mongo, PARKED) == 3

    rules.not_yet.clear()
    lease = Lease(mongo, "worker")
    assert await lease.hold()
    applied = await Retrier(mongo, subject, lease).replay(f"test|{A}", now())
    assert applied == 3
    assert await steps_of(mongo, A) == (1, 2, 3)
    assert await count(mongo, PARKED_KEYS) == 0
    await subject.handle([record(A, 4, offset=5)])
    assert await steps_of(mongo, A) == (1, 2, 3, 4)


async def test_a_bug_stops_one_dossier_and_not_the_topic(mongo: Mongo) -> None:
    subject = await consumer(mongo, Rules(bugs={A}))
    await subject.handle([record(A, 1, offset=0), record(B, 1, offset=1)])
    assert await steps_of(mongo, B) == (1,)
    [key] = [document async for document in mongo.collection(PARKED_KEYS).find({})]
    assert (key["slug"], key["count"]) == ("bug", 1)


async def test_a_refused_command_is_a_dead_letter_and_later_commands_of_its_key_go_on(mongo: Mongo) -> None:
    rules = Rules(refused={A})
    subject = await consumer(mongo, rules, command_topics=frozenset({"dossier.events.v1"}))
    await subject.handle([record(A, 1, offset=0)])
    rules.refused.clear()
    await subject.handle([record(A, 2, offset=1)])
    assert await steps_of(mongo, A) == (2,)
    [letter] = [document async for document in mongo.collection(DEAD_LETTERS).find({})]
    assert letter["slug"] == "rule-says-no"


async def test_a_still_failing_key_is_tried_later_and_later(mongo: Mongo) -> None:
    subject = await consumer(mongo, Rules(not_yet={A}))
    await subject.handle([record(A, 1, offset=0)])
    lease = Lease(mongo, "worker")
    await lease.hold()
    retrier = Retrier(mongo, subject, lease)
    waits = []
    for _ in range(3):
        moment = now()
        assert await retrier.replay(f"test|{A}", moment) == 0
        [key] = [document async for document in mongo.collection(PARKED_KEYS).find({})]
        waits.append((key["next_at"] - moment).total_seconds())
    assert waits == [2, 4, 8]


async def test_each_key_is_tried_at_its_own_moment(mongo: Mongo) -> None:
    """With many keys a common one would be long past for the last of them."""
    subject = await consumer(mongo, Rules(not_yet={A, B}))
    await subject.handle([record(A, 1, offset=0), record(B, 1, offset=1)])
    lease = Lease(mongo, "worker")
    await lease.hold()
    moments = (now() + timedelta(minutes=minute) for minute in count_from(10))
    subject.now = lambda: next(moments)
    await Retrier(mongo, subject, lease).once()
    first, second = [key["next_at"] async for key in mongo.collection(PARKED_KEYS).find({})]
    assert abs(first - second) > timedelta(seconds=30)


async def test_an_operator_may_skip_the_head_of_a_key_and_it_is_kept_with_who_and_why(mongo: Mongo) -> None:
    rules = Rules(refused={A})
    subject = await consumer(mongo, rules)
    await subject.handle([record(A, 1, offset=0), record(A, 2, offset=1)])
    acting = account_acting("operator-7", "wrong test data")
    [key] = [document async for document in mongo.collection(PARKED_KEYS).find({})]
    await Parked(mongo, now).skip(f"test|{A}", key["head"]["id"], acting)
    rules.refused.clear()
    await Retrier(mongo, subject, Lease(mongo, "worker")).replay(f"test|{A}", now())
    assert await steps_of(mongo, A) == (2,)
    [letter] = [document async for document in mongo.collection(DEAD_LETTERS).find({})]
    assert "operator-7" in letter["detail"]


async def test_too_many_bad_records_in_a_row_stop_the_process_before_anything_is_drained(mongo: Mongo) -> None:
    subject = await consumer(mongo, limit=BadRecordLimit(run=5))
    bad = [dataclasses.replace(record(A, 1, offset=n), value=b"?") for n in range(6)]
    with pytest.raises(FailStop):
        await subject.handle(bad)
    assert await count(mongo, DEAD_LETTERS) == 0
    for letter in bad[:5]:
        await subject.handle([letter])
    with pytest.raises(FailStop):  # the run is counted over batches and restarts
        await (await consumer(mongo, limit=BadRecordLimit(run=5))).handle([bad[5]])


async def test_what_this_service_does_not_care_for_only_moves_the_fence(mongo: Mongo) -> None:
    subject = await consumer(mongo)
    subject.handlers = {}
    await subject.handle([record(A, 1, offset=0)])
    assert await count(mongo, LEDGERS.collection) == 0
    assert await count(mongo, "inbox") == 0
    assert await count(mongo, "fences", {"next": 1}) == 1


def test_a_good_record_decodes_with_an_id_unique_over_producers() -> None:
    decoded = decode(record(A, 1, offset=0))
    assert getattr(decoded, "event_id", None) == f"/routing|{A}/1"


async def test_a_head_that_waits_for_a_fact_is_passed_by_the_fact_behind_it(mongo: Mongo) -> None:
    rules = Rules(first_step_first=True)
    subject = await consumer(mongo, rules)
    await subject.handle([record(A, 2, offset=0), record(A, 1, offset=1)])
    assert await steps_of(mongo, A) == ()
    lease = Lease(mongo, "worker")
    await lease.hold()
    assert await Retrier(mongo, subject, lease).replay(f"test|{A}", now()) == 2
    assert await steps_of(mongo, A) == (1, 2)
    assert await count(mongo, PARKED_KEYS) == 0


async def test_a_batch_that_loses_every_conflict_goes_through_in_smaller_parts(mongo: Mongo) -> None:
    subject = await consumer(mongo)
    codes = [f"H12.970.00-261123-{n:04d}" for n in range(1, 61)]
    await subject.handle([record(code, 1, offset=n) for n, code in enumerate(codes)])
    clerk = Committer(mongo, "/test", now)
    busy = True

    async def clerks() -> int:
        """Somebody who always has one of the batch's dossiers in hand."""
        done = 0
        while busy:
            await clerk.run(Append(transferred(codes[done % 60], 100 + done), Rules()))
            done += 1
        return done

    working = asyncio.create_task(clerks())
    for step in range(2, 6):
        await subject.handle([record(code, step, offset=60 * step + n) for n, code in enumerate(codes)])
    busy = False
    assert await working > 0
    for code in codes:
        assert [step for step in await steps_of(mongo, code) if step < 100] == [1, 2, 3, 4, 5]


async def test_a_parked_record_that_this_release_cannot_read_becomes_a_dead_letter(
    mongo: Mongo,
) -> None:
    rules = Rules(not_yet={A})
    subject = await consumer(mongo, rules)
    await subject.handle([record(A, 1, offset=0), record(A, 2, offset=1)])
    await mongo.collection(PARKED).update_one({"offset": 0}, {"$set": {"value": b"{}"}})
    rules.not_yet.clear()
    lease = Lease(mongo, "worker")
    await lease.hold()
    await Retrier(mongo, subject, lease).replay(f"test|{A}", now())
    [letter] = [document async for document in mongo.collection(DEAD_LETTERS).find({})]
    assert (letter["slug"], letter["offset"]) == ("data-invalid", 0)
    assert await steps_of(mongo, A) == (2,)


async def test_a_letter_is_named_after_the_log_that_its_record_lay_in(mongo: Mongo) -> None:
    """After a lost log another record has its offset; two letters with one name would block the second for ever."""
    rules = Rules(not_yet={A})
    await (await consumer(mongo, rules, epoch="1")).handle([record(A, 1, offset=17)])
    after = await consumer(mongo, rules, epoch="2")
    [row] = [document async for document in mongo.collection(PARKED).find({})]
    await Parked(mongo, now).skip(f"test|{A}", row["_id"], account_acting("operator-1", "not needed"))
    lease = Lease(mongo, "worker")
    await lease.hold()
    await Retrier(mongo, after, lease).replay(f"test|{A}", now())
    await after.handle([dataclasses.replace(record(B, 1, offset=17), value=b"{}")])
    letters = [document["_id"] async for document in mongo.collection(DEAD_LETTERS).find({})]
    assert sorted(letters) == ["test/dossier.events.v1@1/0/17", "test/dossier.events.v1@2/0/17"]


async def test_what_is_delivered_again_before_a_record_that_cannot_be_applied_is_no_progress(mongo: Mongo) -> None:
    """Else readiness stays green while a partition stands still."""
    command = DOSSIER_EVENTS.name.replace("dossier", "counter")
    subject = await consumer(mongo, command_topics=frozenset({command}))
    await subject.handle([record(A, 1, offset=0)])
    began = subject.progress_at
    stuck = dataclasses.replace(record(B, 1, offset=0, topic=command), value=b"{}")
    subject.limit = BadRecordLimit(run=0)
    for _ in range(3):
        with pytest.raises(FailStop):
            await subject.handle([record(A, 1, offset=0), stuck])
    assert subject.progress_at == began
    await subject.handle([record(A, 1, offset=0)])
    assert subject.progress_at > began, "a batch at its end is progress, also one of repeats"
    with pytest.raises(FailStop):
        await subject.handle([record(A, 2, offset=1), stuck])
    assert await steps_of(mongo, A) == (1, 2)


async def test_a_document_that_cannot_be_read_stops_its_own_dossier_and_no_other(mongo: Mongo) -> None:
    subject = await consumer(mongo)
    await subject.handle([record(A, 1, offset=0), record(B, 1, offset=1)])
    await mongo.collection(LEDGERS.collection).update_one({"_id": A}, {"$set": {"steps": "from a newer release"}})
    await subject.handle([record(B, 2, offset=2), record(A, 2, offset=3), record(B, 3, offset=4)])
    assert await steps_of(mongo, B) == (1, 2, 3)
    [key] = [document async for document in mongo.collection(PARKED_KEYS).find({})]
    assert (key["_id"], key["slug"]) == (f"test|{A}", "bug")


async def test_a_record_larger_than_a_document_may_be_is_kept_as_its_start_and_its_digest(mongo: Mongo) -> None:
    subject = await consumer(mongo)
    huge = dataclasses.replace(record(A, 1, offset=0), value=b"0" * 17_000_000)
    await subject.handle([huge, record(B, 1, offset=1)])
    assert await steps_of(mongo, B) == (1,)
    [letter] = [document async for document in mongo.collection(DEAD_LETTERS).find({})]
    assert letter["slug"] == "body-too-large"
    assert len(letter["value"]) == 1_000_000
