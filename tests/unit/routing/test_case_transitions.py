"""The transition table of a case, over every state, step state and action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from contracts.problems import Conflict, Denied, Invalid
from contracts.types import Outcome, Timeliness
from services.routing.domain import actions as domain
from services.routing.domain.actions import Decided
from services.routing.domain.case import ALLOWED, Action, Case, CaseState, StepState, Wanted
from tests.unit.routing.case_fixtures import AT, DUE, FIRST, PARENT, SECOND, case

LATER = AT + timedelta(hours=1)
MISSING = Wanted("missing", ("Giấy tờ",))
WITH_BASIS = replace(MISSING, legal_basis="Khoản 1 Điều 9 văn bản mẫu")


def _complete(case: Case, agency: str, step: int, outcome: Outcome = Outcome.GRANTED) -> Decided:
    return domain.complete(case, agency, step, outcome, Timeliness.EARLY, LATER, "not-eligible")


def _extend(case: Case, agency: str, step: int, days: int = 5) -> Decided:
    return domain.extend(case, agency, step, "workload", DUE + timedelta(days=days), LATER)


ACTIONS: dict[Action, Callable[[Case, str, int], Decided]] = {
    Action.ACCEPT: lambda c, a, s: domain.accept(c, a, s, LATER),
    Action.DECLINE: lambda c, a, s: domain.decline(c, a, s, "not-ours", PARENT, LATER),
    Action.COMPLETE: _complete,
    Action.REQUEST_SUPPLEMENT: lambda c, a, s: domain.request_supplement(c, a, s, MISSING, LATER),
    Action.EXTEND: _extend,
}
LIVING = [state for state in CaseState if state is not CaseState.WITHDRAWN]
ANSWERED_AGAIN = {(state, StepState.ACCEPTED, Action.ACCEPT) for state in LIVING} | {
    (CaseState.RESOLVED, step, Action.COMPLETE) for step in StepState
}
"""Said before: the same answer again, and nothing happens."""
OUTCOMES: dict[tuple[StepState, Action], tuple[CaseState, StepState, list[str]]] = {
    (StepState.OFFERED, Action.ACCEPT): (CaseState.OPEN, StepState.ACCEPTED, ["transfer-accepted"]),
    (StepState.OFFERED, Action.DECLINE): (
        CaseState.OPEN, StepState.OFFERED, ["transfer-declined", "transferred", "transfer-opened"],
    ),
    (StepState.OFFERED, Action.EXTEND): (CaseState.OPEN, StepState.OFFERED, ["extended"]),
    (StepState.ACCEPTED, Action.COMPLETE): (CaseState.OPEN, StepState.OFFERED, ["transferred", "transfer-opened"]),
    (StepState.ACCEPTED, Action.REQUEST_SUPPLEMENT): (
        CaseState.SUPPLEMENT, StepState.ACCEPTED, ["supplement-requested"],
    ),
    (StepState.ACCEPTED, Action.EXTEND): (CaseState.OPEN, StepState.ACCEPTED, ["extended"]),
}  # fmt: skip


@pytest.mark.parametrize(("state", "step", "action"), list(product(LIVING, StepState, Action)))
def test_every_state_and_action_is_allowed_or_a_conflict_that_says_what_is(
    state: CaseState, step: StepState, action: Action
) -> None:
    before = case(state, step)
    if (state, step, action) in ANSWERED_AGAIN:
        assert ACTIONS[action](before, FIRST, 1) == (before, ())
    elif action in ALLOWED.get((state, step), frozenset()):
        after, events = ACTIONS[action](before, FIRST, 1)
        assert (after.state, after.step.state, [e.TYPE.split(".")[-2] for e in events]) == OUTCOMES[step, action]
    else:
        with pytest.raises(Conflict) as caught:
            ACTIONS[action](before, FIRST, 1)
        assert caught.value.slug == "action-not-allowed"
        assert caught.value.facts["allowed"] == sorted(ALLOWED.get((state, step), frozenset()))
        assert (caught.value.facts["state"], caught.value.facts["step_state"]) == (state, step)


@pytest.mark.parametrize(("step", "action"), list(product(StepState, Action)))
def test_a_withdrawn_case_refuses_every_action_and_says_why(step: StepState, action: Action) -> None:
    """Repeats too: the agency must learn that there is nothing left to do."""
    for before in (case(CaseState.WITHDRAWN, step), case(CaseState.WITHDRAWN, step, current=2)):
        with pytest.raises(Conflict) as caught:
            ACTIONS[action](before, FIRST, 1)
        assert (caught.value.slug, caught.value.facts["allowed"]) == ("case-withdrawn", [])


def test_the_outcomes_above_cover_the_whole_table() -> None:
    assert set(OUTCOMES) == {(step, action) for (_, step), actions in ALLOWED.items() for action in actions}


@pytest.mark.parametrize("action", list(Action))
def test_another_agency_is_denied_whatever_the_state(action: Action) -> None:
    for state, step in product(CaseState, StepState):
        for agency in (SECOND, "H12.971"):
            with pytest.raises(Denied) as caught:
                ACTIONS[action](case(state, step), agency, 1)
            assert caught.value.slug == "wrong-agency"


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("step", [0, 3, -1])
def test_a_step_that_does_not_exist_is_a_conflict(action: Action, step: int) -> None:
    with pytest.raises(Conflict) as caught:
        ACTIONS[action](case(), FIRST, step)
    assert caught.value.slug == "step-unknown"
    assert caught.value.facts["allowed"] == ["accept", "decline", "extend"]


@pytest.mark.parametrize("action", list(Action))
def test_a_later_step_is_not_current_and_the_answer_says_which_is(action: Action) -> None:
    with pytest.raises(Conflict) as caught:
        ACTIONS[action](case(), SECOND, 2)
    assert (caught.value.slug, caught.value.facts["current"]) == ("step-not-current", 1)


@pytest.mark.parametrize("action", list(Action))
def test_a_step_that_is_done_is_done_once(action: Action) -> None:
    before = case(current=2)
    if action is Action.COMPLETE:
        assert _complete(before, FIRST, 1) == (before, ())
    else:
        with pytest.raises(Conflict):
            ACTIONS[action](before, FIRST, 1)


@pytest.mark.parametrize(
    ("supervisor", "allowed"), [(False, ["complete", "extend"]), (True, ["complete", "extend", "request-supplement"])]
)
def test_a_second_supplement_request_without_a_basis_is_refused_and_told_what_is_possible(
    supervisor: bool, allowed: list[str]
) -> None:
    before = replace(case(step=StepState.ACCEPTED), supplements=1)
    with pytest.raises(Conflict) as caught:
        domain.request_supplement(before, FIRST, 1, MISSING, LATER, supervisor=supervisor)
    assert caught.value.slug == "supplement-already-requested"
    assert caught.value.facts["allowed"] == allowed


@pytest.mark.parametrize("supplements", [1, 2])
def test_a_further_supplement_request_with_a_basis_is_a_supervisors_and_is_counted(supplements: int) -> None:
    before = replace(case(step=StepState.ACCEPTED), supplements=supplements)
    with pytest.raises(Denied) as caught:
        domain.request_supplement(before, FIRST, 1, WITH_BASIS, LATER)
    assert caught.value.slug == "supervisor-needed"
    after, (event,) = domain.request_supplement(before, FIRST, 1, WITH_BASIS, LATER, supervisor=True)
    assert (after.state, after.supplements) == (CaseState.SUPPLEMENT, supplements + 1)
    assert event.legal_basis == WITH_BASIS.legal_basis  # type: ignore[attr-defined]


def test_a_supervisor_with_a_basis_still_waits_for_the_steps_turn() -> None:
    for before in (case(), case(CaseState.SUPPLEMENT, StepState.ACCEPTED), case(CaseState.RESOLVED, StepState.DONE)):
        with pytest.raises(Conflict) as caught:
            domain.request_supplement(replace(before, supplements=1), FIRST, 1, WITH_BASIS, LATER, supervisor=True)
        assert caught.value.slug == "action-not-allowed"


def test_a_second_extension_is_refused_with_its_clause() -> None:
    extended, _ = _extend(case(step=StepState.ACCEPTED), FIRST, 1)
    with pytest.raises(Conflict) as caught:
        _extend(extended, FIRST, 1, days=9)
    assert caught.value.slug == "already-extended"
    assert caught.value.facts["allowed"] == ["complete", "request-supplement"]


@pytest.mark.parametrize(
    ("due", "slug"),
    [
        (LATER - timedelta(days=1), "due-date-in-past"),
        (LATER, "due-date-in-past"),
        (DUE, "due-date-not-later"),
        (LATER + timedelta(days=1), "due-date-not-later"),
        (LATER + timedelta(days=3660), "due-date-too-far"),
    ],
)
def test_a_new_date_that_is_none_is_refused(due: object, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        domain.extend(case(), FIRST, 1, "workload", due, LATER)  # type: ignore[arg-type]
    assert caught.value.slug == slug


def test_an_extension_moves_the_promise_and_the_last_step_and_keeps_the_first_promise() -> None:
    after, (event,) = _extend(case(), FIRST, 1)
    assert after.due_at == after.steps[-1].due_at == event.due_at == DUE + timedelta(days=5)  # type: ignore[attr-defined]
    assert after.first_due_at == event.first_due_at == DUE  # type: ignore[attr-defined]
    assert after.steps[0] == case().steps[0]


def test_a_denial_at_the_first_step_resolves_the_dossier() -> None:
    after, (event,) = _complete(case(step=StepState.ACCEPTED), FIRST, 1, Outcome.DENIED)
    assert (after.state, after.outcome, event.TYPE.split(".")[-2]) == (CaseState.RESOLVED, Outcome.DENIED, "resolved")


def test_a_declined_step_goes_up_and_when_nobody_is_above_it_waits_for_an_operator() -> None:
    moved, _ = domain.decline(case(), FIRST, 1, "not-ours", SECOND, LATER)
    assert (moved.step.agency, moved.step.declined_by) == (SECOND, (FIRST,))
    for parent in (None, FIRST):  # no parent, or one that declined already
        lost, (event,) = domain.decline(moved, SECOND, 1, "not-ours", parent, LATER)
        assert (lost.state, lost.allowed()) == (CaseState.UNPLACED, frozenset())
        assert event.TYPE.endswith("transfer-declined.v1")


@pytest.mark.parametrize("state", [s for s in CaseState if s is not CaseState.SUPPLEMENT])
def test_papers_that_nobody_waits_for_change_nothing(state: CaseState) -> None:
    before = case(state)
    assert domain.resume(before, DUE, [DUE, DUE], LATER) == (before, ())


def test_a_withdrawn_case_allows_nothing_and_a_resolved_one_stays_resolved() -> None:
    assert domain.withdraw(case()).allowed(supervisor=True) == frozenset()
    resolved = case(CaseState.RESOLVED, StepState.DONE)
    assert domain.withdraw(resolved) is resolved


@pytest.mark.parametrize("outcome", Outcome)
def test_a_case_that_was_resolved_before_it_came_is_offered_to_nobody(outcome: Outcome) -> None:
    after, (event,) = domain.open_resolved(case(step=StepState.WAITING), outcome, Timeliness.EARLY, LATER)
    assert (after.state, after.current, after.allowed(supervisor=True)) == (CaseState.RESOLVED, 2, frozenset())
    assert [(step.state, step.offered_at, step.done_at) for step in after.steps[1:]] == [(StepState.DONE, None, LATER)]
    assert all(step.state is StepState.DONE for step in after.steps)
    assert (event.TYPE.split(".")[-2], event.occurred_at, event.agency) == ("resolved", LATER, SECOND)  # type: ignore[attr-defined]
    assert (after.outcome, after.timeliness, after.resolved_at) == (outcome, Timeliness.EARLY, LATER)
