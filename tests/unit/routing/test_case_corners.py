"""Where branches, stops and apologies meet: what was undone is as before, and late news changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events.routing import DossierApologyPrepared, DossierTransferred
from contracts.problems import Conflict, Denied
from contracts.types import Outcome, StopKind
from services.routing.domain import actions, promises, stops
from services.routing.domain.case import Case, CaseState, StepState, Wanted
from services.routing.domain.timers import fire
from services.routing.domain.workflow import Turn
from services.routing.store import CASES
from tests.unit.routing.case_fixtures import (
    ABOVE,
    AT,
    CHAIN,
    FIRST,
    LIMIT,
    RECKONING,
    SECOND,
    SETTING,
    THIRD,
    branches,
    case,
    opened,
    planned,
)  # fmt: skip

LATER = AT + timedelta(hours=1)
BASIS = "Khoản 1 Điều 9 văn bản mẫu"
MISSING = Wanted("missing-papers", ("Giấy tờ",))


def done(before: Case, number: int, outcome: Outcome = Outcome.GRANTED) -> Case:
    agency = before.step(number).agency
    return actions.complete(before, agency, number, outcome, LATER, SETTING, "not-eligible")[0]


def states(found: Case) -> list[str]:
    return [step.state.value for step in found.steps]


class TestBranchesThatWereRecalled:
    def test_come_back_when_the_grant_that_made_them_needless_was_a_mistake(self) -> None:
        before = done(case(branches(1), 1, 2, 3), 1)
        assert states(before) == ["done", "recalled", "recalled", "offered"]
        after, events = actions.reopen(before, FIRST, 1, LATER, SETTING, "key")
        assert states(after) == ["accepted", "offered", "offered", "waiting"]
        assert [e.agency for e in events if isinstance(e, DossierTransferred)] == [SECOND, THIRD]
        denied = done(after, 1, Outcome.DENIED)
        assert (denied.state, denied.active) == (CaseState.OPEN, (2, 3)), "any branch will do: two are left"

    def test_come_back_when_the_join_sends_back_what_it_got(self) -> None:
        before = actions.accept(done(case(branches(1), 1, 2, 3), 1), ABOVE, 4, LATER, SETTING)[0]
        after, _ = actions.send_back(before, ABOVE, 4, 1, "unfit", LATER, SETTING)
        assert states(after) == ["offered", "offered", "offered", "waiting"]

    def test_stay_away_where_nobody_waits_for_them(self) -> None:
        before = done(done(case(branches(2), 1, 2, 3), 1), 2)
        ended = done(actions.accept(before, ABOVE, 4, LATER, SETTING)[0], 4)
        assert (states(ended), ended.state) == (["done", "done", "recalled", "done"], CaseState.RESOLVED)


def test_a_recalled_step_is_not_said_to_be_completed_once_the_dossier_is_closed() -> None:
    closed = done(case(branches(), 1, 2, 3), 1, Outcome.DENIED)
    assert (closed.state, closed.step(2).state) == (CaseState.RESOLVED, StepState.RECALLED)
    with pytest.raises(Conflict) as caught:
        done(closed, 2)
    assert (caught.value.slug, caught.value.facts["allowed"]) == ("action-not-allowed", [])
    assert done(closed, 1, Outcome.DENIED) is closed


@pytest.mark.parametrize("number", [0, 3, -1])
def test_who_has_no_step_learns_nothing_of_the_steps(number: int) -> None:
    with pytest.raises(Denied) as caught:
        actions.accept(case(), "H12.971", number, LATER, SETTING)
    assert caught.value.slug == "wrong-agency"


class TestStepsDoneAnewUnderANewLimit:
    """NĐ 61/2018/NĐ-CP Art 19.4: what was before the papers came does not count, so no agency is late by it."""

    BACK = AT + timedelta(days=30)

    def restarted(self) -> Case:
        """The second of two branches was done, then the first one's papers came."""
        turns = (Turn(FIRST, 1.0), Turn(SECOND, 1.0), Turn(THIRD, 1.0, (1, 2)))
        waiting, _ = stops.request_supplement(done(case(turns, 1, 2), 2), FIRST, 1, MISSING, LATER)
        due = RECKONING.due(self.BACK, LIMIT)
        return stops.supplemented(waiting, due.at, due.lines, self.BACK, SETTING)[0]

    def test_sent_back(self) -> None:
        before, _ = actions.accept(self.restarted(), FIRST, 1, self.BACK, SETTING)
        before, _ = actions.complete(before, FIRST, 1, Outcome.GRANTED, self.BACK, SETTING)
        before, _ = actions.accept(before, THIRD, 3, self.BACK, SETTING)
        after, events = actions.send_back(before, THIRD, 3, 2, "unfit", self.BACK, SETTING)
        [transferred] = [event for event in events if isinstance(event, DossierTransferred)]
        assert transferred.step_due_at == after.step(2).due_at == before.step(3).due_at > self.BACK

    def test_taken_back(self) -> None:
        after, _ = actions.reopen(self.restarted(), SECOND, 2, self.BACK, SETTING, "key")
        assert after.step(2).due_at == after.step(3).due_at > self.BACK

    def test_without_a_new_limit_due_times_stay(self) -> None:
        before = done(case(CHAIN, 1), 1)
        after, _ = actions.reopen(before, FIRST, 1, LATER, SETTING, "key")
        assert after.step(1).due_at == before.step(1).due_at < before.step(2).due_at


