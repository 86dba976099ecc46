"""Statutory rules that routing keeps, each with its article. The numbers are those of the project's list of rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events import routing
from contracts.events.routing import DossierExtended, DossierResolved, DossierSupplementRequested
from contracts.problems import Conflict, Denied
from contracts.types import DueCause, Outcome, Timeliness
from services.routing.domain import actions, promises, stops, timers
from services.routing.domain.case import Action, Case, CaseState, Wanted
from services.routing.domain.flow import Decided
from services.routing.domain.workflow import Arrival, Turn, derive, turns
from tests.unit.routing.case_fixtures import (
    ABOVE,
    AT,
    CHAIN,
    DIRECTORY,
    FIRST,
    LIMIT,
    RECKONING,
    SECOND,
    SETTING,
    branches,
    case,
    opened,
    planned,
)

MISSING = Wanted("missing-papers", ("Bản sao giấy tờ mẫu",))
BASIS = "Khoản 1 Điều 9 văn bản mẫu"
DUE = opened()[0].due_at
"""17:00 on Friday 4 December 2026: eight working days after Monday 23 November, the 24th being a day off."""
NEW_DATE = DUE + timedelta(days=5)


def supplemented(asked: Case, back: datetime) -> Case:
    """The papers came, and the desk promised the full limit from then."""
    due = RECKONING.due(back, LIMIT)
    return stops.supplemented(asked, due.at, due.lines, back, SETTING)[0]


def after_a_supplement(agency: str = FIRST) -> Case:
    """The papers came; the agency took the step again, or has done it and the next one has taken its own."""
    asked, _ = stops.request_supplement(case(CHAIN, 1), FIRST, 1, MISSING, AT)
    back = AT + timedelta(days=1)
    again, _ = actions.accept(supplemented(asked, back), FIRST, 1, back, SETTING)
    if agency == FIRST:
        return again
    moved, _ = actions.complete(again, FIRST, 1, Outcome.GRANTED, back, SETTING)
    return actions.accept(moved, SECOND, 2, back, SETTING)[0]


def at_the_last_step() -> Case:
    moved, _ = actions.complete(case(CHAIN, 1), FIRST, 1, Outcome.GRANTED, AT, SETTING)
    return actions.accept(moved, SECOND, 2, AT, SETTING)[0]


def end(before: Case, outcome: Outcome, at: datetime) -> Decided:
    return actions.complete(before, SECOND, 2, outcome, at, SETTING, "not-eligible")


def result(decided: Decided) -> DossierResolved:
    last = decided[1][-1]
    assert isinstance(last, DossierResolved)
    return last


class TestRule2SupplementOnce:
    """NĐ 61/2018/NĐ-CP Điều 11: guided once, fully; a second request is blocked or needs a recorded legal basis."""

    @pytest.mark.parametrize(("agency", "step"), [(FIRST, 1), (SECOND, 2)])
    def test_a_second_request_is_blocked(self, agency: str, step: int) -> None:
        before = after_a_supplement(agency)
        assert Action.REQUEST_SUPPLEMENT not in before.allowed(step)
        for supervisor in (False, True):
            with pytest.raises(Conflict) as caught:
                stops.request_supplement(before, agency, step, MISSING, AT, supervisor=supervisor)
            assert caught.value.slug == "supplement-already-requested"
            assert "Điều 11" in caught.value.message

    def test_with_a_legal_basis_it_is_a_supervisors(self) -> None:
        with pytest.raises(Denied) as caught:
            stops.request_supplement(after_a_supplement(), FIRST, 1, replace(MISSING, legal_basis=BASIS), AT)
        assert caught.value.slug == "supervisor-needed"

    def test_the_legal_basis_is_recorded_and_told(self) -> None:
        before = after_a_supplement()
        assert Action.REQUEST_SUPPLEMENT in before.allowed(1, supervisor=True)
        wanted = replace(MISSING, legal_basis=BASIS)
        after, (event,) = stops.request_supplement(before, FIRST, 1, wanted, AT, supervisor=True)
        assert isinstance(event, DossierSupplementRequested)
        assert (event.legal_basis, after.supplements, after.state) == (BASIS, 2, CaseState.SUPPLEMENT)


def test_rule_5_after_a_supplement_the_full_limit_runs_from_the_new_complete_time() -> None:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 4: thời hạn giải quyết được tính lại từ đầu."""
    asked, _ = stops.request_supplement(case(CHAIN, 1), FIRST, 1, MISSING, AT + timedelta(days=4))
    back = AT + timedelta(days=21)
    after = supplemented(asked, back)
    assert after.due_at == RECKONING.due(back, LIMIT).at
    assert (after.promises[-1].cause, after.first_due_at) == (DueCause.SUPPLEMENTED, DUE)
    assert after.steps[-1].due_at == after.due_at
    assert promises.recompute(after, back, SETTING) == (after, ()), "the clock forgot the time before"


