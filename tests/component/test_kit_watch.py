"""A worker's look at itself on real engines: lag, and each illness provoked and cured."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from math import isnan
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from pymongo.uri_parser import parse_uri

from contracts.topics import DOSSIER_EVENTS, all_topics
from local.engines import EngineSet
from local.faults.proxy import Proxy
from services.kit import metrics
from services.kit.commit import Committer
from services.kit.errors import Stale, Unavailable
from services.kit.health import TransactionsHold
from services.kit.kafka import cluster_answers, committed_offsets, coordinator_answers, create_topics, log_ends
from services.kit.mongo import Mongo, transact
from services.kit.operations.operation import Acting
from services.kit.outbox import OUTBOX
from services.kit.outbox_depth import outbox_depth
from services.kit.settings import KafkaSettings
from services.kit.watch import WORKERS
from services.kit.work import Cause, Item
from tests.component.ledger import Append, Rules, now, transferred
from tests.component.watch_fixtures import CODES, Member, gate, member, produce
from tests.drivers import DRIVER
from tests.eventually import eventually

WHO = Acting("operator-7", "kiểm tra bản phát hành")
PLACES = [(DOSSIER_EVENTS.name, number) for number in range(DOSSIER_EVENTS.partitions)]


@pytest.fixture
async def engines(tmp_path: Path) -> AsyncIterator[EngineSet]:
    """A broker that the test may stop."""
    own = EngineSet.from_environment(tmp_path / "broker", environ={**os.environ, "MONGODB_URL": "unused"})
    await asyncio.gather(*(node.start() for node in own.brokers))
    await asyncio.gather(*(node.wait_ready() for node in own.brokers))
    yield own
    signalled(own, signal.SIGCONT)
    await asyncio.gather(*(node.kill() for node in own.brokers))


def signalled(engines: EngineSet, signum: signal.Signals) -> None:
    for node in engines.brokers:
        if node.pid is not None:
            os.killpg(node.pid, signum)


async def all_assigned(subject: Member) -> bool:
    return len(subject.watch.subscription.assigned) == DOSSIER_EVENTS.partitions


async def waiting(*subjects: Member) -> bool:
    """One round at least; the embedded broker names the end of a log one batch too low."""
    return sum(subject.lag or 0 for subject in subjects) >= len(CODES)


async def paused(subject: Member) -> bool:
    return subject.watch.subscription.pulse.paused


async def test_a_consumer_that_only_fails_is_stuck_until_it_gets_through(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    broken = gate()
    broken.failing = True
    async with member(kafka, mongo, handle=broken) as subject:
        check = subject.watch.consumer_goes_on
        await produce(kafka, 1)
        await eventually(lambda: subject.ill(check, "records wait"), timeout=40)
        for _ in range(5):  # polled, and not applied: the position is ahead of what is done
            await subject.watch.look()
            assert subject.lag == len(CODES)
        broken.failing = False
        await eventually(lambda: subject.have(1), timeout=40)
        await eventually(lambda: subject.well(check), timeout=20)


async def test_a_batch_without_end_is_an_illness(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    held = gate(opened=False)
    async with member(kafka, mongo, handle=held, stuck_s=600) as subject:
        check = subject.watch.consumer_goes_on
        await produce(kafka, 1)
        await eventually(lambda: subject.ill(check, "a batch has stood still"), timeout=40)
        held.opened.set()
        await eventually(lambda: subject.well(check), timeout=20)


async def test_offsets_that_a_silent_broker_does_not_take_are_an_illness(mongo: Mongo, engines: EngineSet) -> None:
    endpoints = engines.endpoints
    kafka = KafkaSettings(
        bootstrap=endpoints.kafka_bootstrap, idempotence=False, fetch_max_wait_ms=20, session_timeout_ms=6000, drain_s=5
    )
    await create_topics(kafka.bootstrap, all_topics(), endpoints.kafka_replication)
    held = gate(opened=False)
    async with member(kafka, mongo, handle=held) as subject:
        check = subject.watch.offsets_are_committed
        await produce(kafka, 1, CODES[:1])
        await eventually(lambda: held.inside, timeout=30)
        signalled(engines, signal.SIGSTOP)
        held.opened.set()
        await eventually(lambda: subject.ill(check, "no offsets"), timeout=30)
        assert await subject.well(subject.watch.member_lives)  # the cluster is away: a restart would not help
        signalled(engines, signal.SIGCONT)
        await eventually(lambda: subject.well(check), timeout=90)


async def test_a_refused_offset_commit_is_seen(mongo: Mongo, kafka: KafkaSettings) -> None:
    """FastStream logs it and goes on."""
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    held = gate(opened=False)
    async with member(kafka, mongo, handle=held) as subject:
        pulse = subject.watch.subscription.pulse
        await produce(kafka, 1, CODES[:1])
        await eventually(lambda: held.inside, timeout=30)
        coordinator = subject.watch.subscription._subscriber.consumer._coordinator
        kept, coordinator.generation = coordinator.generation, coordinator.generation + 7
        held.opened.set()
        await eventually(lambda: pulse.commits.reason == "CommitFailedError", timeout=30)
        coordinator.generation = kept
        await eventually(lambda: all_assigned(subject), timeout=60)
        await produce(kafka, 2, CODES[:1])
        await eventually(lambda: pulse.commits.lasts_s(600) == 0, timeout=60)


async def test_a_member_that_cannot_come_back_into_its_group_is_to_be_restarted(
    mongo: Mongo, kafka: KafkaSettings
) -> None:
    """Another one joins while a batch is held up: until it is drained this member is out of the group."""
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    held = gate(opened=False)
    async with member(kafka, mongo, handle=held) as subject:
        subject.watch.vitals.limits = subject.watch.limits.model_copy(update={"rejoin_s": 0.5})
        check = subject.watch.member_lives
        await produce(kafka, 1)
        await eventually(lambda: held.inside, timeout=30)
        second = asyncio.create_task(_join_and_leave(kafka, mongo))
        await eventually(lambda: subject.ill(check, "out of the group"), timeout=40, every=0.02)
        held.opened.set()
        await eventually(lambda: subject.well(check), timeout=60)
        await second


async def _join_and_leave(kafka: KafkaSettings, mongo: Mongo) -> None:
    async with member(kafka, mongo):
        pass


async def test_a_poll_loop_that_ended_is_to_be_restarted(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    async with member(kafka, mongo) as subject:
        subject.watch.vitals.limits = subject.watch.limits.model_copy(update={"rejoin_s": 0.5})
        assert await subject.well(subject.watch.member_lives)
        for task in subject.watch.subscription._subscriber.tasks:
            task.cancel()
        await eventually(lambda: subject.ill(subject.watch.member_lives, "no poll"), timeout=20)


async def test_an_outbox_that_grows_is_an_illness_until_it_is_sent_also_where_nobody_leads(
    mongo: Mongo, kafka: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    async with member(kafka, mongo) as subject:
        check = subject.watch.outbox_drains
        assert not subject.watch.lease.held
        committer = Committer(mongo, "/test", now)
        for code in CODES[:3]:
            await committer.run_all([Item(Append(transferred(code, 1), Rules()), Cause("c"))])
        found = await outbox_depth(mongo)
        assert (found.documents, found.events, found.whole) == (3, 3, True)
        assert (await outbox_depth(mongo, 2)).whole is False
        await eventually(lambda: subject.ill(check, "oldest event"), timeout=40)
        assert told("outbox_oldest_seconds") > 1
        assert told("outbox_pending") == 3
        await mongo.collection(OUTBOX).update_many({}, {"$unset": {"pending": ""}})
        await eventually(lambda: subject.well(check), timeout=20)


def told(name: str, **labels: str) -> float:
    """What this process shows of a gauge."""
    value = metrics.registry.get_sample_value(f"motcua_{name}", labels)
    assert value is not None
    return value


async def test_what_nobody_can_know_while_kafka_is_away_is_not_shown_as_it_was(
    mongo: Mongo, engines: EngineSet
) -> None:
    endpoints = engines.endpoints
    kafka = KafkaSettings(
        bootstrap=endpoints.kafka_bootstrap, idempotence=False, fetch_max_wait_ms=20, session_timeout_ms=6000, drain_s=5
    )
    await create_topics(kafka.bootstrap, all_topics(), endpoints.kafka_replication)
    broken = gate()
    broken.failing = True
    async with member(kafka, mongo, handle=broken) as subject:
        await produce(kafka, 1)
        await eventually(lambda: told("consumer_lag", topic=DOSSIER_EVENTS.name) >= len(CODES), timeout=40)
        await eventually(lambda: told("consumer_idle_seconds") > 0, timeout=40)
        signalled(engines, signal.SIGSTOP)
        await eventually(lambda: isnan(told("consumer_lag", topic=DOSSIER_EVENTS.name)), timeout=40)
        assert isnan(told("consumer_idle_seconds"))
        assert subject.lag is None
        signalled(engines, signal.SIGCONT)
        broken.failing = False
        await eventually(lambda: subject.have(1), timeout=90)
        await eventually(lambda: told("consumer_lag", topic=DOSSIER_EVENTS.name) == 0, timeout=40)


async def test_the_coordinator_of_a_group_is_asked_and_not_only_the_cluster(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)

    async def answers() -> bool:
        return await coordinator_answers(kafka.bootstrap, "test", PLACES[0])

    assert await eventually(answers, timeout=40)
    monkeypatch.setattr(AIOKafkaAdminClient, "find_coordinator", _no_coordinator)
    assert not await answers()
    assert await cluster_answers(kafka.bootstrap, 20)


async def test_a_member_is_not_restarted_while_its_coordinator_is_away(
    mongo: Mongo, kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster's metadata are there meanwhile: the coordinator moves, or loads its groups."""
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    held = gate(opened=False)
    async with member(kafka, mongo, handle=held) as subject:
        subject.watch.vitals.limits = subject.watch.limits.model_copy(update={"rejoin_s": 0.5})
        await produce(kafka, 1)
        await eventually(lambda: held.inside, timeout=30)
        with monkeypatch.context() as away:
            away.setattr(AIOKafkaAdminClient, "find_coordinator", _no_coordinator)
            second = asyncio.create_task(_join_and_leave(kafka, mongo))
            await eventually(lambda: subject.watch.subscription.rejoining, timeout=40, every=0.02)
            for _ in range(20):
                await subject.watch.look()
                assert await subject.well(subject.watch.member_lives)
        held.opened.set()
        await second


