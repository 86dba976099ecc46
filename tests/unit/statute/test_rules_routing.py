"""Statutory rules that routing keeps, each with its article. The numbers are those of the project's list of rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events.routing import DossierExtended, DossierResolved, DossierSupplementRequested
from contracts.problems import Conflict, Denied
from contracts.types import Outcome, Timeliness
from services.routing.deadlines import budgets, timeliness
from services.routing.domain import actions
from services.routing.domain.actions import Decided
from services.routing.domain.case import Action, Case, CaseState, StepState, Wanted
from tests.unit.routing.case_fixtures import AT, DUE, FIRST, SECOND, case

MISSING = Wanted("missing-papers", ("Bản sao giấy tờ mẫu",))
BASIS = "Khoản 1 Điều 9 văn bản mẫu"
NEW_DATE = DUE + timedelta(days=5)


def accepted() -> Case:
    return case(step=StepState.ACCEPTED)


def after_a_supplement(agency: str = FIRST) -> Case:
    """The papers came; the agency took the step again, or has done it and the next one has taken its own."""
    asked, _ = actions.request_supplement(accepted(), FIRST, 1, MISSING, AT)
    back = AT + timedelta(days=1)
    came, _ = actions.resume(asked, DUE, budgets(back, DUE, [1.0, 1.0]), back)
    again, _ = actions.accept(came, FIRST, 1, back)
    if agency == FIRST:
        return again
    moved, _ = actions.complete(again, FIRST, 1, Outcome.GRANTED, Timeliness.EARLY, back)
    return actions.accept(moved, SECOND, 2, back)[0]


def end(before: Case, outcome: Outcome, at: datetime) -> Decided:
    return actions.complete(before, SECOND, 2, outcome, timeliness(at, before.due_at), at, "not-eligible")


class TestRule2SupplementOnce:
    """NĐ 61/2018/NĐ-CP Điều 11: guided once, fully; a second request is blocked or needs a recorded legal basis."""

    @pytest.mark.parametrize(("agency", "step"), [(FIRST, 1), (SECOND, 2)])
    def test_a_second_request_is_blocked(self, agency: str, step: int) -> None:
        before = after_a_supplement(agency)
        assert Action.REQUEST_SUPPLEMENT not in before.allowed()
        for supervisor in (False, True):
            with pytest.raises(Conflict) as caught:
                actions.request_supplement(before, agency, step, MISSING, AT, supervisor=supervisor)
            assert caught.value.slug == "supplement-already-requested"
            assert "Điều 11" in caught.value.message

    def test_with_a_legal_basis_it_is_a_supervisors(self) -> None:
        with pytest.raises(Denied) as caught:
            actions.request_supplement(after_a_supplement(), FIRST, 1, replace(MISSING, legal_basis=BASIS), AT)
        assert caught.value.slug == "supervisor-needed"

    def test_the_legal_basis_is_recorded_and_told(self) -> None:
        before = after_a_supplement()
        assert Action.REQUEST_SUPPLEMENT in before.allowed(supervisor=True)
        wanted = replace(MISSING, legal_basis=BASIS)
        after, (event,) = actions.request_supplement(before, FIRST, 1, wanted, AT, supervisor=True)
        assert isinstance(event, DossierSupplementRequested)
        assert (event.legal_basis, after.supplements, after.state) == (BASIS, 2, CaseState.SUPPLEMENT)


class TestRule6ExtensionOnce:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 9: at most once, with reason and new date, a day before the date at the latest."""

    def test_a_second_one_is_refused(self) -> None:
        once, _ = actions.extend(accepted(), FIRST, 1, "overload", NEW_DATE, AT)
        with pytest.raises(Conflict) as caught:
            actions.extend(once, FIRST, 1, "overload", NEW_DATE + timedelta(days=1), AT)
        assert caught.value.slug == "already-extended"
        assert Action.EXTEND not in once.allowed(supervisor=True)

    def test_it_tells_reason_and_new_date(self) -> None:
        _, (event,) = actions.extend(accepted(), FIRST, 1, "overload", NEW_DATE, AT)
        assert isinstance(event, DossierExtended)
        assert (event.reason, event.due_at) == ("overload", NEW_DATE)
        assert {"reason", "due_at"} <= {
            name for name, field in DossierExtended.model_fields.items() if field.is_required()
        }

    @pytest.mark.parametrize(
        ("at", "late"),
        [
            (datetime(2026, 12, 1, 16, 59, tzinfo=UTC), False),  # 23:59 on 1 December in Viet Nam
            (datetime(2026, 12, 2, 16, 59, tzinfo=UTC), False),
            (datetime(2026, 12, 2, 17, 0, tzinfo=UTC), True),  # 00:00 on 3 December, the promised day
            (datetime(2026, 12, 4, 2, 0, tzinfo=UTC), True),
        ],
    )
    def test_later_than_a_day_before_the_date_it_is_marked(self, at: datetime, late: bool) -> None:
        assert datetime(2026, 12, 3, 2, 0, tzinfo=UTC) == DUE
        after, _ = actions.extend(accepted(), FIRST, 1, "overload", NEW_DATE, at)
        assert after.late_notice is late


def test_rule_7_an_extension_does_not_change_the_first_promise() -> None:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 9: a new date moves the promise, and must not hide that the first was broken."""
    extended, (told,) = actions.extend(case(step=StepState.ACCEPTED, current=2), SECOND, 2, "overload", NEW_DATE, AT)
    after, (result,) = end(extended, Outcome.GRANTED, DUE + timedelta(days=2))
    assert isinstance(told, DossierExtended)
    assert isinstance(result, DossierResolved)
    assert (told.first_due_at, result.first_due_at, after.first_due_at) == (DUE, DUE, DUE)
    assert (result.due_at, result.timeliness) == (NEW_DATE, Timeliness.EARLY)
    assert timeliness(result.occurred_at, result.first_due_at) is Timeliness.LATE


@pytest.mark.parametrize(("days", "expected"), [(-1, Timeliness.EARLY), (0, Timeliness.ON_TIME), (1, Timeliness.LATE)])
def test_rule_10_a_denial_is_a_result_and_after_the_deadline_a_late_one(days: int, expected: Timeliness) -> None:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 8: a refusal comes within the limit, and is recorded as a result."""
    after, (event,) = end(case(step=StepState.ACCEPTED, current=2), Outcome.DENIED, DUE + timedelta(days=days))
    assert isinstance(event, DossierResolved)
    assert (event.outcome, event.timeliness, after.state) == (Outcome.DENIED, expected, CaseState.RESOLVED)


def test_rule_12_a_withdrawal_is_void_once_a_result_exists() -> None:
    """TT 03/2025/TT-VPCP Điều 7: possible while there is no decision and no notice of the result."""
    resolved, _ = end(case(step=StepState.ACCEPTED, current=2), Outcome.GRANTED, AT)
    assert actions.withdraw(resolved) == resolved
    assert actions.withdraw(accepted()).state is CaseState.WITHDRAWN


def test_rule_13_what_is_solved_on_the_spot_is_entered_and_counted() -> None:
    """NĐ 61/2018/NĐ-CP Điều 17 khoản 4: no receipt, but an entry in the system."""
    after, (event,) = actions.open_resolved(case(), Outcome.GRANTED, timeliness(AT, DUE), AT)
    assert isinstance(event, DossierResolved)
    assert (after.state, event.timeliness, event.occurred_at) == (CaseState.RESOLVED, Timeliness.EARLY, AT)
