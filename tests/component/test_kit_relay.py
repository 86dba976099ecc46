"""Outbox to Kafka and back on real engines: in order, at least once, by one leader."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from contracts.topics import DOSSIER_EVENTS, all_topics, dead_letter_topic
from local.engines import Endpoints
from services.kit.commit import Committer
from services.kit.kafka import KafkaUnreachable, Producer, Record, Subscription, create_topics, read_log
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX, republish
from services.kit.relay import Relay
from services.kit.settings import KafkaSettings
from services.kit.work import Cause, Item
from tests.component.ledger import Append, Rules, consumer, count, events, now, record, steps_of, transferred
from tests.eventually import eventually

CODES = [f"H12.970.00-261123-{n:04d}" for n in range(1, 21)]


@asynccontextmanager
async def producing(kafka: KafkaSettings) -> AsyncIterator[Producer]:
    producer = Producer(kafka, "test")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def write(mongo: Mongo, codes: Sequence[str], steps: range) -> None:
    """Put events into the outbox the way services do."""
    await consumer(mongo)
    committer = Committer(mongo, "/test", now)
    for step in steps:
        await committer.run_all([Item(Append(transferred(code, step), Rules()), Cause("c")) for code in codes])


async def led(mongo: Mongo, publisher: Any) -> Relay:
    lease = Lease(mongo, "worker")
    await lease.hold()
    return Relay(mongo, publisher, lease, now)


async def log_of(kafka: KafkaSettings) -> list[Record]:
    async with read_log(kafka.bootstrap, [DOSSIER_EVENTS.name]) as records:
        return [found async for found in records]


async def test_events_reach_kafka_in_order_per_dossier_and_are_marked_sent(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await write(mongo, CODES, range(1, 4))
    async with producing(kafka) as producer:
        relay = await led(mongo, producer)
        assert await relay.once() == 3
        assert await relay.once() == 0
    by_code: dict[bytes | None, list[bytes]] = {}
    for found in await log_of(kafka):
        by_code.setdefault(found.key, []).append(dict(found.headers)["ce_sequence"] or b"")
    assert by_code == {code.encode(): [b"1", b"2", b"3"] for code in CODES}
    assert await count(mongo, OUTBOX, {"pending": True}) == 0
    assert len(await events(mongo)) == 60  # the journal stays


async def test_a_crash_between_publish_and_mark_sends_again_with_the_same_ids(
    mongo: Mongo, kafka: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await write(mongo, CODES[:2], range(1, 3))
    async with producing(kafka) as producer:
        await producer.publish(await events(mongo))  # and here the process dies
        assert await (await led(mongo, producer)).once() == 2
    ids = [dict(found.headers)["ce_id"] for found in await log_of(kafka)]
    assert len(ids) == 8
    assert len(set(ids)) == 4


class Failing:
    """A publisher whose n-th row fails."""

    def __init__(self, fail_at: int) -> None:
        self.fail_at = fail_at
        self.sent: list[Any] = []

    async def publish(self, rows: Sequence[Mapping[str, Any]]) -> list[BaseException | None]:
        results: list[BaseException | None] = [None] * len(rows)
        if self.fail_at >= 0:
            results[self.fail_at] = OSError("broker away")
        self.fail_at = -1
        self.sent.append([row["sequence"] for row in rows])
        return results


async def test_after_a_failed_row_the_later_rows_of_its_dossier_stay_and_others_go(mongo: Mongo) -> None:
    await write(mongo, CODES[:1], range(1, 4))
    await write(mongo, CODES[1:2], range(1, 2))
    relay = await led(mongo, publisher := Failing(1))
    assert await relay.once() == 2
    waiting = [d async for d in mongo.collection(OUTBOX).find({"pending": True}).sort("_id", 1)]
    assert [event["sequence"] for document in waiting for event in document["events"]] == [2, 3]
    assert await relay.once() == 2
    assert publisher.sent == [[1, 2, 3, 1], [2, 3]]


async def test_neighbours_of_an_event_that_fails_are_not_sent_again_and_again(mongo: Mongo) -> None:
    await write(mongo, CODES[:3], range(1, 2))  # one document, three dossiers
    relay = await led(mongo, publisher := Failing(1))
    assert await relay.once() == 0
    assert await relay.once() == 1
    assert [len(sequences) for sequences in publisher.sent] == [3, 1]


async def test_without_the_lease_nothing_is_sent(mongo: Mongo) -> None:
    await write(mongo, CODES[:1], range(1, 2))
    first = await led(mongo, Failing(-1))
    second = await led(mongo, Failing(-1))
    assert first.lease.held
    assert not second.lease.held
    assert await second.once() == 0


async def test_a_silent_holder_is_replaced_after_the_time_to_live_and_cannot_renew(mongo: Mongo) -> None:
    paused = Lease(mongo, "job", ttl_s=0.3)
    assert await paused.hold()
    heir = Lease(mongo, "job", ttl_s=0.3)
    assert not await heir.hold()
    assert await eventually(heir.hold)
    assert not paused.held
    assert not await paused.hold()
    assert heir.epoch == 2


async def test_a_released_lease_is_taken_at_once(mongo: Mongo) -> None:
    first = Lease(mongo, "job")
    await first.hold()
    await first.release()
    assert await Lease(mongo, "job").hold()


async def test_only_one_of_many_contenders_holds_a_lease(mongo: Mongo) -> None:
    leases = [Lease(mongo, "job") for _ in range(8)]
    assert sum(await asyncio.gather(*(lease.hold() for lease in leases))) == 1


async def test_a_broker_that_forgot_everything_gets_the_journal_again(mongo: Mongo, kafka: KafkaSettings) -> None:
    await write(mongo, CODES[:3], range(1, 3))
    relay = await led(mongo, Failing(-1))
    assert await relay.once() == 2
    assert await republish(mongo) == 2
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    async with producing(kafka) as producer:
        assert await (await _same_lease(relay, producer)).once() == 2
    assert len(await log_of(kafka)) == 6


async def _same_lease(relay: Relay, publisher: Any) -> Relay:
    return dataclasses.replace(relay, publisher=publisher)


@asynccontextmanager
async def subscribed(kafka: KafkaSettings, mongo: Mongo) -> AsyncIterator[None]:
    subject = await consumer(mongo)
    subscription = Subscription(kafka, subject.group, [DOSSIER_EVENTS], subject.handle)
    await subscription.start()
    try:
        yield
    finally:
        await subscription.stop()


async def produce(kafka: KafkaSettings, records: Sequence[Record]) -> None:
    async with producing(kafka) as producer:
        rows = [
            {"topic": r.topic, "key": r.key, "body": r.value, "headers": [list(header) for header in r.headers]}
            for r in records
        ]
        assert await producer.publish(rows) == [None] * len(rows)


async def test_records_flow_through_kafka_once_each_over_restarts_of_the_consumer(
    mongo: Mongo, kafka: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    for step in (1, 2):
        await produce(kafka, [record(code, step, offset=0) for code in CODES])
        async with subscribed(kafka, mongo):
            await eventually(lambda s=step: _all_have(mongo, tuple(range(1, s + 1))))  # type: ignore[misc]


async def _all_have(mongo: Mongo, steps: tuple[int, ...]) -> bool:
    return all([await steps_of(mongo, code) == steps for code in CODES])


async def test_null_and_undecodable_headers_and_bad_json_reach_the_dead_letters_and_the_rest_flows(
    mongo: Mongo, kafka: KafkaSettings
) -> None:
    await create_topics(
        kafka.bootstrap, [*all_topics(), dead_letter_topic(DOSSIER_EVENTS.name, "test")], kafka.replication
    )
    good = record(CODES[0], 1, offset=0)
    bad = [
        dataclasses.replace(good, headers=(*good.headers, ("x", None))),
        dataclasses.replace(good, headers=(*good.headers, ("x", b"\xff"))),
        dataclasses.replace(good, value=b"{"),
        dataclasses.replace(good, value=None),
    ]
    await produce(kafka, [*bad, good])
    async with subscribed(kafka, mongo):
        await eventually(lambda: _has(mongo, CODES[0], (1,)))
    slugs = [letter["slug"] async for letter in mongo.collection("dead_letters").find({})]
    assert sorted(slugs) == ["data-invalid", "header-not-utf8", "null-header", "tombstone"]
    async with producing(kafka) as producer:
        assert await (await led(mongo, producer)).once() >= 1
    async with read_log(kafka.bootstrap, ["dossier.events.v1.dlq.test"]) as records:
        copies = [found async for found in records]
    assert sorted((c.value or b"") for c in copies) == sorted((b.value or b"") for b in bad)
    assert ("x", None) in {header for copy in copies for header in copy.headers}


async def _has(mongo: Mongo, code: str, steps: tuple[int, ...]) -> bool:
    return await steps_of(mongo, code) == steps


async def test_two_consumers_share_the_partitions_and_apply_nothing_twice(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    async with subscribed(kafka, mongo):
        await produce(kafka, [record(code, 1, offset=0) for code in CODES])
        async with subscribed(kafka, mongo):
            await produce(kafka, [record(code, 2, offset=0) for code in CODES])
            await eventually(lambda: _all_have(mongo, (1, 2)))


async def test_topics_are_created_with_their_own_partitions_and_once(broker: Endpoints) -> None:
    replication = broker.kafka_replication
    created = await create_topics(broker.kafka_bootstrap, all_topics(), replication)
    assert len(created) == len(all_topics())
    assert await create_topics(broker.kafka_bootstrap, all_topics(), replication) == []


@pytest.mark.native
async def test_a_topic_that_the_broker_refuses_is_no_created_topic(broker: Endpoints) -> None:
    """The embedded broker takes any replication."""
    with pytest.raises(KafkaUnreachable, match="InvalidReplicationFactor"):
        await create_topics(broker.kafka_bootstrap, all_topics(), replication=4)


async def test_a_committer_gives_concurrent_callers_one_transaction_and_each_its_own_answer(mongo: Mongo) -> None:
    await consumer(mongo)
    rules = Rules(refused={CODES[0]})
    committer = Committer(mongo, "/test", now)
    calls = [committer.run(Append(transferred(code, 1), rules)) for code in CODES]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["Invalid", *["NoneType"] * 19]
    assert await steps_of(mongo, CODES[0]) == ()
    assert await _all_but_first(mongo)


async def _all_but_first(mongo: Mongo) -> bool:
    return all([await steps_of(mongo, code) == (1,) for code in CODES[1:]])


async def test_an_unexpected_error_of_one_decision_does_not_fail_its_neighbours(mongo: Mongo) -> None:
    await consumer(mongo)
    committer = Committer(mongo, "/test", now)
    calls = [committer.run(Append(transferred(code, 1), Rules(bugs={CODES[0]}))) for code in CODES[:5]]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers[0], ZeroDivisionError)
    assert answers[1:] == [None] * 4


async def test_fifty_writers_on_one_dossier_lose_no_step(mongo: Mongo) -> None:
    await consumer(mongo)
    committers = [Committer(mongo, "/test", now) for _ in range(8)]
    calls = [committers[n % 8].run(Append(transferred(CODES[0], n + 1), Rules())) for n in range(50)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    done = [n + 1 for n, result in enumerate(results) if result is None]
    assert sorted(await steps_of(mongo, CODES[0])) == done
    assert len(done) == 50


@pytest.mark.parametrize("size", [950_000])
async def test_an_event_too_large_for_the_broker_is_refused_when_it_is_written(mongo: Mongo, size: int) -> None:
    from contracts.envelope import Envelope
    from services.kit.outbox import row

    envelope = Envelope(id="1", source="/x", type="t", time=now(), subject="s")
    with pytest.raises(ValueError, match="over"):
        row("topic", "key", envelope, b"x" * size)