async def _no_coordinator(*_: object) -> int:
    raise GroupCoordinatorNotAvailableError


async def test_transactions_that_fail_one_after_the_other_are_an_illness_until_one_holds(
    mongodb_url: str, prefix: str
) -> None:
    host, port = parse_uri(mongodb_url)["nodelist"][0]
    proxy = Proxy(port, host)
    await proxy.start()
    mongo = Mongo(f"mongodb://{proxy.address}/?directConnection=true", f"{prefix}_kit", driver=DRIVER)
    check = TransactionsHold(mongo, longest_s=1.0)
    try:
        await mongo.create_indexes("some", [])

        async def write(seconds: float = 20.0) -> None:
            await transact(mongo, lambda s: mongo.collection("some").insert_one({}, session=s), seconds=seconds)

        async def fails() -> bool:
            with pytest.raises((Unavailable, Stale)):
                await write(0.5)
            try:
                await check()
            except RuntimeError as error:
                return "every transaction has failed" in str(error)
            return False

        await write()
        await check()
        proxy.half_open()
        assert await eventually(fails, timeout=60)
        proxy.pass_through()

        async def holds() -> bool:
            try:
                await write()
            except (Unavailable, Stale):
                return False
            await check()
            return True

        assert await eventually(holds, timeout=60)
    finally:
        await mongo.close()
        await proxy.stop()


