"""A log that is not the one that was read: its partition stands still, loudly, and nothing of it is taken for done."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pytest

from contracts.topics import DOSSIER_EVENTS, all_topics
from services.kit.batch import FENCES, fence_id
from services.kit.kafka import (
    KafkaUnreachable,
    LogLost,
    Partition,
    Record,
    committed_offsets,
    create_topics,
    read_log,
)
from services.kit.mongo import Mongo
from services.kit.settings import KafkaSettings
from tests.component.ledger import consumer, count, now, record, steps_of
from tests.component.watch_fixtures import CODES, Member, member, produce
from tests.eventually import eventually

TOPIC = DOSSIER_EVENTS.name
PLACES = [(TOPIC, number) for number in range(DOSSIER_EVENTS.partitions)]
A, PLACE = "H12.970.00-261123-0001", (TOPIC, 0)


@pytest.fixture
def tells(kafka: KafkaSettings) -> KafkaSettings:
    """The embedded broker names ends some records too low; nothing here depends on a few."""
    return kafka.model_copy(update={"idempotence": True})


async def read_before(mongo: Mongo, next: int, places: Sequence[Partition] = PLACES) -> None:
    """Fences of an earlier log."""
    await consumer(mongo)
    fences = [{"_id": fence_id("test", place, "0"), "next": next, "bad_run": 0, "at": now()} for place in places]
    await mongo.collection(FENCES).insert_many(fences)


async def is_lost(subject: Member) -> bool:
    return await subject.ill(subject.watch.logs_are_those_read_before, "kafka-log-lost")


async def committed(kafka: KafkaSettings) -> int:
    found = await committed_offsets(kafka.bootstrap, {"test": PLACES})
    return sum(max(0, offset) for offset in found["test"].values())


async def test_a_log_that_ends_below_the_fences_is_not_read_and_a_new_epoch_reads_all_of_it(
    mongo: Mongo, kafka: KafkaSettings, tells: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await read_before(mongo, 40)
    await produce(kafka, 1)
    async with member(tells, mongo) as subject:
        await eventually(lambda: is_lost(subject), timeout=60)
        for place in PLACES:
            await eventually(lambda place=place: place in subject.watch.subscription.pulse.lost, timeout=60)  # type: ignore[misc]
        for step in range(2, 13):  # past the fences: it is no other log by that
            await produce(kafka, step, CODES[:10] * 4)
        assert await is_lost(subject)
    async with member(tells, mongo) as restarted:
        await eventually(lambda: is_lost(restarted), timeout=60)
        assert await steps_of(mongo, CODES[0]) == ()
    assert await committed(kafka) == 0
    async with member(tells, mongo, epoch="1") as cured:
        await eventually(lambda: begun_with(mongo, 1), timeout=60)
        assert await cured.well(cured.watch.logs_are_those_read_before)


async def begun_with(mongo: Mongo, step: int) -> bool:
    return all([(await steps_of(mongo, code))[:1] == (step,) for code in CODES])


async def test_the_other_partitions_flow(mongo: Mongo, kafka: KafkaSettings, tells: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await produce(kafka, 1)
    await produce(kafka, 2)
    async with read_log(kafka.bootstrap, [TOPIC]) as records:
        lies = {(r.key or b"").decode(): r.partition async for r in records}
    lost = lies[CODES[0]]
    await read_before(mongo, 100, [(TOPIC, lost)])
    async with member(tells, mongo) as subject:

        async def others_have_theirs() -> bool:
            return all([await steps_of(mongo, code) == (1, 2) for code in CODES if lies[code] != lost])

        await eventually(others_have_theirs, timeout=60)
        await eventually(lambda: is_lost(subject), timeout=60)
        assert await steps_of(mongo, CODES[0]) == ()
        assert subject.watch.subscription.pulse.lost == {(TOPIC, lost)}


async def test_a_log_that_is_empty_again_is_seen_before_anything_is_written_to_it(
    mongo: Mongo, kafka: KafkaSettings, tells: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await read_before(mongo, 5)
    async with member(tells, mongo) as subject:
        await eventually(lambda: is_lost(subject), timeout=40)


async def test_the_embedded_broker_that_names_short_ends_is_not_suspected(mongo: Mongo, kafka: KafkaSettings) -> None:
    """There each life of the log has an epoch of its own."""
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    untold = kafka.model_copy(update={"idempotence": False})
    await read_before(mongo, 5)
    await produce(kafka, 1, CODES[:1])
    async with member(untold, mongo) as subject:
        await eventually(lambda: len(subject.watch.subscription.assigned) == len(PLACES), timeout=40)
        for _ in range(6):
            await subject.watch.look()
        assert not await is_lost(subject)


class TestRecordsBelowTheFence:
    """As Kafka delivers them once more after a crash."""

    async def test_are_done_where_the_log_reaches_the_fence(self, mongo: Mongo) -> None:
        subject = await consumer(mongo, log_ends=_ends({PLACE: 3}))
        records = [record(A, step + 1, offset=step) for step in (0, 1, 2)]
        await subject.handle(records)
        await subject.handle(records)
        assert await steps_of(mongo, A) == (1, 2, 3)
        await subject.handle([*records, record(A, 4, offset=3)])
        assert await steps_of(mongo, A) == (1, 2, 3, 4)

    async def test_are_refused_where_it_does_not_also_when_it_has_grown(self, mongo: Mongo) -> None:
        ends = {PLACE: 3}
        subject = await consumer(mongo, log_ends=_ends(ends))
        await subject.handle([record(A, step + 1, offset=step) for step in (0, 1, 2)])
        ends[PLACE] = 1
        new = [_other(record(A, 7, offset=0))]
        for end in (1, 50):
            ends[PLACE] = end
            with pytest.raises(LogLost) as caught:
                await subject.handle(new)
            assert caught.value.places == {PLACE}
        [fence] = [d async for d in mongo.collection(FENCES).find({})]
        assert (fence["next"], fence["lost_end"]) == (3, 1)

    async def test_are_refused_where_another_record_stands_before_the_fence(self, mongo: Mongo) -> None:
        """It grew past the fence while nobody looked; its end tells nothing any more."""
        subject = await consumer(mongo, log_ends=_ends({PLACE: 50}))
        await subject.handle([record(A, step + 1, offset=step) for step in (0, 1, 2)])
        with pytest.raises(LogLost):
            await subject.handle([_other(record(A, step + 1, offset=step)) for step in (2, 3)])
        assert await steps_of(mongo, A) == (1, 2, 3)
        assert await count(mongo, FENCES, {"lost_end": None, "lost_at": {"$exists": True}}) == 1

    async def test_wait_where_the_broker_cannot_be_asked(self, mongo: Mongo) -> None:
        subject = await consumer(mongo, log_ends=_ends({}))
        await subject.handle([record(A, 1, offset=0)])
        with pytest.raises(KafkaUnreachable):
            await subject.handle([record(A, 1, offset=0)])
        assert await count(mongo, FENCES, {"lost_at": {"$exists": True}}) == 0


def _ends(ends: Mapping[Partition, int]) -> object:
    async def ask() -> Mapping[Partition, int]:
        return ends

    return ask


def _other(good: Record) -> Record:
    """Of another event, written at another time."""
    return dataclasses.replace(good, timestamp_ms=good.timestamp_ms + 5)
