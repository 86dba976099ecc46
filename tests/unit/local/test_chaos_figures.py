"""What a run of chaos counts as, without a system to break."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from typing import Any, get_args

import pytest
from rich.console import Console

from local.chaos.draw import in_turn
from local.chaos.figures import Ladder, Loaded, Rung, Storm, Strike, Verdict, tallies
from local.chaos.installation import APIS, WORKERS
from local.chaos.processes import _who_passes
from local.chaos.records import poison
from local.chaos.report import show_ladder, show_storm
from local.chaos.storm import known
from services.kit.decoding import Poison, decode
from services.kit.kafka import Record
from services.kit.points import PointName

CLEAN = {"lost": 0, "duplicated": 0, "orphan": 0, "out_of_order": 0, "stuck": 0, "statistics": 0}
LOAD = Loaded(5.0, 10.0, 50, 3, 0, {})
KILLED = Strike("kill-routing-worker", "SIGKILL routing-worker", "routing-worker", 0.0, 4.0)


def checked(**counts: int) -> dict[str, Any]:
    return {"clean": not counts, "counts": CLEAN | counts, "seen": {"dossiers": 50}, "notes": [], "findings": []}


def verdict(**counts: int) -> Verdict:
    return Verdict(checked(**counts), answered=50, stored=50)


def a_storm() -> Storm:
    return Storm(7, "embedded", LOAD, (KILLED,), {}, {}, 1, verdict())


def a_rung() -> Rung:
    return Rung("kafka", "kill", 11.0, 10.0, LOAD, 40, 3.0, verdict())


def shown(what: Storm | Ladder) -> str:
    console = Console(width=120, file=io.StringIO())
    (show_storm if isinstance(what, Storm) else show_ladder)(console, what)  # type: ignore[operator]
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_every_fault_comes_once_before_any_comes_twice_and_a_seed_repeats_the_order() -> None:
    names = [f"fault-{n}" for n in range(20)]
    turns, again = in_turn(names, random.Random(3)), in_turn(names, random.Random(3))
    rounds = [[next(turns) for _ in names] for _ in range(3)]
    assert all(sorted(one) == sorted(names) for one in rounds)
    assert rounds[0] != rounds[1]
    assert rounds == [[next(again) for _ in names] for _ in range(3)]


def test_recovery_times_are_told_by_median_and_worst_and_what_never_recovered_is_counted() -> None:
    strikes = [replace(KILLED, recovery_s=seconds) for seconds in (9.0, 1.0, 2.0, None)]
    [tally] = tallies(strikes)
    assert (tally.count, tally.median_s, tally.worst_s, tally.not_recovered) == (4, 2.0, 9.0, 1)


def test_a_run_is_good_only_with_faults_that_recovered_and_nothing_found() -> None:
    assert a_storm().good
    assert "ĐẠT: mất 0, trùng 0, kẹt 0" in shown(a_storm())
    assert "KHÔNG ĐẠT" not in shown(a_storm())


@pytest.mark.parametrize(
    "bad",
    [
        replace(a_storm(), strikes=()),
        replace(a_storm(), strikes=(replace(KILLED, recovery_s=None),)),
        replace(a_storm(), load=replace(LOAD, refused={"request-invalid": 1})),
        *(replace(a_storm(), verdict=verdict(**{kind: 1})) for kind in CLEAN),
        replace(a_storm(), verdict=replace(verdict(), not_stored=("H12.970.00-261123-000001",))),
        replace(a_storm(), verdict=replace(verdict(), not_asked_for=1)),
        replace(a_storm(), verdict=replace(verdict(), unburied=("notify/chaos-3",))),
        replace(a_storm(), verdict=replace(verdict(), restless="hộp gửi 1")),
    ],
)
def test_a_run_is_not_good_when(bad: Storm) -> None:
    assert not bad.good
    assert "KHÔNG ĐẠT" in shown(bad)


def test_receipts_that_nobody_stored_count_as_lost_and_dossiers_without_receipt_as_doubled() -> None:
    found = replace(verdict(lost=1), not_stored=("a", "b"), not_asked_for=3, restless="khóa bị giữ 1")
    assert (found.lost, found.duplicated, found.stuck) == (3, 3, 1)
    assert replace(found, unburied=("intake/chaos-1",)).lost == 4


def test_a_ladder_is_good_when_each_rung_recovered() -> None:
    good = Ladder("native", (a_rung(), a_rung()))
    assert good.good
    assert "ĐẠT: mất 0, trùng 0, kẹt 0" in shown(good)
    assert "KHÔNG ĐẠT" not in shown(good)
    for bad in (
        Ladder("native"),
        Ladder("native", (a_rung(), replace(a_rung(), recovery_s=None))),
        Ladder("native", (a_rung(), replace(a_rung(), verdict=verdict(duplicated=1)))),
    ):
        assert not bad.good
        assert "KHÔNG ĐẠT" in shown(bad)


def test_the_rate_that_was_reached_is_told() -> None:
    assert LOAD.per_s == 5.0
    assert "5.0" in shown(Ladder("native", (a_rung(),)))


def test_no_two_faults_share_a_name() -> None:
    names = [fault.name for fault in known()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("point", [point for point in get_args(PointName) if not point.startswith("webhook-")])
def test_for_each_point_of_the_road_there_is_a_fault_and_a_process_that_passes_it(point: str) -> None:
    assert f"point-{point}" in {fault.name for fault in known()}
    assert set(_who_passes(point)) <= {*APIS, *WORKERS}
    assert _who_passes(point)


@pytest.mark.parametrize("kind", range(12))
def test_poison_is_nothing_that_a_consumer_can_read(kind: int) -> None:
    made = poison(kind, b"chaos-1")
    record = Record(made["topic"], 0, 0, made["key"], made["body"], tuple(made["headers"]), 0)
    assert isinstance(decode(record), Poison)