async def test_the_worker_tells_the_apis_what_it_sees(mongo: Mongo, kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await produce(kafka, 1)
    async with member(kafka, mongo) as subject:
        await eventually(lambda: subject.have(1), timeout=40)

        async def told() -> bool:
            [document] = [d async for d in mongo.collection(WORKERS).find({})]
            assert document["process"] == "test-worker"
            assert {(one["topic"], one["partition"]) for one in document["assigned"]} == set(PLACES)
            return sum(one["next"] or 0 for one in document["assigned"]) == len(CODES)

        assert await eventually(told, timeout=20)
        committed = await committed_offsets(kafka.bootstrap, {"test": PLACES})
        assert sum(committed["test"].values()) == len(CODES)
    assert [d async for d in mongo.collection(WORKERS).find({})] == []


async def test_the_ends_of_the_log_and_the_age_of_what_is_not_read(kafka: KafkaSettings) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    await produce(kafka, 1)
    await produce(kafka, 2)
    ends = await log_ends(kafka.bootstrap, [DOSSIER_EVENTS.name], {}, seconds=20)
    assert sum(found.end - found.first for found in ends.values()) >= len(CODES)
    behind = [found for found in ends.values() if found.end]
    assert behind
    assert all(found.unread_since_ms for found in behind)
    read = {place: found.end for place, found in ends.items()}
    again = await log_ends(kafka.bootstrap, [DOSSIER_EVENTS.name], read)
    assert all(found.unread_since_ms is None for found in again.values())
