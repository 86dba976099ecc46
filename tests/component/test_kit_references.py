"""Reference data is remembered for a moment, never longer, and never past a change of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from services.kit import schema
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.store import Ref, Store
from services.kit.work import Work
from tests.eventually import eventually


@dataclass(frozen=True)
class Rule:
    value: int


RULES: Store[Rule] = Store("rules", Rule, reference=True)
CASES: Store[Rule] = Store("cases", Rule)


@dataclass(frozen=True)
class Look:
    store: Store[Rule] = RULES

    def needs(self) -> Iterable[Ref]:
        yield Ref(self.store, "current")

    def decide(self, work: Work, now: datetime) -> int | None:
        found = work.get(self.store, "current")
        return None if found is None else found.value


@dataclass(frozen=True)
class Change:
    """Adds one to what is there, so that a lost update shows."""

    store: Store[Rule] = RULES

    def needs(self) -> Iterable[Ref]:
        yield Ref(self.store, "current")

    def decide(self, work: Work, now: datetime) -> None:
        found = work.get(self.store, "current") or Rule(0)
        work.put(self.store, "current", Rule(found.value + 1))


@pytest.fixture
async def two(mongo: Mongo, mongodb_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two processes on one database, which remember for long."""
    monkeypatch.setattr("services.kit.references.FRESH_S", 30.0)
    await schema.ensure(mongo, (RULES, CASES))
    other = Mongo(mongodb_url, mongo.name, driver=mongo.driver)
    yield tuple(Committer(one, "/test", lambda: datetime.now(UTC)) for one in (mongo, other))
    await other.close()


async def test_what_does_not_exist_is_not_remembered(two: tuple[Committer, Committer]) -> None:
    here, there = two
    assert await here.run(Look()) is None
    await there.run(Change())
    assert await here.run(Look()) == 1


async def test_a_change_of_one_s_own_is_seen_at_once_another_s_after_a_moment(
    two: tuple[Committer, Committer], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = two
    await here.run(Change())
    assert (await here.run(Look()), await there.run(Look())) == (1, 1)
    await here.run(Change())
    assert (await here.run(Look()), await there.run(Look())) == (2, 1)
    monkeypatch.setattr("services.kit.references.FRESH_S", 0.05)
    await there.run(Change())  # from the old copy: decided anew, and remembered for a moment only

    async def seen() -> bool:
        return await there.run(Look()) == 3

    await eventually(seen)


async def test_a_change_made_from_an_old_copy_is_decided_anew_and_loses_nothing(
    two: tuple[Committer, Committer],
) -> None:
    here, there = two
    await here.run(Change())
    assert await there.run(Look()) == 1
    await here.run(Change())
    await there.run(Change())
    assert await RULES.read(here.mongo, "current") == Rule(3)


async def test_other_aggregates_are_never_remembered(two: tuple[Committer, Committer]) -> None:
    here, there = two
    await here.run(Change(CASES))
    assert await there.run(Look(CASES)) == 1
    await here.run(Change(CASES))
    assert await there.run(Look(CASES)) == 2
