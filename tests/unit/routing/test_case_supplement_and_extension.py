"""A case whose papers are asked for again, and one that gets more time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contracts.problems import Conflict, Denied, Invalid
from contracts.types import Outcome, StopKind
from services.routing.domain import actions, promises, stops
from services.routing.domain.case import (
    Case,
    CaseState,
    Wanted,
)
from services.routing.domain.flow import Decided
from tests.unit.routing.case_fixtures import AT, CHAIN, FIRST, SETTING, branches, case, opened

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


def stopped(kind: StopKind) -> Case:
    """Three branches at work, the first of which stopped the clock."""
    before = case(branches(), 1, 2)
    match kind:
        case StopKind.SUPPLEMENT:
            return stops.request_supplement(before, FIRST, 1, MISSING, AT)[0]
        case StopKind.PAYMENT:
            return stops.request_payment(before, FIRST, 1, 50_000, BASIS, AT)[0]
    return stops.halt(before, FIRST, 1, kind, "opinion-pending", BASIS, AT)[0]


class TestSupplementAgain:
    @pytest.mark.parametrize("supervisor", [False, True])
    def test_without_a_basis_it_is_refused_and_told_what_is_possible(self, supervisor: bool) -> None:
        before = replace(case(CHAIN, 1), supplements=1)
        with pytest.raises(Conflict) as caught:
            stops.request_supplement(before, FIRST, 1, MISSING, LATER, supervisor=supervisor)
        assert caught.value.slug == "supplement-already-requested"
        assert ("request-supplement" in caught.value.facts["allowed"]) is supervisor

    @pytest.mark.parametrize("supplements", [1, 2])
    def test_with_a_basis_it_is_a_supervisors_and_is_counted(self, supplements: int) -> None:
        before = replace(case(CHAIN, 1), supplements=supplements)
        with pytest.raises(Denied) as caught:
            stops.request_supplement(before, FIRST, 1, WITH_BASIS, LATER)
        assert caught.value.slug == "supervisor-needed"
        after, (event,) = stops.request_supplement(before, FIRST, 1, WITH_BASIS, LATER, supervisor=True)
        assert (after.state, after.supplements) == (CaseState.SUPPLEMENT, supplements + 1)
        assert event.legal_basis == BASIS  # type: ignore[attr-defined]


class TestExtension:
    def test_a_second_one_is_refused_with_its_clause(self) -> None:
        extended, _ = extend(case(CHAIN, 1), FIRST, 1)
        with pytest.raises(Conflict) as caught:
            extend(extended, FIRST, 1, days=9)
        assert caught.value.slug == "already-extended"
        assert "extend" not in caught.value.facts["allowed"]

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
    def test_a_new_date_that_is_none_is_refused(self, due: datetime, slug: str) -> None:
        with pytest.raises(Invalid) as caught:
            promises.extend(case(), FIRST, 1, "overload", due, LATER, SETTING)
        assert caught.value.slug == slug

    def test_it_moves_the_promise_and_the_last_step_and_keeps_the_first_promise(self) -> None:
        after, (event,) = extend(case(), FIRST, 1)
        assert after.due_at == after.steps[-1].due_at == event.due_at == DUE + timedelta(days=5)  # type: ignore[attr-defined]
        assert after.first_due_at == event.first_due_at == DUE  # type: ignore[attr-defined]
        assert after.steps[0] == case().steps[0]
        assert [line.kind for line in after.promises[-1].trail] == ["extended", "due"]

    def test_a_prepared_apology_fills_in_what_is_not_said(self) -> None:
        prepared, (event,) = promises.prepare_apology(case(CHAIN, 1), LATER, SETTING)
        assert prepared.apology is not None
        after, (told_,) = promises.extend(prepared, FIRST, 1, None, None, LATER, SETTING)
        assert told_.due_at == event.proposed_due_at == after.due_at  # type: ignore[attr-defined]
        assert (told_.step, told_.reason, after.apology) == (1, "more-time-needed", None)  # type: ignore[attr-defined]

    def test_without_one_both_must_be_said(self) -> None:
        for reason, due in ((None, DUE + timedelta(days=1)), ("overload", None)):
            with pytest.raises(Invalid) as caught:
                promises.extend(case(), FIRST, 1, reason, due, LATER, SETTING)
            assert caught.value.slug == "apology-not-prepared"
