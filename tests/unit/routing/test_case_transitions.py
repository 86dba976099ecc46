"""The transition table of a case, over every situation and action, and what each action does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from contracts.problems import Conflict, Denied, Invalid
from contracts.types import Outcome, StopKind
from services.routing.domain import actions, promises, stops
from services.routing.domain.case import (
    ALLOWED,
    BESIDE_A_STOP,
    PORTAL_STATUS,
    STOPPED,
    Action,
    Case,
    CaseState,
    StepState,
    TransferState,
    Wanted,
)
from services.routing.domain.checks import check_seen
from services.routing.domain.flow import Decided
from tests.unit.routing.case_fixtures import ABOVE, AT, CHAIN, FIRST, SECOND, SETTING, THIRD, branches, case, opened

LATER = AT + timedelta(hours=1)
MISSING = Wanted("missing-papers", ("Giấy tờ",))
BASIS = "Khoản 1 Điều 9 văn bản mẫu"
WITH_BASIS = replace(MISSING, legal_basis=BASIS)
DUE = opened()[0].due_at


def told(decided: Decided) -> list[str]:
    return [event.TYPE.removesuffix(".v1").rpartition(".")[2] for event in decided[1]]


def complete(before: Case, agency: str, step: int, outcome: Outcome = Outcome.GRANTED) -> Decided:
    return actions.complete(before, agency, step, outcome, LATER, SETTING, "not-eligible")


def extend(before: Case, agency: str, step: int, days: int = 5) -> Decided:
    return promises.extend(before, agency, step, "overload", DUE + timedelta(days=days), LATER, SETTING)


def assign(before: Case, agency: str, step: int) -> Decided:
    return actions.assign(before, agency, step, "officer-1", LATER, "key"), ()


ACTIONS: dict[Action, Callable[[Case, str, int], Decided]] = {
    Action.ACCEPT: lambda c, a, s: actions.accept(c, a, s, LATER, SETTING),
    Action.DECLINE: lambda c, a, s: actions.decline(c, a, s, "not-ours", LATER, SETTING),
    Action.COMPLETE: complete,
    Action.REQUEST_SUPPLEMENT: lambda c, a, s: stops.request_supplement(c, a, s, MISSING, LATER),
    Action.REQUEST_PAYMENT: lambda c, a, s: stops.request_payment(c, a, s, 50_000, BASIS, LATER),
    Action.HALT: lambda c, a, s: stops.halt(c, a, s, StopKind.CONSULTATION, "opinion-pending", BASIS, LATER),
    Action.RESUME: lambda c, a, s: stops.resume(c, a, s, LATER, SETTING),
    Action.EXTEND: extend,
    Action.SEND_BACK: lambda c, a, s: actions.send_back(c, a, s, None, "unfit", LATER, SETTING),
    Action.REOPEN: lambda c, a, s: actions.reopen(c, a, s, LATER, SETTING, "key"),
    Action.ASSIGN: assign,
}


def stopped(kind: StopKind) -> Case:
    """Three branches at work, the first of which stopped the clock."""
    before = case(branches(), 1, 2)
    match kind:
        case StopKind.SUPPLEMENT:
            return stops.request_supplement(before, FIRST, 1, MISSING, AT)[0]
        case StopKind.PAYMENT:
            return stops.request_payment(before, FIRST, 1, 50_000, BASIS, AT)[0]
    return stops.halt(before, FIRST, 1, kind, "opinion-pending", BASIS, AT)[0]


def unplaced() -> Case:
    found = case()
    for agency in (FIRST, ABOVE, "H12"):
        found, _ = actions.decline(found, agency, 1, "not-ours", AT, SETTING)
    return found


def at_the_second() -> Case:
    return complete(case(CHAIN, 1), FIRST, 1)[0]


SITUATIONS: dict[str, tuple[Case, int, set[str]]] = {
    "offered": (case(), 1, {"accept", "decline", "extend", "assign"}),
    "accepted, first of its way": (
        case(CHAIN, 1), 1,
        {"complete", "request-supplement", "request-payment", "halt", "extend", "assign"},
    ),
    "accepted, after another": (
        actions.accept(at_the_second(), SECOND, 2, AT, SETTING)[0], 2,
        {"complete", "request-supplement", "request-payment", "halt", "extend", "assign", "send-back"},
    ),
    "waiting": (case(), 2, set()),
    "done, the next not begun": (at_the_second(), 1, {"reopen"}),
    "done, the next at work": (actions.accept(at_the_second(), SECOND, 2, AT, SETTING)[0], 1, set()),
    "unplaced": (unplaced(), 1, set()),
    "asked for papers": (stopped(StopKind.SUPPLEMENT), 1, set()),
    "waits for a payment": (stopped(StopKind.PAYMENT), 1, {"resume"}),
    "consults": (stopped(StopKind.CONSULTATION), 1, {"resume"}),
    "stopped by decision": (stopped(StopKind.DECISION), 1, {"resume"}),
    "beside one that asked for papers": (stopped(StopKind.SUPPLEMENT), 2, {"complete", "assign"}),
    "beside one that consults": (stopped(StopKind.CONSULTATION), 2, {"complete", "assign"}),
    "offered beside one that consults": (stopped(StopKind.CONSULTATION), 3, {"accept", "decline", "assign"}),
    "beside a decision to stop": (stopped(StopKind.DECISION), 2, set()),
    "resolved": (complete(case(CHAIN, 1), FIRST, 1, Outcome.DENIED)[0], 1, set()),
    "withdrawn": (actions.withdraw(case(CHAIN, 1), AT), 1, set()),
}  # fmt: skip


def said_before(before: Case, step: int, action: Action) -> bool:
    """The same answer again, and nothing happens."""
    state = before.step(step).state
    if before.state is CaseState.WITHDRAWN:
        return False
    if action is Action.COMPLETE:
        return state is StepState.DONE
    if action is Action.RESUME:
        return before.open and before.stop is None and state is StepState.ACCEPTED
    return action is Action.ACCEPT and state is StepState.ACCEPTED


@pytest.mark.parametrize(("situation", "action"), list(product(SITUATIONS, Action)))
def test_every_action_is_done_or_refused_with_what_is_allowed(situation: str, action: Action) -> None:
    before, step, allowed = SITUATIONS[situation]
    agency = before.step(step).agency
    assert {a.value for a in before.allowed(step)} == allowed
    if said_before(before, step, action):
        assert ACTIONS[action](before, agency, step) == (before, ())
    elif action.value in allowed:
        assert ACTIONS[action](before, agency, step)[0] != before
    else:
        with pytest.raises(Conflict) as caught:
            ACTIONS[action](before, agency, step)
        assert caught.value.slug in {"action-not-allowed", "step-not-current", "case-withdrawn"}
        assert set(caught.value.facts["allowed"]) == allowed


@pytest.mark.parametrize(("situation", "action"), list(product(SITUATIONS, Action)))
def test_another_agency_is_denied_whatever_the_state(situation: str, action: Action) -> None:
    before, step, _ = SITUATIONS[situation]
    with pytest.raises(Denied) as caught:
        ACTIONS[action](before, "H12.971", step)
    assert caught.value.slug == "wrong-agency"


@pytest.mark.parametrize(("step", "action"), list(product([0, 3, -1], Action)))
def test_a_step_that_does_not_exist_is_a_conflict(step: int, action: Action) -> None:
    with pytest.raises(Conflict) as caught:
        ACTIONS[action](case(), FIRST, step)
    assert (caught.value.slug, caught.value.facts["active"]) == ("step-unknown", [1])


def test_the_tables_are_total() -> None:
    assert set(PORTAL_STATUS) == set(CaseState)
    assert set(PORTAL_STATUS.values()) <= set(range(1, 11))
    assert set(STOPPED) == set(StopKind)
    assert set(ALLOWED) <= set(StepState)
    named = {action for actions_ in ALLOWED.values() for action in actions_}
    assert named | {Action.RESUME} == set(Action)
    assert named >= BESIDE_A_STOP


def test_a_stale_revision_is_refused_with_the_present_one() -> None:
    before = replace(case(), revision=7)
    check_seen(before, 7, 1)
    check_seen(before, None, 1)
    with pytest.raises(Conflict) as caught:
        check_seen(before, 6, 1)
    assert (caught.value.slug, caught.value.facts["revision"]) == ("case-changed", 7)
    assert caught.value.facts["allowed"] == ["accept", "assign", "decline", "extend"]


class TestHandOver:
    def test_what_is_told(self) -> None:
        found, events = opened()
        assert told((found, events)) == ["transferred", "transfer-opened"]
        accepted = actions.accept(found, FIRST, 1, LATER, SETTING)
        assert told(accepted) == ["transfer-accepted"]
        done = complete(accepted[0], FIRST, 1)
        assert told(done) == ["step-completed", "transferred", "transfer-opened"]
        assert told(complete(actions.accept(done[0], SECOND, 2, LATER, SETTING)[0], SECOND, 2)) == [
            "step-completed",
            "resolved",
        ]

    def test_silence_is_measured_in_working_time(self) -> None:
        """Offered at 09:00, to be accepted within 4 working hours: 14:00, the lunch break is not counted."""
        transfer = case().transfer_of(1)
        assert transfer is not None
        assert transfer.accept_by == AT + timedelta(hours=6)

    def test_each_side_s_used_time_is_told(self) -> None:
        accepted, _ = actions.accept(case(), FIRST, 1, AT + timedelta(minutes=90), SETTING)
        _, (completed, *_) = actions.complete(accepted, FIRST, 1, Outcome.GRANTED, AT + timedelta(hours=5), SETTING)
        assert (completed.waited_minutes, completed.worked_minutes) == (90, 90)  # type: ignore[attr-defined]

    def test_a_stop_is_left_out_of_the_worked_time(self) -> None:
        asked, _ = stops.halt(case(CHAIN, 1), FIRST, 1, StopKind.CONSULTATION, "opinion-pending", BASIS, LATER)
        back, _ = stops.resume(asked, FIRST, 1, AT + timedelta(days=7), SETTING)
        _, (completed, *_) = actions.complete(
            back, FIRST, 1, Outcome.GRANTED, AT + timedelta(days=7, minutes=30), SETTING
        )
        assert completed.worked_minutes == 90  # type: ignore[attr-defined]

    def test_a_declined_step_goes_up_and_when_nobody_is_above_it_waits_for_an_operator(self) -> None:
        found = unplaced()
        assert [t.state for t in found.transfers] == [TransferState.DECLINED] * 3
        assert [t.agency for t in found.transfers] == [FIRST, ABOVE, "H12"]
        assert (found.unplaced, found.active, found.open) == ((1,), (), True)
        placed, events = actions.place(found, SECOND, None, LATER, SETTING, "operator")
        assert (placed.active, placed.step(1).agency, placed.step(1).declined_by) == ((1,), SECOND, ())
        assert told((placed, events)) == ["transferred", "transfer-opened"]
        assert [(entry.what, entry.by) for entry in placed.audit] == [("placed", "operator")]

    @pytest.mark.parametrize("number", [None, 1, 2, 9])
    def test_only_what_waits_is_placed(self, number: int | None) -> None:
        with pytest.raises(Conflict) as caught:
            actions.place(case(), SECOND, number, LATER, SETTING, "operator")
        assert caught.value.slug == "case-not-unplaced"


class TestBranches:
    def test_all_begin_at_once_and_the_join_waits_for_all(self) -> None:
        found = case(branches(), 1, 2, 3)
        assert found.active == (1, 2, 3)
        for number in (1, 2):
            found, _ = complete(found, found.step(number).agency, number)
            assert found.step(4).state is StepState.WAITING
        assert told(complete(found, THIRD, 3)) == ["step-completed", "transferred", "transfer-opened"]

    def test_any_one_is_enough_and_the_others_are_recalled(self) -> None:
        found, events = complete(case(branches(1), 1, 2), SECOND, 2)
        assert told((found, events)) == ["step-completed", "transferred", "transfer-opened"] + ["step-recalled"] * 2
        assert [step.state for step in found.steps] == ["recalled", "done", "recalled", "offered"]
        assert [t.state for t in found.transfers[:3]] == ["recalled", "done", "recalled"]

    @pytest.mark.parametrize(("needs", "denials"), [(0, 1), (2, 2), (1, 3)])
    def test_a_denial_ends_the_dossier_when_the_join_cannot_be_reached_any_more(self, needs: int, denials: int) -> None:
        found = case(branches(needs), 1, 2, 3)
        for number in range(1, denials + 1):
            assert found.state is CaseState.OPEN
            found, events = complete(found, found.step(number).agency, number, Outcome.DENIED)
        assert (found.state, found.outcome, found.step(4).state) == (CaseState.RESOLVED, Outcome.DENIED, "cut-off")
        assert events[-1].ground == "not-eligible"  # type: ignore[attr-defined]
        assert not found.active

    def test_a_decision_to_stop_ends_everything_at_once(self) -> None:
        found, events = complete(case(branches(1), 1, 2, 3), FIRST, 1, Outcome.TERMINATED)
        assert (found.state, found.outcome) == (CaseState.RESOLVED, Outcome.TERMINATED)
        assert told((found, events)) == ["step-completed", "step-recalled", "step-recalled", "resolved"]
        assert (found.portal_status, SITUATIONS["resolved"][0].portal_status) == (8, 9)

    def test_the_stop_of_a_branch_ends_when_nobody_needs_it(self) -> None:
        waiting, _ = stops.request_payment(case(branches(1), 1, 2), FIRST, 1, 50_000, BASIS, AT)
        found, events = complete(waiting, SECOND, 2)
        assert (found.state, found.stop) == (CaseState.OPEN, None)
        assert told((found, events))[-1] == "resumed"

    def test_the_budget_of_the_citizens_date_is_split_along_the_longest_way(self) -> None:
        found = case(branches())
        first, second, third, last = (step.due_at for step in found.steps)
        assert first == second == third < last == found.due_at


class TestSendingBack:
    def test_the_step_before_is_handed_over_anew(self) -> None:
        before = actions.accept(at_the_second(), SECOND, 2, AT, SETTING)[0]
        found, events = actions.send_back(before, SECOND, 2, None, "unfit", LATER, SETTING)
        assert told((found, events)) == ["sent-back", "transferred", "transfer-opened"]
        assert [step.state for step in found.steps] == ["offered", "waiting"]
        assert [t.state for t in found.transfers] == ["done", "sent-back", "offered"]
        assert [step.due_at for step in found.steps] == [step.due_at for step in before.steps]
        again, _ = complete(actions.accept(found, FIRST, 1, LATER, SETTING)[0], FIRST, 1)
        assert again.step(2).state is StepState.OFFERED

    def test_of_several_before_it_one_must_be_named(self) -> None:
        found = case(branches(), 1, 2, 3)
        for number in (1, 2, 3):
            found, _ = complete(found, found.step(number).agency, number)
        found, _ = actions.accept(found, ABOVE, 4, LATER, SETTING)
        for to in (None, 4, 9):
            with pytest.raises(Conflict) as caught:
                actions.send_back(found, ABOVE, 4, to, "unfit", LATER, SETTING)
            assert (caught.value.slug, caught.value.facts["steps"]) == ("step-not-before", [1, 2, 3])
        back, _ = actions.send_back(found, ABOVE, 4, 2, "unfit", LATER, SETTING)
        assert back.active == (2,)

    def test_a_mistake_is_taken_back_with_an_audit_entry(self) -> None:
        found, events = actions.reopen(at_the_second(), FIRST, 1, LATER, SETTING, "key-1")
        assert [step.state for step in found.steps] == ["accepted", "waiting"]
        assert [(e.step, e.to_step, e.reason) for e in events] == [(2, 1, "completed-by-mistake")]  # type: ignore[attr-defined]
        assert [(entry.what, entry.by, entry.step) for entry in found.audit] == [("reopened", "key-1", 1)]
        assert [t.state for t in found.transfers] == ["accepted", "recalled"]


class TestStops:
    @pytest.mark.parametrize("kind", [StopKind.PAYMENT, StopKind.CONSULTATION, StopKind.DECISION])
    def test_time_of_a_stop_is_given_back_and_explained(self, kind: StopKind) -> None:
        before = stopped(kind)
        after, (event,) = stops.go_on(before, AT + timedelta(days=7), SETTING)
        assert (event.kind, event.due_at) == (kind, after.due_at)  # type: ignore[attr-defined]
        assert after.due_at > before.due_at
        assert after.first_due_at == before.due_at
        assert {"stopped", "resumed", "due"} <= {line.kind for line in after.promises[-1].trail}
        assert any(line.legal_basis == BASIS for line in after.promises[-1].trail)

    def test_papers_start_the_limit_from_zero_for_the_steps_to_come(self) -> None:
        asked, _ = stops.request_supplement(case(CHAIN, 1), FIRST, 1, MISSING, AT)
        back = AT + timedelta(days=30)
        new = back + timedelta(days=12)
        after, events = stops.supplemented(asked, new, (), back, SETTING)
        assert told((after, events)) == ["transferred", "transfer-opened"]
        assert (after.due_at, after.step(2).due_at, after.step(1).state) == (new, new, StepState.OFFERED)
        assert back < after.step(1).due_at < new

    @pytest.mark.parametrize("name", [name for name in SITUATIONS if "asked for papers" not in name])
    def test_papers_that_nobody_waits_for_change_nothing(self, name: str) -> None:
        before = SITUATIONS[name][0]
        assert stops.supplemented(before, DUE, (), LATER, SETTING) == (before, ())

    def test_a_payment_that_nobody_asked_for_changes_nothing(self) -> None:
        for name, (before, _, _) in SITUATIONS.items():
            if name != "waits for a payment":
                assert stops.paid(before, LATER, SETTING) == (before, ())

    @pytest.mark.parametrize("kind", [StopKind.SUPPLEMENT, StopKind.PAYMENT])
    def test_other_stops_have_actions_of_their_own(self, kind: StopKind) -> None:
        with pytest.raises(Invalid) as caught:
            stops.halt(case(CHAIN, 1), FIRST, 1, kind, "opinion-pending", BASIS, LATER)
        assert caught.value.slug == "stop-kind-unknown"


@pytest.mark.parametrize("outcome", Outcome)
def test_a_case_that_was_resolved_before_it_came_is_offered_to_nobody(outcome: Outcome) -> None:
    after, (event,) = actions.open_resolved(replace(case(), transfers=()), outcome, LATER, SETTING)
    assert (after.state, after.active, after.transfers) == (CaseState.RESOLVED, (), ())
    assert all(step.state is StepState.DONE for step in after.steps)
    assert (event.occurred_at, event.agency) == (LATER, SECOND)  # type: ignore[attr-defined]
    assert (after.outcome, after.timeliness, after.resolved_at) == (outcome, "early", LATER)


def test_a_withdrawn_case_has_nothing_left_in_any_inbox() -> None:
    after = actions.withdraw(case(branches(), 1), LATER)
    assert (after.state, after.active) == (CaseState.WITHDRAWN, ())
    assert {t.state for t in after.transfers} == {TransferState.RECALLED}
    resolved: Any = SITUATIONS["resolved"][0]
    assert actions.withdraw(resolved, LATER) is resolved