class TestRule6ExtensionOnce:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 9: at most once, with reason and new date, a day before the date at the latest."""

    def extended(self, at: datetime = AT, new_date: datetime = NEW_DATE) -> Decided:
        return promises.extend(case(CHAIN, 1), FIRST, 1, "overload", new_date, at, SETTING)

    def test_a_second_one_is_refused(self) -> None:
        once, _ = self.extended()
        with pytest.raises(Conflict) as caught:
            promises.extend(once, FIRST, 1, "overload", NEW_DATE + timedelta(days=1), AT, SETTING)
        assert caught.value.slug == "already-extended"
        assert Action.EXTEND not in once.allowed(1, supervisor=True)

    def test_it_tells_reason_and_new_date(self) -> None:
        _, (event,) = self.extended()
        assert isinstance(event, DossierExtended)
        assert (event.reason, event.due_at) == ("overload", NEW_DATE)
        assert {"reason", "due_at"} <= {
            name for name, field in DossierExtended.model_fields.items() if field.is_required()
        }

    @pytest.mark.parametrize(
        ("at", "late"),
        [
            (datetime(2026, 12, 2, 16, 59, tzinfo=UTC), False),
            (datetime(2026, 12, 3, 16, 59, tzinfo=UTC), False),  # 23:59 on 3 December in Viet Nam
            (datetime(2026, 12, 3, 17, 0, tzinfo=UTC), True),  # 00:00 on 4 December, the promised day
            (datetime(2026, 12, 5, 2, 0, tzinfo=UTC), True),
        ],
    )
    def test_later_than_a_day_before_the_date_it_is_marked(self, at: datetime, late: bool) -> None:
        assert datetime(2026, 12, 4, 10, 0, tzinfo=UTC) == DUE
        assert self.extended(at)[0].late_notice is late

    def test_the_apology_is_prepared_a_day_before_the_date_and_names_the_late_stage(self) -> None:
        """Once, whatever comes after; signing it tells the citizen."""
        the_day_before = DUE - timedelta(days=1)
        fired = timers.fire(case(CHAIN, 1), the_day_before, SETTING)
        prepared = [event for event in fired.events if isinstance(event, routing.DossierApologyPrepared)]
        assert [(event.step, event.agency, event.due_at) for event in prepared] == [(1, FIRST, DUE)]
        assert prepared[0].proposed_due_at > DUE
        later = timers.fire(fired.case, DUE + timedelta(days=30), SETTING)
        assert not any(isinstance(event, routing.DossierApologyPrepared) for event in later.events)
        signed, (told,) = promises.extend(fired.case, FIRST, 1, None, None, the_day_before, SETTING)
        assert isinstance(told, DossierExtended)
        assert (signed.late_notice, told.step, told.first_due_at) == (False, 1, DUE)


def test_rule_7_an_extension_does_not_change_the_first_promise() -> None:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 9: a new date moves the promise, and must not hide that the first was broken."""
    extended, (told,) = promises.extend(at_the_last_step(), SECOND, 2, "overload", NEW_DATE, AT, SETTING)
    ended = end(extended, Outcome.GRANTED, DUE + timedelta(days=2))
    assert isinstance(told, DossierExtended)
    assert (told.first_due_at, result(ended).first_due_at, ended[0].first_due_at) == (DUE, DUE, DUE)
    assert (result(ended).due_at, result(ended).timeliness) == (NEW_DATE, Timeliness.EARLY)
    assert result(ended).first_timeliness is Timeliness.LATE


