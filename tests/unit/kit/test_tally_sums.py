"""What a unit of work adds to sums: merged, and only what the decisions that held had added."""

from __future__ import annotations

from datetime import UTC, datetime

from pymongo import UpdateOne

from services.kit.tally import Sums, id_of_part, part_id
from services.kit.work import Cause, Work

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KEY = {"unit": "H12.970"}


def upsert(id: str, amounts: dict[str, int]) -> UpdateOne:
    return UpdateOne({"_id": id}, {"$setOnInsert": KEY, "$inc": amounts}, upsert=True)


def add(work: Work, **amounts: int) -> None:
    work.begin(Cause("c"))
    work.add("sums", "a", KEY, amounts)


def test_additions_to_one_document_are_one_write() -> None:
    sums = Sums()
    sums.add("sums", "a", KEY, {"x": 1, "days.05.x": 1})
    sums.add("sums", "a", KEY, {"x": 2, "y": 1})
    sums.add("sums", "b", KEY, {"x": 1})
    assert sums.writes("p/0") == {
        "sums": [upsert("a#p/0", {"x": 3, "days.05.x": 1, "y": 1}), upsert("b#p/0", {"x": 1})]
    }


def test_what_comes_to_nothing_is_not_written() -> None:
    sums = Sums()
    sums.add("sums", "a", KEY, {"x": 1, "y": 1})
    sums.add("sums", "a", KEY, {"x": -1})
    sums.add("sums", "b", KEY, {"x": 0})
    assert sums.writes("") == {"sums": [upsert("a#", {"y": 1})]}
    sums.add("sums", "a", KEY, {"y": -1})
    assert not sums
    assert sums.writes("") == {}


def test_a_refused_decision_adds_nothing() -> None:
    work = Work("/routing", AT)
    add(work, x=1)
    work.keep()
    add(work, x=5, y=7)
    work.drop()
    add(work, x=1)
    work.keep()
    assert work._sums.writes("") == {"sums": [upsert("a#", {"x": 2})]}


def test_a_unit_of_work_that_only_adds_has_changes() -> None:
    """The retrier asks, to tell a fact that moved something from one that has to wait behind its head."""
    work = Work("/routing", AT)
    assert not work.has_changes
    add(work, x=1)
    work.drop()
    assert not work.has_changes
    add(work, x=1)
    work.keep()
    assert work.has_changes


def test_the_sum_that_a_part_belongs_to_is_known_whatever_its_name() -> None:
    assert id_of_part(part_id("2026-11|a#b|c", "dossier.events.v1/3")) == "2026-11|a#b|c"
