"""Which tests run on which engines, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from tests import lanes
from tests.passed_on import BEGIN, END, Recorder, Seen, differences, merged, named, with_table

NATIVE = {"ENGINES": "native"}
THREE = NATIVE | {"KAFKA_NODES": "3"}


@dataclass
class Item:
    """What lanes read of a test."""

    fixturenames: tuple[str, ...] = ()
    nodeid: str = "tests/component/test_x.py::test_x"
    marks: tuple[str, ...] = ()
    user_properties: list[Any] = field(default_factory=list)

    def get_closest_marker(self, name: str) -> object | None:
        return name if name in self.marks else None


def item(*fixtures: str, **more: Any) -> Any:
    return Item(fixtures, **more)


@pytest.mark.parametrize(
    ("fixtures", "environ", "expected"),
    [
        ((), {}, "none"),
        (("mongodb_url",), {}, "embedded"),
        (("mongodb_url", "broker"), NATIVE, "native"),
        (("mongodb_url", "broker"), THREE, "cluster"),
        (("mongodb_url",), THREE, "native"),
        (("cluster",), NATIVE, "cluster"),
        (("mongodb_url",), {"MONGODB_URL": "mongodb://m"}, "external"),
        (("mongodb_url", "broker"), {"MONGODB_URL": "mongodb://m"}, None),
        (("mongodb_url", "broker"), {"MONGODB_URL": "mongodb://m", "KAFKA_BOOTSTRAP": "k:9092"}, "external"),
    ],
)
def test_the_set_a_test_runs_on(fixtures: tuple[str, ...], environ: dict[str, str], expected: str | None) -> None:
    assert lanes.set_of(item(*fixtures), environ) == expected


def test_journeys_and_faults_work_on_everything_whatever_their_fixtures() -> None:
    for folder in ("journeys", "faults"):
        assert lanes.touched(item(nodeid=f"tests/{folder}/test_x.py::test_x")) == {"Kafka", "MongoDB"}


@pytest.mark.parametrize(
    ("test", "embedded", "native"),
    [
        (item(), True, False),
        (item("mongodb_url"), True, True),
        (item("mongodb_url", marks=("native",)), False, True),
        (item(marks=("native",)), False, True),
    ],
)
def test_the_native_lane_repeats_what_touches_an_engine(test: Any, embedded: bool, native: bool) -> None:
    assert (lanes.belongs(test, {}), lanes.belongs(test, NATIVE)) == (embedded, native)


def test_three_nodes_repeat_what_works_on_kafka() -> None:
    assert lanes.belongs(item("broker", "mongodb_url"), THREE)
    assert not lanes.belongs(item("mongodb_url"), THREE)


def test_what_shares_an_installation_stays_together_and_all_else_is_shared_out() -> None:
    whole = {lanes.share_of(f"tests/{name}.py::test_x") for name in ("journeys/test_a", "faults/test_b")}
    assert len(whole) == 1
    contract = "tests/component/test_engines_contract.py"
    assert lanes.share_of(f"{contract}::test_a") == lanes.share_of(f"{contract}::test_b[1]") == contract
    assert lanes.share_of("tests/unit/x.py::test_a") != lanes.share_of("tests/unit/x.py::test_b")


def seen(passed: set[str], not_passed: set[str] | None = None) -> Seen:
    return Seen({"MongoDB"}, passed, not_passed or set())


def test_a_run_adds_what_passed_takes_away_what_did_not_and_leaves_the_rest() -> None:
    record = {
        "test_a": {"uses": ["MongoDB"], "passed": ["embedded", "native"]},
        "test_gone": {"uses": [], "passed": ["none"]},
        "test_idle": {"uses": ["Kafka"], "passed": ["cluster"]},
    }
    found = merged(record, {"test_a": seen({"cluster"}, {"native"}), "test_never": seen(set(), {"native"})},
                   ["test_never", "test_idle", "test_a"])  # fmt: skip
    assert found == {
        "test_a": {"uses": ["MongoDB"], "passed": ["embedded", "cluster"]},
        "test_idle": {"uses": ["Kafka"], "passed": ["cluster"]},
    }


def test_a_test_with_one_example_that_failed_did_not_pass() -> None:
    assert merged({}, {"test_a": seen({"native"}, {"native"})}, ["test_a"]) == {}


def test_a_run_that_differs_from_the_record_is_said_and_what_did_not_run_is_not() -> None:
    record = {
        "test_a": {"uses": ["MongoDB"], "passed": ["embedded", "native"]},
        "test_idle": {"uses": ["Kafka"], "passed": ["cluster"]},
    }
    assert differences(record, {"test_a": seen({"embedded"})}) == []
    assert differences(record, {"test_a": seen(set(), {"native"}), "test_new": seen({"embedded"})}) == [
        "test_a: recorded for native, did not pass there",
        "test_new: passed on embedded, not recorded",
    ]


def test_the_table_is_written_between_its_marks_and_names_nothing_new() -> None:
    page = f"`test_a` and `test_b`\n{BEGIN}\nold `test_old`\n{END}\nafter\n"
    record = {
        "test_a": {"uses": ["Kafka", "MongoDB"], "passed": ["embedded", "cluster"]},
        "test_b": {"uses": [], "passed": ["none"]},
    }
    written = with_table(page, record)
    assert "| `test_a` | Kafka, MongoDB | passed | · | passed | · |" in written
    assert "| `test_b` | · | needs none | · | · | · |" in written
    assert "test_old" not in written
    assert written.endswith(f"{END}\nafter\n")
    assert named(page) == named(written) == {"test_a", "test_b"}
    assert with_table(written, record) == written
    with pytest.raises(ValueError, match="has no"):
        with_table("no place", record)


def test_what_workers_say_is_gathered_by_the_name_of_the_test() -> None:
    recorder = Recorder("check", {"test_a"})

    def report(nodeid: str, when: str, outcome: str) -> Any:
        flags = {kind: outcome == kind for kind in ("passed", "failed", "skipped")}
        return SimpleNamespace(
            nodeid=nodeid, when=when, user_properties=[["passed on", ["native", ["MongoDB"]]]], **flags
        )

    recorder.pytest_runtest_logreport(report("tests/x.py::Class::test_a[1]", "call", "passed"))
    assert recorder.seen == {"test_a": Seen({"MongoDB"}, {"native"}, set())}
    recorder.pytest_runtest_logreport(report("tests/x.py::test_a[2]", "setup", "failed"))
    assert recorder.seen["test_a"].sets == set()
