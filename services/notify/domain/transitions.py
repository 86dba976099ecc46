"""The life of a notice (thông báo) as a table: what is not in it cannot happen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a notice stands."""

    CREATED = "created"
    """Waits to be handed to a gateway: the first time, again, or on the next channel."""
    SENDING = "sending"
    """A call to a gateway is under way; written before the call."""
    UNKNOWN = "unknown"
    """The call ended without an answer: the gateway may have the message or not."""
    SENT = "sent"
    """A gateway took it over; its receipt has not come."""
    DELIVERED = "delivered"
    """The phone has it."""
    UNDELIVERABLE = "undeliverable"
    """No channel reaches the phone: it is on the counter's call list."""
    FAILED = "failed"
    """Our fault or the gateway's: an operator must act."""
    EXPIRED = "expired"
    """Not handed over before it stopped being of use."""
    CANCELLED = "cancelled"
    """No longer true before it was handed over."""


class Move(StrEnum):
    """What can happen to a notice."""

    HAND_OVER = "hand-over"
    """A call begins. From `sending` or `unknown`: the same call again, where the gateway de-duplicates."""
    TAKEN = "taken"
    NO_ANSWER = "no-answer"
    WAIT = "wait"
    """Later, or on the next channel."""
    ARRIVED = "arrived"
    GIVE_UP = "give-up"
    FAIL = "fail"
    EXPIRE = "expire"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[State, Move], State] = {
    (State.CREATED, Move.HAND_OVER): State.SENDING,
    (State.CREATED, Move.WAIT): State.CREATED,
    # The receipt of an earlier channel comes while the next one is still waiting: nothing more need be sent.
    (State.CREATED, Move.ARRIVED): State.DELIVERED,
    (State.CREATED, Move.GIVE_UP): State.UNDELIVERABLE,
    (State.CREATED, Move.FAIL): State.FAILED,
    (State.CREATED, Move.EXPIRE): State.EXPIRED,
    (State.CREATED, Move.CANCEL): State.CANCELLED,
    (State.SENDING, Move.HAND_OVER): State.SENDING,
    (State.SENDING, Move.TAKEN): State.SENT,
    (State.SENDING, Move.NO_ANSWER): State.UNKNOWN,
    (State.SENDING, Move.WAIT): State.CREATED,
    # A receipt can overtake the reply to the call it belongs to.
    (State.SENDING, Move.ARRIVED): State.DELIVERED,
    (State.SENDING, Move.GIVE_UP): State.UNDELIVERABLE,
    (State.SENDING, Move.FAIL): State.FAILED,
    (State.UNKNOWN, Move.HAND_OVER): State.SENDING,
    # The process was only slow: its result comes after others took it for dead.
    (State.UNKNOWN, Move.TAKEN): State.SENT,
    (State.UNKNOWN, Move.WAIT): State.CREATED,
    (State.UNKNOWN, Move.ARRIVED): State.DELIVERED,
    (State.UNKNOWN, Move.GIVE_UP): State.UNDELIVERABLE,
    (State.UNKNOWN, Move.FAIL): State.FAILED,
    (State.SENT, Move.WAIT): State.CREATED,
    (State.SENT, Move.ARRIVED): State.DELIVERED,
    (State.SENT, Move.GIVE_UP): State.UNDELIVERABLE,
}

FINAL: frozenset[State] = frozenset(State) - {state for state, _ in TRANSITIONS}
"""States without a way out."""