class TestLateNews:
    def test_papers_count_from_when_they_came_however_late_that_is_heard(self) -> None:
        """NĐ 61/2018/NĐ-CP Art 19.4; the desk promised a date by that moment, and a recount must agree with it."""
        asked, _ = stops.request_supplement(case(CHAIN, 1), FIRST, 1, MISSING, AT)
        came, heard = AT + timedelta(days=2), AT + timedelta(days=8)
        due = RECKONING.due(came, LIMIT)
        after, _ = stops.supplemented(asked, due.at, due.lines, heard, SETTING, since=came)
        assert promises.recompute(after, heard, SETTING) == (after, ())
        halted, _ = stops.halt(
            actions.accept(after, FIRST, 1, heard, SETTING)[0], FIRST, 1, StopKind.CONSULTATION, "opinion-pending",
            BASIS, heard,
        )  # fmt: skip
        assert stops.go_on(halted, heard, SETTING)[0].due_at == due.at, "no day was lost to the stop"

    def test_of_an_earlier_stop_lifts_no_later_one(self) -> None:
        paying, _ = stops.request_payment(case(CHAIN, 1), FIRST, 1, 50_000, BASIS, LATER)
        waiting, _ = stops.request_supplement(case(CHAIN, 1), FIRST, 1, MISSING, LATER)
        before = LATER - timedelta(minutes=1)
        later = LATER + timedelta(days=1)
        assert stops.paid(paying, later, SETTING, since=before) == (paying, ())
        assert stops.paid(paying, later, SETTING, since=LATER)[0].state is CaseState.OPEN
        due = RECKONING.due(before, LIMIT)
        assert stops.supplemented(waiting, due.at, due.lines, later, SETTING, since=before) == (waiting, ())


def test_a_dossier_that_waits_for_papers_has_no_date_to_count_anew() -> None:
    """The limit begins from zero with them: a new date now would be told to the citizen and be untrue."""
    first, _ = opened(CHAIN)
    slipped = replace(first, due_at=first.due_at - timedelta(days=1))
    assert promises.recompute(slipped, LATER, SETTING)[0].due_at == first.due_at
    accepted, _ = actions.accept(slipped, FIRST, 1, LATER, SETTING)
    waiting, _ = stops.request_supplement(accepted, FIRST, 1, MISSING, LATER)
    assert promises.recompute(waiting, LATER, SETTING) == (waiting, ())


class TestApologies:
    def prepared(self, before: Case) -> Case:
        found = fire(before, before.due_at - timedelta(hours=1), SETTING).case
        assert found.apology is not None
        return found

    def to_sign(self, found: Case) -> object:
        return CASES.to_document(found).get("to_sign")

    def test_one_waits_until_an_agency_has_the_dossier(self) -> None:
        found = case()
        for agency in (FIRST, ABOVE, "H12"):
            found, _ = actions.decline(found, agency, 1, "not-ours", AT, SETTING)
        late = found.due_at - timedelta(hours=2)
        found = fire(found, late, SETTING).case
        assert found.apology is None
        placed, _ = actions.place(found, SECOND, 1, late, SETTING, "operator")
        [apology] = [e for e in fire(placed, late, SETTING).events if isinstance(e, DossierApologyPrepared)]
        assert apology.agency == SECOND

    def test_it_is_signed_where_the_late_stage_is(self) -> None:
        found = self.prepared(case(CHAIN, 1))
        assert self.to_sign(found) == FIRST
        declined, _ = actions.decline(self.prepared(case(CHAIN)), FIRST, 1, "not-ours", LATER, SETTING)
        assert self.to_sign(declined) == ABOVE

    def test_once_that_stage_is_done_it_is_signed_by_who_has_the_dossier(self) -> None:
        found = done(self.prepared(case(CHAIN, 1)), 1)
        assert (self.to_sign(found), found.apology and found.apology.agency) == (SECOND, FIRST)
        assert self.to_sign(done(actions.accept(found, SECOND, 2, LATER, SETTING)[0], 2)) is None


@pytest.mark.parametrize(
    ("received", "due"),
    [(datetime(1998, 1, 5, tzinfo=UTC), datetime(1998, 2, 5, tzinfo=UTC)), (AT, datetime(2150, 1, 1, tzinfo=UTC))],
)
def test_an_old_register_s_open_dossier_outside_the_calendar_s_years_is_opened(
    received: datetime, due: datetime
) -> None:
    before = replace(
        planned(), received_at=received, due_at=due, first_due_at=due, limit=None, backfill=True
    )  # fmt: skip
    found, _ = actions.open_case(before, (), received, SETTING)
    assert (states(found), {step.due_at for step in found.steps}) == (["offered", "waiting"], {due})
