"""Answers to commands: an event for who sent one, written in the transaction of its effect.

A record that is not applied again (fence, inbox) is not answered again: its answer lies on the topic since then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Message
from contracts.topics import Topic
from services.kit.ids import new_id
from services.kit.kafka import Record
from services.kit.outbox import row
from services.kit.work import Work


@dataclass(frozen=True)
class Rejection:
    """Why a command was not applied and never will be."""

    slug: str
    words: str


@dataclass(frozen=True)
class Settled:
    """What became of a record of a command topic, for good; one that waits with its key is not settled."""

    record: Record
    envelope: Envelope
    message: Message | None
    """None: its data could not be read."""
    result: Any = None
    """What the decision returned."""
    rejection: Rejection | None = None


Reply = Callable[[Settled], "tuple[Topic, str, Message] | None"]
"""Makes the answer: topic, record key, message; None: this one is not answered."""


def answer(work: Work, reply: Reply, settled: Settled) -> None:
    """Add the answer to what the unit of work writes. No aggregate owns it: it has no sequence."""
    made = reply(settled)
    if made is None:
        return
    topic, key, message = made
    command = settled.envelope
    envelope = Envelope(
        id=new_id(),
        source=work.source,
        type=message.TYPE,
        time=work.now,
        subject=key,
        correlation_id=command.correlation_id or command.id,
        causation_id=command.id,
        traceparent=command.traceparent,
    )
    work.add_event(row(topic.name, key, envelope, message.to_json()))