class TestRule9OneCodeOneDate:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 6: electronic dossiers go to all at once, paper ones in turn; the agencies' limits
    never add up to more than the dossier's, and all share one code (NĐ 309/2026/NĐ-CP)."""

    @pytest.mark.parametrize("workflow", [CHAIN, branches(), branches(1), branches(2)])
    def test_the_agencies_limits_stay_inside_the_promise(self, workflow: tuple[Turn, ...]) -> None:
        found, events = opened(workflow)
        assert max(step.due_at for step in found.steps) == found.due_at
        assert all(step.due_at > AT for step in found.steps)
        assert {event.code for event in events} == {found.code}

    def test_in_turn_each_budget_begins_where_the_one_before_it_ends(self) -> None:
        found, _ = opened((Turn(FIRST, 1.0), Turn(SECOND, 2.0, (1,)), Turn(ABOVE, 1.0, (2,))))
        whole = RECKONING.minutes(AT, DUE)
        ends = [RECKONING.minutes(AT, step.due_at) for step in found.steps]
        assert ends == [pytest.approx(whole / 4, abs=1), pytest.approx(whole * 3 / 4, abs=1), whole]

    def test_by_default_interlinked_agencies_act_in_the_order_of_the_catalogue(self) -> None:
        names = ("Phòng Thử Một", "Phòng Thử Hai", "Ủy ban nhân dân cấp huyện")
        workflow = derive("1.014466", 1, planned().mechanism, names)
        found = turns(workflow, DIRECTORY, Arrival("H12.970.00"))
        assert [(turn.agency, turn.after) for turn in found] == [(FIRST, ()), (SECOND, (1,)), (ABOVE, (2,))]


@pytest.mark.parametrize(("days", "expected"), [(-1, Timeliness.EARLY), (0, Timeliness.ON_TIME), (1, Timeliness.LATE)])
def test_rule_10_a_denial_is_a_result_and_after_the_deadline_a_late_one(days: int, expected: Timeliness) -> None:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 8: a refusal comes within the limit, and is recorded as a result."""
    ended = end(at_the_last_step(), Outcome.DENIED, DUE + timedelta(days=days))
    assert (result(ended).outcome, result(ended).timeliness) == (Outcome.DENIED, expected)
    assert ended[0].state is CaseState.RESOLVED


def test_rule_12_a_withdrawal_is_void_once_a_result_exists() -> None:
    """TT 03/2025/TT-VPCP Điều 7: possible while there is no decision and no notice of the result."""
    resolved, _ = end(at_the_last_step(), Outcome.GRANTED, AT)
    assert actions.withdraw(resolved, AT) == resolved
    assert actions.withdraw(case(CHAIN, 1), AT).state is CaseState.WITHDRAWN


def test_rule_13_what_is_solved_on_the_spot_is_entered_and_counted() -> None:
    """NĐ 61/2018/NĐ-CP Điều 17 khoản 4: no receipt, but an entry in the system."""
    after, (event,) = actions.open_resolved(planned(), Outcome.GRANTED, AT, SETTING)
    assert isinstance(event, DossierResolved)
    assert (after.state, event.timeliness, event.occurred_at) == (CaseState.RESOLVED, Timeliness.EARLY, AT)


class TestRule16ElsewhereHandedIn:
    """NĐ 309/2026/NĐ-CP Điều 17 khoản 3: phi địa giới, the time runs from the competent agency's receipt."""

    def test_the_clock_starts_when_the_competent_agency_takes_it(self) -> None:
        found, _ = opened(CHAIN, provisional=True)
        received = AT + timedelta(hours=5)
        tomorrow = received + timedelta(days=2)
        after, events = actions.accept(found, FIRST, 1, tomorrow, SETTING)
        assert after.due_at == RECKONING.due(tomorrow, LIMIT).at > DUE
        assert (after.first_due_at, after.promises[-1].cause) == (DUE, DueCause.CLOCK_STARTED)
        changed = [event for event in events if isinstance(event, routing.DossierDueChanged)]
        assert [(event.previous_due_at, event.due_at) for event in changed] == [(DUE, after.due_at)]
        assert changed[0].trail[-1].at == after.due_at
        assert actions.accept(after, FIRST, 1, tomorrow, SETTING) == (after, ()), "it starts once"

    def test_silence_does_not_hold_the_clock(self) -> None:
        """The agency has half a working day to answer; from then on the citizen's time runs."""
        found, _ = opened(CHAIN, provisional=True)
        transfer = found.transfer_of(1)
        assert transfer is not None
        assert transfer.accept_by is not None
        fired = timers.fire(found, AT + timedelta(days=5), SETTING)
        assert fired.case.due_at == RECKONING.due(transfer.accept_by, LIMIT).at
        assert not fired.case.provisional

    def test_it_is_counted_once_at_the_competent_agency_s_unit(self) -> None:
        workflow = derive("1.014466", 1, planned().mechanism, ("Phòng Thử Một",))
        found = turns(workflow, DIRECTORY, Arrival("H12.555.00", competent=FIRST))
        assert [turn.agency for turn in found] == [FIRST]
        assert DIRECTORY.unit_of_agency(FIRST) == ABOVE
