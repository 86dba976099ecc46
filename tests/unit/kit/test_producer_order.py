"""The producer keeps the order of a key: what is not taken is not overtaken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, OutOfOrderSequenceNumber
from hypothesis import given
from hypothesis import strategies as st

from services.kit.errors import FailStop
from services.kit.kafka import Producer
from services.kit.settings import KafkaSettings


class Broker:
    """Stands for aiokafka: refuses some sends at once, acknowledges the rest."""

    def __init__(self, refused: set[int], later: BaseException | None = None) -> None:
        self.refused, self.later = refused, later
        self.taken: list[tuple[bytes, bytes]] = []
        self.calls = 0

    async def send(self, topic: str, body: bytes, *, key: bytes, headers: Any) -> asyncio.Future[None]:
        self.calls += 1
        if int(body) in self.refused:
            raise KafkaTimeoutError
        self.taken.append((key, body))
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.later is not None:
            future.set_exception(self.later)
        else:
            future.set_result(None)
        return future


def event(number: int, key: bytes) -> dict[str, Any]:
    return {"topic": "t", "key": key, "body": str(number).encode(), "headers": []}


def publish(broker: Broker, keys: list[bytes]) -> list[BaseException | None]:
    producer = Producer(KafkaSettings(), "test")
    producer._producer = broker
    return asyncio.run(producer.publish([event(number, key) for number, key in enumerate(keys)]))


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=12), st.sets(st.integers(0, 11)))
def test_after_a_refused_event_no_later_one_of_its_key_is_sent_and_other_keys_go_on(
    keys: list[bytes], refused: set[int]
) -> None:
    broker = Broker(refused)
    results = publish(broker, keys)
    for key in set(keys):
        mine = [number for number, of in enumerate(keys) if of == key]
        first = next((number for number in mine if number in refused), len(keys))
        assert [int(body) for of, body in broker.taken if of == key] == [n for n in mine if n < first]
        assert [results[n] is None for n in mine] == [n < first for n in mine]


def test_a_message_that_the_broker_refuses_later_is_reported_for_its_event() -> None:
    [error] = publish(Broker(set(), MessageSizeTooLargeError()), [b"a"])
    assert isinstance(error, MessageSizeTooLargeError)


def test_a_producer_that_lost_its_sequence_ends_the_process() -> None:
    with pytest.raises(FailStop):
        publish(Broker(set(), OutOfOrderSequenceNumber()), [b"a"])
