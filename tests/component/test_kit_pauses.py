"""Pause and resume of a consumer, on real engines."""

from __future__ import annotations

from contracts.topics import DOSSIER_EVENTS, all_topics
from services.kit.kafka import create_topics
from services.kit.mongo import Mongo
from services.kit.operations.operation import OPERATIONS, Acting
from services.kit.pauses import pause, resume
from services.kit.settings import KafkaSettings
from tests.component.ledger import consumer, now
from tests.component.watch_fixtures import CODES, Member, gate, member, produce
from tests.eventually import eventually

WHO = Acting("operator-7", "kiểm tra bản phát hành")
PLACES = [(DOSSIER_EVENTS.name, number) for number in range(DOSSIER_EVENTS.partitions)]


async def all_assigned(subject: Member) -> bool:
    return len(subject.watch.subscription.assigned) == DOSSIER_EVENTS.partitions


async def waiting(*subjects: Member) -> bool:
    """One round at least; the embedded broker names the end of a log one batch too low."""
    return sum(subject.lag or 0 for subject in subjects) >= len(CODES)


async def paused(subject: Member) -> bool:
    return subject.watch.subscription.pulse.paused


async def test_a_held_consumer_takes_nothing_stays_in_its_group_and_goes_on_where_it_stood(
    mongo: Mongo, kafka: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    async with member(kafka, mongo) as subject:
        await produce(kafka, 1)
        await eventually(lambda: subject.have(1), timeout=40)
        assert await pause(mongo, "test", WHO, now())
        await eventually(lambda: paused(subject), timeout=10)
        await produce(kafka, 2)
        await produce(kafka, 3)
        await eventually(lambda: waiting(subject), timeout=20)
        assert await subject.well(subject.watch.consumer_goes_on)
        assert await subject.have(1)
        assert await all_assigned(subject)
        assert "paused by hand" in subject.watch.note()
        assert await resume(mongo, "test", WHO, now())
        await eventually(lambda: subject.have(1, 2, 3), timeout=40)
        await eventually(lambda: subject.lag == 0, timeout=20)


async def test_a_hold_outlives_restarts_and_rebalances(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await consumer(mongo)
    await pause(mongo, "test", WHO, now())
    await produce(kafka, 1)
    await produce(kafka, 2)
    held = gate()
    async with member(kafka, mongo, handle=held) as first:
        await eventually(lambda: waiting(first), timeout=30)
        async with member(kafka, mongo, handle=held) as second:

            async def shared() -> bool:
                both = [len(one.watch.subscription.assigned) for one in (first, second)]
                return sum(both) == DOSSIER_EVENTS.partitions and 0 not in both

            await eventually(shared, timeout=60)
            await eventually(lambda: waiting(first, second), timeout=20)
            assert held.seen == 0
            await resume(mongo, "test", WHO, now())
            await eventually(lambda: first.have(1, 2), timeout=30)


async def test_a_batch_under_way_is_finished_and_the_next_is_not_taken(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    held = gate(opened=False)
    async with member(kafka, mongo, handle=held) as subject:
        await produce(kafka, 1, CODES[:1])
        await eventually(lambda: held.inside, timeout=30)
        await pause(mongo, "test", WHO, now())
        await eventually(lambda: paused(subject), timeout=10)
        for step in (2, 3):
            await produce(kafka, step, CODES[:1])
        held.opened.set()
        await eventually(lambda: held.inside == 0, timeout=20)
        await eventually(lambda: subject.lag, timeout=20)
        assert held.seen == 1


async def test_who_holds_and_why_is_kept_and_a_second_hold_changes_nothing(mongo: Mongo) -> None:
    await consumer(mongo)
    assert await pause(mongo, "test", WHO, now())
    assert not await pause(mongo, "test", Acting("somebody-else", "vì lý do khác"), now())
    assert await resume(mongo, "test", Acting("operator-8", "đã xem xong"), now())
    assert not await resume(mongo, "test", WHO, now())
    told = [d async for d in mongo.collection(OPERATIONS).find({}).sort("_id", 1)]
    assert [(d["command"], d["by"], d["subject"]) for d in told] == [
        ("consumer.pause", "operator-7", "consumer:test"),
        ("consumer.resume", "operator-8", "consumer:test"),
    ]
    assert told[1]["details"]["held_by"] == "operator-7"
