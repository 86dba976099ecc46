"""Guards, joins and neighbours: who takes part when a dossier comes in one way or another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.types import Mechanism
from services.routing.domain.directory import Agency, Directory
from services.routing.domain.workflow import Arrival, Guard, Turn, Workflow, WorkflowStep, taking_part, turns

ALWAYS, ONLINE, NEVER = Guard(), Guard(channels=("online",)), Guard(cases=("không có",))
DIRECTORY = Directory(
    (
        Agency("H12.970", "Ủy ban nhân dân huyện Thử", "huyện", None, "people_committee"),
        Agency("H12.970.02", "Phòng Một", "huyện", "H12.970", "division"),
        Agency("H12.970.03", "Phòng Hai", "huyện", "H12.970", "division"),
        Agency("H12.970.155", "Ủy ban nhân dân xã Thử", "xã", "H12.970", "people_committee"),
    )
)
DESK = Arrival("H12.970.00")


def step(*after: int, needs: int = 0, guard: Guard = ALWAYS, agency: str = "Phòng Một", name: str = "") -> WorkflowStep:
    return WorkflowStep(agency, 1.0, name, after=after, needs=needs, guard=guard)


def graph(steps: Sequence[WorkflowStep], arrival: Arrival = DESK) -> list[tuple[tuple[int, ...], int]]:
    return [(kept.after, kept.needs) for kept in taking_part(steps, arrival)]


def turns_of(*steps: WorkflowStep, arrival: Arrival = DESK) -> tuple[Turn, ...]:
    return turns(Workflow("1.000001", 1, Mechanism.ONE_STOP, steps), DIRECTORY, arrival)


@pytest.mark.parametrize(
    ("guard", "holds"),
    [
        (Guard(), True),
        (Guard(channels=("counter", "post")), True),
        (Guard(channels=("online",)), False),
        (Guard(units=("H12.970",)), True),
        (Guard(units=("H12.970.15",)), False),
        (Guard(units=("H12.971", "H12.970.155")), True),
        (Guard(units=("H12.9",)), False),
        (Guard(cases=("Kết hôn",)), True),
        (Guard(cases=("Khác", "Kết")), False),
        (Guard(cases=("KÊ\u0301T  hôn",)), True),
        (Guard(channels=("counter",), units=("H12.970",), cases=("Khác",)), False),
    ],
)
def test_a_guard_asks_for_channel_unit_and_case_together(guard: Guard, holds: bool) -> None:
    assert guard.holds("counter", "H12.970.155.00", "Kết hôn") is holds


def test_a_guard_of_cases_does_not_hold_for_a_dossier_without_one() -> None:
    assert not Guard(cases=("Kết hôn",)).holds("counter", "H12.970.00", None)


def test_a_step_in_a_row_that_is_left_out_hands_its_place_to_the_one_before() -> None:
    row = [step(), step(1, guard=ONLINE), step(2, guard=ONLINE), step(3)]
    assert graph(row) == [((), 0), ((1,), 0)]
    assert graph(row, replace(DESK, channel="online")) == [((), 0), ((1,), 0), ((2,), 0), ((3,), 0)]


def test_the_first_step_left_out_lets_the_next_begin_at_once() -> None:
    assert graph([step(guard=ONLINE), step(1), step(2)]) == [((), 0), ((1,), 0)]


@pytest.mark.parametrize("needs", [0, 1, 2])
def test_a_branch_that_is_left_out_is_no_branch_any_more(needs: int) -> None:
    """Where any branch is enough, the fork before it must not count as one: the join would begin as soon as that is
    done, and the other branches be recalled unseen."""
    fork = [step(), step(1), step(1, guard=ONLINE), step(2, 3, needs=needs)]
    assert graph(fork) == [((), 0), ((1,), 0), ((2,), min(needs, 1))]


def test_a_quorum_that_lost_a_branch_asks_for_all_that_are_left_at_the_most() -> None:
    fork = [step(), step(1), step(1), step(1, guard=ONLINE), step(1, guard=NEVER), step(2, 3, 4, 5, needs=3)]
    assert graph(fork)[-1] == ((2, 3), 2)


def test_branches_that_are_all_left_out_leave_the_fork() -> None:
    fork = [step(), step(1, guard=NEVER), step(1, guard=NEVER), step(2, 3, needs=1), step(4)]
    assert graph(fork) == [((), 0), ((1,), 1), ((2,), 0)]


def test_a_branch_of_its_own_that_loses_a_step_stays_a_branch() -> None:
    two_begin = [step(), step(), step(2, guard=NEVER), step(1, 3, needs=1)]
    assert graph(two_begin)[-1] == ((1, 2), 1)


@st.composite
def graphs(draw: st.DrawFn) -> list[WorkflowStep]:
    size = draw(st.integers(1, 10))
    found: list[WorkflowStep] = []
    for number in range(1, size + 1):
        after = tuple(sorted(draw(st.sets(st.integers(1, number - 1), max_size=3)))) if number > 1 else ()
        guard = NEVER if len(after) < 2 and draw(st.booleans()) else ALWAYS
        found.append(step(*after, needs=draw(st.integers(0, len(after))), guard=guard, name=str(number)))
    return found


def reach(steps: Sequence[WorkflowStep]) -> dict[str, set[str]]:
    """By name: the names of all steps before it."""
    found: dict[str, set[str]] = {}
    for one in steps:
        names = {steps[number - 1].name for number in one.after}
        found[one.name] = names.union(*(found[name] for name in names))
    return found


@given(graphs())
def test_leaving_steps_out_keeps_the_order_of_the_others_and_asks_no_join_for_more_than_it_has(
    steps: list[WorkflowStep],
) -> None:
    kept = taking_part(steps, DESK)
    names = {one.name for one in kept}
    assert names == {one.name for one in steps if one.guard == ALWAYS}
    whole = reach(steps)
    assert reach(kept) == {name: whole[name] & names for name in names}
    assert all(one.needs <= len(one.after) and set(one.after) <= set(range(1, n)) for n, one in enumerate(kept, 1))


def test_where_no_guard_holds_every_step_takes_part_rather_than_none() -> None:
    assert len(turns_of(step(guard=NEVER), step(1, guard=NEVER, agency="Phòng Hai"))) == 2


def test_an_agency_may_be_named_by_its_code() -> None:
    found = turns_of(step(agency="H12.970.03"), step(1, agency="Phòng Một"), step(2, agency="H12.970.99"))
    assert [turn.agency for turn in found] == ["H12.970.03", "H12.970.02", "H12.970"]


def test_a_turn_keeps_what_the_workflow_says_of_it() -> None:
    stated = WorkflowStep("Phòng Một", 4.0, "Thẩm định", "chuyên viên", accept_hours=2.0)
    assert turns_of(stated) == (Turn("H12.970.02", 4.0, name="Thẩm định", role="chuyên viên", accept_hours=2.0),)


def test_neighbours_of_one_agency_with_names_of_their_own_stay_apart() -> None:
    assert [turn.name for turn in turns_of(step(name="Soạn"), step(1, name="Ký"))] == ["Soạn", "Ký"]
    [alone] = turns_of(step(name="Soạn"), step(1))
    assert (alone.name, alone.share) == ("Soạn", 2.0)


def test_branches_of_one_agency_are_not_one_turn() -> None:
    found = turns_of(step(), step(1), step(1), step(2, 3))
    assert [turn.after for turn in found] == [(), (1,), (1,), (2, 3)]


def test_neighbours_merge_behind_and_before_a_fork_and_the_numbers_follow() -> None:
    two = "Phòng Hai"
    found = turns_of(step(), step(1), step(2, agency=two), step(2), step(3, agency=two), step(4, 5, needs=1))
    assert [(turn.agency[-2:], turn.after, turn.needs) for turn in found] == [
        ("02", (), 0), ("03", (1,), 0), ("02", (1,), 0), ("02", (2, 3), 1),
    ]  # fmt: skip
    assert [turn.share for turn in found] == [2.0, 2.0, 1.0, 1.0]


@given(graphs())
def test_merging_neighbours_keeps_the_length_of_the_longest_way(steps: list[WorkflowStep]) -> None:
    unnamed = [replace(one, name="", guard=ALWAYS) for one in steps]
    named = [replace(one, guard=ALWAYS) for one in steps]
    assert _longest(turns_of(*unnamed)) == _longest(turns_of(*named))


def _longest(found: Sequence[Turn]) -> float:
    ends: list[float] = []
    for turn in found:
        ends.append(turn.share + max((ends[number - 1] for number in turn.after), default=0.0))
    return max(ends)
