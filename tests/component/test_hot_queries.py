"""What is asked all the time, or of very many documents, is answered by an index, on every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.answers import AnswerTimer
from services.intake.domain.status import Status
from services.intake.store import DOSSIERS
from services.intake.store import MORE as INTAKE_MORE
from services.intake.store import STORES as INTAKE
from services.kit import schema
from services.kit.auth import Caller
from services.kit.commit import Committer
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.outbox import OUTBOX, pending
from services.kit.outbox_depth import outbox_depth
from services.notify.due import DueNotices
from services.notify.queries.call_list import call_list
from services.notify.store import MORE as NOTIFY_MORE
from services.notify.store import STORES as NOTIFY
from services.routing.open_cases import pages
from services.routing.queries.changes import changes
from services.routing.queries.figures import Asked
from services.routing.queries.inbox import Box, Horizon, Wish, counts, inbox
from services.routing.queries.statistics import statistics
from services.routing.store import MORE as ROUTING_MORE
from services.routing.store import STORES as ROUTING
from services.routing.timers import TimerLoop

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
OFFICE, COUNTER = "H12.970.02", "H12.970.00"
FEW = frozenset({"leases", "fences", "parked_keys", "sender"})
"""A handful of documents for ever."""
Question = tuple[str, Mapping[str, Any]]


class Ear:
    """A database that remembers what it is asked."""

    def __init__(self, mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mongo, self.asked = mongo, list[Question]()
        collection, aggregate = mongo.collection, mongo.aggregate
        monkeypatch.setattr(mongo, "collection", lambda name: Listening(self, name, collection(name)))

        async def heard(name: str, pipeline: Sequence[Mapping[str, Any]], session: Any = None) -> list[dict[str, Any]]:
            self.asked.append((name, pipeline[0]["$match"]))
            monkeypatch.setattr(mongo, "collection", collection)
            found = await aggregate(name, pipeline, session)
            monkeypatch.setattr(mongo, "collection", lambda name: Listening(self, name, collection(name)))
            return found

        monkeypatch.setattr(mongo, "aggregate", heard)
        self._collection = collection

    async def unindexed(self) -> list[Question]:
        """Questions that would read the whole collection."""
        found = []
        for name, query in self.asked:
            if "_id" in query or name in FEW:
                continue
            plan = await self._collection(name).find(query).explain()
            if "IXSCAN" not in str(plan["queryPlanner"]["winningPlan"]):
                found.append((name, query))
        return found


class Listening:
    """One collection of it."""

    def __init__(self, ear: Ear, name: str, collection: Any) -> None:
        self._ear, self._name, self._collection = ear, name, collection

    def __getattr__(self, asked: str) -> Any:
        found = getattr(self._collection, asked)
        if asked not in ("find", "find_one", "count_documents", "update_many", "delete_many"):
            return found

        def ask(query: Mapping[str, Any], *more: Any, **options: Any) -> Any:
            self._ear.asked.append((self._name, query))
            return found(query, *more, **options)

        return ask


@pytest.fixture
async def ear(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> Ear:
    for stores, more in ((INTAKE, INTAKE_MORE), (ROUTING, ROUTING_MORE), (NOTIFY, NOTIFY_MORE)):
        await schema.ensure(mongo, stores, more)
    return Ear(mongo, monkeypatch)


async def lease_of(mongo: Mongo) -> Lease:
    lease = Lease(mongo, "worker")
    assert await lease.hold()
    return lease


async def test_the_inbox_and_what_partners_compare(ear: Ear) -> None:
    horizon = Horizon(NOW, NOW + timedelta(hours=8))
    for box in Box:
        for filters in ({}, {"procedure": "1.000001.H12"}, {"counter": COUNTER}, {"officer": "cb.1"}):
            await inbox(ear.mongo, Wish(OFFICE, box, **filters), horizon)
    await counts(ear.mongo, OFFICE, horizon)
    await changes(ear.mongo, OFFICE, NOW - timedelta(days=1), None, 200, NOW)
    assert len(ear.asked) > 20
    assert await ear.unindexed() == []


async def test_timers_and_jobs_over_open_cases(ear: Ear) -> None:
    committer = Committer(ear.mongo, "/routing", lambda: NOW)
    await TimerLoop(ear.mongo, committer, await lease_of(ear.mongo), lambda: NOW).once()
    assert [page async for page in pages(ear.mongo)] == []
    assert {name for name, _ in ear.asked} > {"cases"}
    assert await ear.unindexed() == []


async def test_statistics_of_a_period_and_of_all_time(ear: Ear) -> None:
    period = (NOW.date() - timedelta(days=200), NOW.date())
    for by in (None, "unit", "field", "procedure", "mechanism", "day"):
        await statistics(ear.mongo, Asked(period, unit="H12.970", by=by), NOW)  # type: ignore[arg-type]
    await statistics(ear.mongo, Asked(), NOW)
    assert {name for name, _ in ear.asked} == {"tallies", "cases"}
    assert await ear.unindexed() == []


async def test_what_waits_to_be_sent(ear: Ear) -> None:
    await pending(ear.mongo, 100)
    await outbox_depth(ear.mongo)
    assert {name for name, _ in ear.asked} == {OUTBOX}
    assert await ear.unindexed() == []


async def test_filings_that_nobody_answered_and_the_lists_of_a_desk(ear: Ear) -> None:
    committer = Committer(ear.mongo, "/intake", lambda: NOW)
    await AnswerTimer(ear.mongo, committer, await lease_of(ear.mongo), lambda: NOW, 5.0).once()
    dossiers = ear.mongo.collection(DOSSIERS.collection)
    await dossiers.find({"counter": COUNTER, "status": Status.RESOLVED.value}).to_list(None)
    await dossiers.find({"counter": COUNTER, "received_at": {"$gte": NOW}}).to_list(None)
    assert await ear.unindexed() == []


async def test_notices_that_are_due_and_citizens_to_be_called(ear: Ear) -> None:
    await DueNotices(ear.mongo, lambda: NOW).take(100)
    await call_list(ear.mongo, COUNTER, Caller("k", frozenset({"operator"})))
    assert {name for name, _ in ear.asked} >= {"notices"}
    # Asked once an hour, and the embedded server reads everything for `$elemMatch`.
    often = [question for question in await ear.unindexed() if "$elemMatch" not in str(question[1])]
    assert often == []


async def test_a_question_without_an_index_would_be_noticed(ear: Ear) -> None:
    await ear.mongo.collection(DOSSIERS.collection).find({"applicant.full_name": "Nguyễn Văn A"}).to_list(None)
    assert len(await ear.unindexed()) == 1
