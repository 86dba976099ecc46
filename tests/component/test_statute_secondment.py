"""Rule 20: the account of a seconded officer ends with the secondment (NĐ 61/2018 Điều 11, NĐ 118/2025 Điều 12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from services.kit.auth import API_KEYS, ApiKeys, Unauthenticated
from services.kit.mongo import Mongo

LAST_MOMENT = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
"""Midnight in Viet Nam after the last day."""


@dataclass
class Clock:
    at: datetime

    def now(self) -> datetime:
        return self.at


async def test_from_the_end_on_the_key_opens_nothing_not_even_for_those_who_know_it(mongo: Mongo) -> None:
    clock = Clock(LAST_MOMENT - timedelta(seconds=1))
    keys = ApiKeys(mongo, clock.now)
    key = await keys.issue(["agency:H12.970.02"], label="test", expires_at=LAST_MOMENT)
    assert (await keys.caller(f"Bearer {key}")).may("agency:H12.970.02")
    clock.at = LAST_MOMENT  # at once: what is remembered of a key does not outlive it
    for asked in (keys, ApiKeys(mongo, clock.now)):
        with pytest.raises(Unauthenticated) as caught:
            await asked.caller(f"Bearer {key}")
        assert caught.value.slug == "key-unknown"
    assert key not in str([row async for row in mongo.collection(API_KEYS).find({})])
