"""When FastStream tells Kafka that a record is done: traps 1, 2, 3, 8, 9."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from services.kit.kafka import Record
from services.kit.mongo import Mongo
from tests.component import ledger
from tests.eventually import eventually
from tests.upgrade.kafka_side import DEADLINE_S, Gate, Side, gone, side_by_side

SUBSCRIPTION = "services/kit/kafka/subscription.py"
GUARD = "services.kit.kafka.subscription._HotLoopGuard"
FIRST: dict[str, Any] = {"auto_offset_reset": "earliest"}


async def test_trap_1_the_default_loses_a_record_whose_handler_was_interrupted(kafka: Side) -> None:
    await kafka.produce(b"1")
    theirs, mine = Gate(), Gate()

    def subscribe(broker: KafkaBroker) -> None:
        @broker.subscriber(kafka.topic.name, group_id=kafka.group("library"), **FIRST)
        async def interrupted(body: Any) -> None:
            await theirs.through()

    async def library() -> None:
        async with kafka.library(subscribe, graceful_timeout=0.2):
            await asyncio.wait_for(theirs.entered.wait(), DEADLINE_S)
        assert await kafka.committed("library") == 1, gone(1, "`ack_policy`", SUBSCRIPTION)

    async def ours() -> None:
        async with kafka.ours("ours", lambda _: mine.through(), drain_s=1):
            await asyncio.wait_for(mine.entered.wait(), DEADLINE_S)
        assert await kafka.committed("ours") == 0, "an interrupted record was acknowledged"

    await side_by_side(library(), ours())


@pytest.mark.filterwarnings("ignore:AckPolicy.REJECT_ON_ERROR")
async def test_trap_2_other_policies_skip_a_record_whose_handler_failed(
    kafka: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{GUARD}.pause_s", 0.01)
    await kafka.produce(b"bad", b"good")

    async def library(policy: AckPolicy) -> None:
        seen: list[bytes] = []

        def subscribe(broker: KafkaBroker) -> None:
            @broker.subscriber(kafka.topic.name, group_id=kafka.group(policy.value), ack_policy=policy, **FIRST)
            async def fails(body: bytes, message: KafkaMessage) -> None:
                seen.append(body)
                if body == b"bad":
                    raise ZeroDivisionError
                if policy is AckPolicy.MANUAL:
                    await message.ack()

        async with kafka.library(subscribe):
            await eventually(lambda: b"good" in seen, timeout=DEADLINE_S)
        why = gone(2, f"the choice of NACK_ON_ERROR ({policy.name})", SUBSCRIPTION)
        assert seen == [b"bad", b"good"], why
        assert await kafka.committed(policy.value) == 2, why

    async def ours() -> None:
        batches: list[list[bytes | None]] = []

        async def fails_twice(records: Sequence[Record]) -> None:
            batches.append([record.value for record in records])
            if len(batches) < 3:
                raise ZeroDivisionError

        async with kafka.ours("ours", fails_twice):
            await eventually(lambda: list(chain(*batches[2:])) == [b"bad", b"good"], timeout=DEADLINE_S)
        assert [batch[0] for batch in batches[:3]] == [b"bad"] * 3
        assert await kafka.committed("ours") == 2

    policies = (AckPolicy.ACK, AckPolicy.REJECT_ON_ERROR, AckPolicy.MANUAL)
    await side_by_side(*(library(policy) for policy in policies), ours())


async def test_trap_3_a_record_that_fails_comes_again_without_a_pause(
    kafka: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kafka.produce(b"bad")
    tries = 0
    pauses: list[float] = []

    def subscribe(broker: KafkaBroker) -> None:
        @broker.subscriber(
            kafka.topic.name, group_id=kafka.group("library"), ack_policy=AckPolicy.NACK_ON_ERROR, **FIRST
        )
        async def fails(body: Any) -> None:
            nonlocal tries
            tries += 1
            raise ZeroDivisionError

    async def library() -> None:
        async with kafka.library(subscribe):
            with suppress(AssertionError):
                await eventually(lambda: tries > 30, timeout=DEADLINE_S)  # with our pauses: in five minutes
        assert tries > 30, gone(3, "`_HotLoopGuard`", SUBSCRIPTION)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async def always_fails(records: Sequence[Record]) -> None:
        raise ZeroDivisionError

    async def ours() -> None:
        async with kafka.ours("ours", always_fails):
            await eventually(lambda: len(pauses) >= 7, timeout=DEADLINE_S)
        assert pauses[:7] == [0.5, 1, 2, 4, 8, 10, 10]

    monkeypatch.setattr(f"{GUARD}.pause_s", 0.5)
    monkeypatch.setattr("services.kit.kafka.subscription.asyncio", SimpleNamespace(sleep=sleep))
    await side_by_side(library(), ours())


async def test_trap_8_workers_of_one_subscriber_finish_after_their_consumers_have_left(kafka: Side) -> None:
    """So others get their records while they are in work, and what they commit is refused."""
    await kafka.produce(b"1")

    async def library() -> None:
        gate = Gate()
        broker = KafkaBroker(kafka.settings.bootstrap, logger=None, graceful_timeout=2 * DEADLINE_S)
        group, policy = kafka.group("library"), AckPolicy.NACK_ON_ERROR
        subscriber = broker.subscriber(kafka.topic.name, group_id=group, max_workers=2, ack_policy=policy, **FIRST)

        @subscriber
        async def slow(body: Any) -> None:
            await gate.through()

        await asyncio.wait_for(broker.start(), DEADLINE_S)
        await asyncio.wait_for(gate.entered.wait(), DEADLINE_S)
        stopping = asyncio.create_task(broker.stop())
        try:
            await eventually(lambda: not subscriber.consumer_subgroup, timeout=DEADLINE_S)
        except AssertionError:
            why = gone(8, "the rule to scale by processes instead of `max_workers`", SUBSCRIPTION)
            raise AssertionError(why) from None
        finally:
            gate.leave.set()
            await stopping

    async def ours() -> None:
        gate = Gate()
        subscription = kafka.subscription("ours", lambda _: gate.through())
        await asyncio.wait_for(subscription.start(), DEADLINE_S)
        await asyncio.wait_for(gate.entered.wait(), DEADLINE_S)
        stopping = asyncio.create_task(subscription.stop())
        await eventually(lambda: not subscription._subscriber.running, timeout=DEADLINE_S)
        gate.leave.set()
        await stopping
        assert await kafka.committed("ours") == 1, "a batch that was finished while stopping was not acknowledged"

    await side_by_side(library(), ours())


async def test_trap_9_an_offset_that_could_not_be_committed_is_passed_over_in_silence(
    kafka: Side, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop is FastStream's, with our settings: no error comes out, so only a watched consumer knows, and only the
    fence keeps what is delivered again from acting again."""
    why = gone(9, "`WatchedConsumer.commit`", "services/kit/kafka/pulse.py")
    code = "H12.970.00-261123-0001"
    subject = await ledger.consumer(mongo)
    seen: list[int] = []

    async def apply(records: Sequence[Record]) -> None:
        seen.extend(record.offset for record in records)
        await subject.handle([ledger.record(code, int(r.value or b"0"), offset=r.offset) for r in records])

    async def refused(self: AIOKafkaConsumer, offsets: Any = None) -> None:
        raise CommitFailedError

    with monkeypatch.context() as patch:
        patch.setattr(AIOKafkaConsumer, "commit", refused)
        async with kafka.ours("ours", apply) as subscription:
            for steps in ((1,), (1, 2)):
                await kafka.produce(str(steps[-1]).encode())
                await _eventually(mongo, code, steps, why)
            await eventually(lambda: subscription.pulse.commits.reason == "CommitFailedError", timeout=DEADLINE_S)
    assert await kafka.committed("ours") == 0

    await kafka.produce(b"3")
    async with kafka.ours("ours", apply):
        await _eventually(mongo, code, (1, 2, 3), "what came again was applied again, or not at all")
    assert seen == [0, 1, 0, 1, 2]


async def _eventually(mongo: Mongo, code: str, steps: tuple[int, ...], why: str) -> None:
    async def applied() -> bool:
        return await ledger.steps_of(mongo, code) == steps

    try:
        await eventually(applied, timeout=DEADLINE_S)
    except AssertionError:
        raise AssertionError(why) from None
