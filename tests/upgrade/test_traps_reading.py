"""What FastStream does with bad input and while a group is dealt out anew: traps 4, 5, 7, 10."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asgi_lifespan import LifespanManager
from faststream import AckPolicy
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from contracts.topics import DOSSIER_EVENTS
from services.kit.kafka import Record
from services.kit.mongo import Mongo
from services.kit.process import Worker
from services.kit.settings import KafkaSettings, Settings
from tests.component import ledger
from tests.eventually import eventually
from tests.ports import free_port
from tests.upgrade.kafka_side import DEADLINE_S, Gate, Side, gone, side_by_side

SUBSCRIPTION = "services/kit/kafka/subscription.py"
SAFEST: dict[str, Any] = {"auto_offset_reset": "earliest", "ack_policy": AckPolicy.NACK_ON_ERROR}


def collect(into: list[bytes | None]) -> Callable[[Sequence[Record]], Any]:
    async def handle(records: Sequence[Record]) -> None:
        into.extend(record.value for record in records)

    return handle


async def test_trap_4_a_record_with_a_bad_header_is_skipped_in_silence(kafka: Side) -> None:
    headers = [None, b"\xff\xfe", b"good"]
    for header in headers:
        await kafka.produce(b"{}", headers=[("x", header)])

    async def library() -> None:
        seen: list[str] = []

        def subscribe(broker: KafkaBroker) -> None:
            @broker.subscriber(kafka.topic.name, group_id=kafka.group("library"), **SAFEST)
            async def handle(body: Any, message: KafkaMessage) -> None:
                seen.append(message.headers["x"])

        async with kafka.library(subscribe):
            await eventually(lambda: "good" in seen, timeout=DEADLINE_S)
        assert seen == ["good"], gone(4, "`_tolerant_parser`", SUBSCRIPTION)
        assert await kafka.committed("library") == 3, gone(4, "`_tolerant_parser`", SUBSCRIPTION)

    async def ours() -> None:
        records: list[Record] = []

        async def keep(batch: Sequence[Record]) -> None:
            records.extend(batch)

        async with kafka.ours("ours", keep):
            await eventually(lambda: len(records) == 3, timeout=DEADLINE_S)
        assert [record.headers for record in records] == [(("x", header),) for header in headers]

    await side_by_side(library(), ours())


async def test_trap_5_one_body_that_is_no_json_fails_its_whole_batch(kafka: Side) -> None:
    bodies: list[bytes | None] = [b'{"n": 1}', b"{no json", b'{"n": 3}']
    await kafka.produce(*bodies, headers=[("content-type", b"application/json")])

    async def library() -> None:
        seen: list[Any] = []
        deliveries = 0

        async def counted(raw: Any, original: Callable[[Any], Any]) -> Any:
            nonlocal deliveries
            deliveries += any(record.value == bodies[1] for record in raw)
            return await original(raw)

        def subscribe(broker: KafkaBroker) -> None:
            group = kafka.group("library")

            @broker.subscriber(kafka.topic.name, group_id=group, batch=True, parser=counted, **SAFEST)
            async def handle(batch: list[Any]) -> None:
                seen.extend(batch)

        async with kafka.library(subscribe):
            await eventually(lambda: deliveries > 2, timeout=DEADLINE_S)
        assert {"n": 3} not in seen, gone(5, "`_RawCodec`", SUBSCRIPTION)

    async def ours() -> None:
        seen: list[bytes | None] = []
        async with kafka.ours("ours", collect(seen)):
            await eventually(lambda: len(seen) == 3, timeout=DEADLINE_S)
        assert seen == bodies

    await side_by_side(library(), ours())


async def test_trap_7_another_member_gets_records_that_are_still_in_work(kafka: Side) -> None:
    for partition in range(4):
        await kafka.produce(b"first", partition=partition)
    await _one_after_the_other(kafka, meanwhile=_both_at_once(kafka))


async def _both_at_once(kafka: Side) -> None:
    gate = Gate()
    in_work: set[int] = set()
    taken: set[int] = set()
    a, b = _member(kafka, in_work, gate), _member(kafka, taken, None)
    try:
        await asyncio.wait_for(a.start(), DEADLINE_S)
        await asyncio.wait_for(gate.entered.wait(), DEADLINE_S)
        await asyncio.wait_for(b.start(), DEADLINE_S)
        await eventually(lambda: in_work & taken, timeout=DEADLINE_S)
    except (AssertionError, TimeoutError):
        raise AssertionError(gone(7, "`_DrainOnRevoke`", SUBSCRIPTION)) from None
    finally:
        gate.leave.set()
        await asyncio.gather(a.stop(), b.stop())


def _member(kafka: Side, seen: set[int], gate: Gate | None) -> KafkaBroker:
    broker = KafkaBroker(kafka.settings.bootstrap, logger=None)
    group = kafka.group("library")

    async def noted(raw: Any, original: Callable[[Any], Any]) -> Any:
        seen.update(record.partition for record in raw)
        return await original(raw)

    @broker.subscriber(kafka.topic.name, group_id=group, batch=True, max_records=100, parser=noted, **SAFEST)
    async def handle(batch: list[Any]) -> None:
        if gate is not None:
            await gate.through()

    return broker


async def _one_after_the_other(kafka: Side, meanwhile: Awaitable[None]) -> None:
    """While our first member works, the second waits, longer than the library takes to let two work at once."""
    gate = Gate()
    a_saw: list[bytes | None] = []
    b_saw: list[bytes | None] = []

    async def slow(records: Sequence[Record]) -> None:
        a_saw.extend(record.value for record in records)
        await gate.through()

    async with kafka.ours("ours", slow, drain_s=110) as a:
        await asyncio.wait_for(gate.entered.wait(), DEADLINE_S)
        before = a.pulse.rebalances
        b = kafka.subscription("ours", collect(b_saw), drain_s=110)
        joining = asyncio.create_task(b.start())
        try:
            await eventually(lambda: a.pulse.rebalances > before, timeout=DEADLINE_S)
            await meanwhile
            assert not joining.done(), "partitions were given away while their batch was in work"
            assert b_saw == []
            gate.leave.set()
            await asyncio.wait_for(joining, DEADLINE_S)
            for partition in range(4):
                await kafka.produce(b"second", partition=partition)
            await eventually(lambda: [*a_saw, *b_saw].count(b"second") == 4, timeout=DEADLINE_S)
        finally:
            gate.leave.set()
            await asyncio.gather(joining, return_exceptions=True)
            await b.stop()
    assert [*a_saw, *b_saw].count(b"first") == 4, "a record was handled by both members"
    assert b"second" in b_saw


async def test_trap_10_an_application_says_it_has_started_while_no_broker_answers(mongo: Mongo) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    broker = KafkaBroker(nobody, logger=None, request_timeout_ms=1000)

    @broker.subscriber("t", group_id="g")
    async def handle(body: Any) -> None: ...

    started = False
    try:
        async with LifespanManager(AsgiFastStream(broker, logger=None), startup_timeout=DEADLINE_S):
            started = True
    except Exception:  # noqa: BLE001 - it fails after it has said that it started: that is the trap
        pass
    assert started, gone(10, "our own start of a worker and its readiness", "services/kit/process.py")

    settings = Settings(kafka=KafkaSettings(bootstrap=nobody))
    subject = await ledger.consumer(mongo)
    worker = Worker("trap-worker", settings, mongo, subject, [DOSSIER_EVENTS], free_port())
    report = await worker.health.report(worker.health.ready)
    assert "kafka" in report, "ready while no broker answers"
