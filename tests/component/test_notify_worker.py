"""The real processes: Kafka in, phones, Kafka out; killed in the middle and started again."""

from __future__ import annotations

from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest

from contracts.envelope import Envelope, from_headers
from contracts.topics import DOSSIER_EVENTS, NOTICE_EVENTS, all_topics
from services.kit.ids import new_id
from services.kit.kafka import Producer, Record, create_topics, read_log
from services.kit.outbox import row
from services.kit.settings import KafkaSettings
from tests.component.module_process import answers, module_process
from tests.component.notify_fixtures import Town, code, now, open_town
from tests.eventually import eventually
from tests.ports import free_port


@pytest.fixture
async def town(mongodb_url: str, prefix: str) -> AsyncIterator[Town]:
    # A killed worker's lease runs out after six seconds, and receipts come within one: there is time to be told.
    async with open_town(mongodb_url, prefix, zalo_unknown_seconds=10, gateway_timeout_seconds=2) as opened:
        yield opened


def process(town: Town, kafka: KafkaSettings, module: str, port: int) -> AbstractAsyncContextManager[Process]:
    """`python -m module` with the town's settings in its environment."""
    environ = {
        "MONGODB_URL": town.settings.mongodb_url.get_secret_value(),
        "MONGODB_PREFIX": town.settings.mongodb_prefix,
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "KAFKA_IDEMPOTENCE": str(kafka.idempotence),
        "KAFKA_FETCH_MAX_WAIT_MS": "20",
        "KAFKA_SESSION_TIMEOUT_MS": "6000",
        "KAFKA_DRAIN_S": "5",
        "NOTIFY_WORKER_PORT": str(port),
        "NOTIFY_API_PORT": str(port),
        "NOTIFY_PRIVATE_KEY": _private_key(town),
    }
    for name in (
        "zalo_base_url", "zalo_oauth_url", "zalo_app_id", "esms_base_url", "gateway_timeout_seconds",
        "claim_margin_seconds", "zalo_receipt_seconds", "zalo_unknown_seconds", "retry_first_seconds", "quiet_hours",
    ):  # fmt: skip
        environ[name.upper()] = str(getattr(town.settings, name))
    for name in (
        "zalo_app_secret", "zalo_oa_secret_key", "zalo_refresh_token", "esms_api_key", "esms_secret_key",
        "esms_callback_url", "esms_callback_secret",
    ):  # fmt: skip
        environ[name.upper()] = getattr(town.settings, name).get_secret_value()
    return module_process(module, environ)


def _private_key(town: Town) -> str:
    import base64

    return base64.urlsafe_b64encode(bytes(town.opener._key)).decode()


async def publish(kafka: KafkaSettings, town: Town, dossiers: list[str]) -> None:
    """What intake would write."""
    await create_topics(kafka.bootstrap, all_topics(), kafka.replication)
    producer = Producer(kafka, "test")
    await producer.start()
    rows = []
    for number, dossier in enumerate(dossiers):
        event = town.submitted(dossier, f"09012350{number:02d}")
        envelope = Envelope(new_id(), "/intake", event.TYPE, now(), event.code, 1)
        rows.append(row(DOSSIER_EVENTS.name, dossier, envelope, event.to_json()))
    assert await producer.publish(rows) == [None] * len(rows)
    await producer.stop()


async def log_of(kafka: KafkaSettings) -> list[Record]:
    async with read_log(kafka.bootstrap, [NOTICE_EVENTS.name]) as records:
        return [found async for found in records]


@pytest.mark.timeout(400)
async def test_events_go_in_phones_ring_once_and_words_come_out_though_the_worker_is_killed(
    town: Town, kafka: KafkaSettings
) -> None:
    dossiers = [code(number) for number in range(1, 61)]
    await town.faults(receipt_delay_ms=[400, 800])
    await publish(kafka, town, dossiers)
    port = free_port()
    async with process(town, kafka, "services.notify.worker", port) as child:
        await eventually(town.messages)
        child.kill()
        await child.wait()
    async with process(town, kafka, "services.notify.worker", port):
        await eventually(lambda: answers(port, "/readyz"))

        async def all_delivered() -> bool:
            states = Counter(notice.state.value for notice in await town.notices())
            assert states == {"delivered": len(dossiers)}, states
            return True

        await eventually(all_delivered, timeout=150, every=0.5)

        async def told_in_full() -> list[Record]:
            records = await log_of(kafka)
            types = Counter(from_headers(record.headers).type.split(".")[3] for record in records)
            assert types["delivered"] == len(dossiers), types
            return records

        records = await eventually(told_in_full, timeout=120)
    messages = await town.messages()
    assert Counter(message["phone"] for message in messages) == {f"849012350{n:02d}": 1 for n in range(60)}
    for record in records:
        envelope = from_headers(record.headers)
        assert envelope.source == "/notify"
        assert record.key == envelope.subject.encode()


async def test_the_api_process_starts_answers_and_stops(town: Town, kafka: KafkaSettings) -> None:
    port = free_port()
    async with process(town, kafka, "services.notify.api", port):
        await eventually(lambda: answers(port, "/readyz"))
