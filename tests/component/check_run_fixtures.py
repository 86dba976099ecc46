"""Both checks, full and incremental, over the same installation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from motcua.check import Options, Report, check, incremental_check
from services.kit import outbox
from services.kit.mongo import Mongo
from services.notify.store import NOTICES
from tests.component.check_fixtures import Days, Town
from tests.drivers import DRIVER

SERVICES = ("intake", "routing", "notify")


@pytest.fixture
async def databases(mongodb_url: str, prefix: str) -> AsyncIterator[dict[str, Mongo]]:
    """With the indexes that the check reads by."""
    found = {service: Mongo(mongodb_url, f"{prefix}_{service}", driver=DRIVER) for service in SERVICES}
    for mongo in found.values():
        await mongo.create_indexes("outbox", outbox.INDEXES)
    await found["notify"].create_indexes("notices", NOTICES.indexes)
    yield found
    for mongo in found.values():
        await mongo.drop()
        await mongo.close()


@pytest.fixture(autouse=True)
def no_recount(monkeypatch: pytest.MonkeyPatch) -> None:
    """These dossiers are counted nowhere; `test_routing_statistics_kept` has the recount."""

    async def counted(*_: object) -> bool:
        return True

    monkeypatch.setattr("motcua.check.run.tallies", counted)
    monkeypatch.setattr("motcua.check.incremental.tallies", counted)


def findings(report: Report) -> list[tuple[str, ...]]:
    return sorted((f.kind, f.rule, f.subject, f.detail, f.about) for f in report.findings)


async def both(town: Town, options: Options | None = None, **how: bool) -> tuple[Report, Report]:
    """What the incremental check finds now, and what a full one does."""
    await town.save()
    new = await incremental_check(town.sources, town.now, options or Options(), **how)
    return new, await check(town.sources, town.now)


async def history(databases: dict[str, Mongo], seed: int, steps: int = 2, damage: float = 0.0) -> tuple[Town, Days]:
    """A town that was looked at after each step."""
    town = Town.open(databases, seed, damage=damage)
    days = Days(town)
    for _ in range(steps):
        days.go_on()
        new, whole = await both(town)
        assert findings(new) == findings(whole)
    return town, days


def started_over(report: Report) -> list[str]:
    return [note for note in report.notes if note.startswith("everything was read")]
