"""Identifiers that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import uuid_utils.compat

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> str:
    """A UUIDv7: unique, and sorting by the time it was made."""
    return str(uuid_utils.compat.uuid7())


def next_id(after: str | None) -> str:
    """A UUIDv7 that sorts after `after`.

    The relay reads the outbox in id order. Two processes with clocks apart may write about one aggregate one after
    the other; an id that always grows along the aggregate keeps the order whatever their clocks say.
    """
    fresh = new_id()
    if after is None or fresh > after:
        return fresh
    return str(UUID(int=UUID(after).int + 1))


def first_id_at(moment: datetime) -> str:
    """The smallest UUIDv7 of a millisecond: ids from `moment` on are `>=` it."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)  # a float second loses a millisecond now and then
    return str(UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62)))
