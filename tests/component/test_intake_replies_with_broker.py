"""The whole way: commands on a real broker, the worker process killed among them, answers on the topic."""

from __future__ import annotations

from asyncio.subprocess import Process
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from contracts.envelope import Envelope, from_headers
from contracts.events import Message
from contracts.events.counter import CommandAccepted, CommandAnswer, CommandRejected
from contracts.topics import COUNTER_INTAKE, COUNTER_REPLIES, all_topics
from services.kit.ids import new_id
from services.kit.kafka import Producer, Record, create_topics, read_log
from services.kit.mongo.driver import PyMongoError
from services.kit.outbox import Event, row
from services.kit.settings import KafkaSettings
from tests.component.counter_fixtures import register
from tests.component.module_process import answers, module_process
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, Intake, now
from tests.eventually import eventually
from tests.ports import free_port

COUNTERS = (COUNTER, OTHER_COUNTER, "H12.972.00")
COMMANDS = 180


@asynccontextmanager
async def worker(intake: Intake, kafka: KafkaSettings) -> AsyncIterator[Process]:
    """The worker process, ready; stopped by SIGTERM unless it is dead by then."""
    settings, port = intake.settings, free_port()
    assert settings.intake_private_key is not None
    environ = {
        "MONGODB_URL": settings.mongodb_url.get_secret_value(),
        "MONGODB_PREFIX": settings.mongodb_prefix,
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "KAFKA_IDEMPOTENCE": str(kafka.idempotence),
        "KAFKA_FETCH_MAX_WAIT_MS": "20",
        "KAFKA_SESSION_TIMEOUT_MS": "6000",
        "KAFKA_DRAIN_S": "5",
        "INTAKE_WORKER_PORT": str(port),
        "INTAKE_PRIVATE_KEY": settings.intake_private_key.get_secret_value(),
        "NOTIFY_PUBLIC_KEY": settings.notify_public_key,
    }
    async with module_process("services.intake.worker", environ) as child:
        await eventually(lambda: answers(port))
        yield child


def command(counter: str, message: Message, body: bytes | None = None) -> Event:
    envelope = Envelope(new_id(), "/partner", message.TYPE, now(), counter)
    return row(COUNTER_INTAKE.name, counter, envelope, body or message.to_json())


def commands(intake: Intake) -> tuple[list[Event], dict[str, str]]:
    """Commands of three counters, and what each must be answered with."""
    sent, expected = [], {}
    for number in range(COMMANDS):
        counter, reference = COUNTERS[number % 3], f"R-{number // 6}"  # each reference twice a counter
        message = register(intake, reference, counter=counter)
        body, answer = None, "accepted"
        if number % 10 == 7:
            message, answer = (
                register(intake, f"bad-{number}", counter=counter, procedure_code="9.999999"),
                "procedure-unknown",
            )
        elif number % 10 == 3:
            body, answer = b'{"counter": ', "data-invalid"
        event = command(counter, message, body)
        sent.append(event)
        expected[event["id"]] = answer
    return sent, expected


async def publish(kafka: KafkaSettings, events: list[Event]) -> None:
    producer = Producer(kafka, "partner")
    await producer.start()
    assert await producer.publish(events) == [None] * len(events)
    await producer.stop()


async def replies(kafka: KafkaSettings) -> list[Record]:
    async with read_log(kafka.bootstrap, [COUNTER_REPLIES.name]) as records:
        return [record async for record in records]


def read(record: Record) -> CommandAnswer:
    model = {model.TYPE: model for model in (CommandAccepted, CommandRejected)}[from_headers(record.headers).type]
    answer = model.parse(record.value or b"")
    assert isinstance(answer, CommandAnswer)
    return answer


async def answered(intake: Intake) -> int:
    documents = await intake.documents("outbox")
    return sum(event["topic"] == COUNTER_REPLIES.name for document in documents for event in document["events"])


@pytest.mark.timeout(240)
async def test_every_command_is_answered_once_though_the_worker_is_killed_among_them(
    intake: Intake, kafka: KafkaSettings
) -> None:
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    sent, expected = commands(intake)
    async with worker(intake, kafka) as child:
        await publish(kafka, sent)
        await eventually(lambda: answered(intake), every=0.01)
        child.kill()
        await child.wait()
    # The server ends a dead client's transaction by itself, a minute later; until then its documents are locked.
    with suppress(PyMongoError):
        await intake.mongo.client.admin.command({"killAllSessions": []})
    assert 0 < await answered(intake) < COMMANDS

    async def all_out() -> bool:
        pending = [document["_id"] for document in await intake.documents("outbox") if document.get("pending")]
        assert (await answered(intake), pending) == (COMMANDS, [])
        return True

    async with worker(intake, kafka):
        await eventually(all_out, timeout=90, every=0.3)
    # What a relay sent twice around its death has the same id: readers drop it.
    once = {from_headers(record.headers).id: record for record in await replies(kafka)}
    found = defaultdict(list)
    for record in once.values():
        answer = read(record)
        assert record.key == answer.counter.encode()
        assert from_headers(record.headers).causation_id == answer.command_id
        found[answer.command_id].append(answer)
    assert {id: len(answers) for id, answers in found.items()} == dict.fromkeys(expected, 1)
    for id, wanted in expected.items():
        [answer] = found[id]
        got = answer.slug if isinstance(answer, CommandRejected) else "accepted"
        assert got == wanted
    dossiers = {(d["counter"], d["external_ref"]): d["_id"] for d in await intake.documents("dossiers")}
    accepted = [answers[0] for answers in found.values() if isinstance(answers[0], CommandAccepted)]
    assert {(answer.counter, answer.external_ref): answer.code for answer in accepted} == dossiers
    assert sum(not answer.repeated for answer in accepted if isinstance(answer, CommandAccepted)) == len(dossiers)
