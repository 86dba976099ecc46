"""Which slips are possible: none without what it must say, none beyond its occasions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import routing
from contracts.problems import Conflict
from contracts.types import Outcome
from services.intake.domain import ending
from services.intake.domain.dossier import Dossier, TimelineEntry, Wanted
from services.intake.domain.slip import (
    LACKS,
    NUMBERED,
    PRINTED,
    Form,
    Slip,
    Slips,
    lacks,
    occasion,
    occasions,
    require_possible,
)
from services.intake.domain.status import Status
from tests.unit.intake.dossier_fixtures import AT, dossier
from tests.unit.intake.slip_samples import FIRST, accepted, asked, extended, refused, resolved, terminated, told


@pytest.mark.parametrize(
    ("of", "form", "missing"),
    [
        (dossier(Status.REGISTERED, due_at=None), Form.RECEIPT, ("acceptance",)),
        (dossier(Status.REGISTERED, due_at=None), Form.CONTROL_SHEET, ("acceptance",)),
        (accepted(), Form.RECEIPT, ()),
        (accepted(), Form.SUPPLEMENT_REQUEST, ("request",)),
        (asked(()), Form.SUPPLEMENT_REQUEST, ("items", "reasons")),
        (asked((Wanted("Ảnh", ""),)), Form.SUPPLEMENT_REQUEST, ("reasons",)),
        (asked((Wanted(" ", "missing-papers"),)), Form.SUPPLEMENT_REQUEST, ("items",)),
        (asked(), Form.SUPPLEMENT_REQUEST, ()),
        (accepted(), Form.REFUSAL, ("refusal",)),
        (dossier(Status.REFUSED, grounds=()), Form.REFUSAL, ("grounds",)),
        (accepted(status=Status.RESOLVED, outcome=Outcome.DENIED), Form.REFUSAL, ("grounds",)),
        (refused(), Form.REFUSAL, ()),
        (accepted(), Form.APOLOGY, ("extension",)),
        (accepted(timeline=(TimelineEntry(AT, "extended"),)), Form.APOLOGY, ("reasons", "new-date")),
        (extended(), Form.APOLOGY, ()),
        (accepted(), Form.TERMINATION, ("ending",)),
        (ending.withdraw(accepted(), AT, None)[0], Form.TERMINATION, ()),
        (told(accepted(), routing.DossierHalted, 1, agency=FIRST, reason="by-decision"), Form.TERMINATION, ("ending",)),
        (terminated(accepted(), 1, FIRST), Form.TERMINATION, ()),
        (terminated(accepted(), 1, FIRST), Form.REFUSAL, ("refusal",)),
        # The decision came first, the withdrawal is void: the notice is about the decision.
        (terminated(ending.withdraw(accepted(), AT, None)[0], 1, FIRST), Form.TERMINATION, ("ending",)),
        (resolved(ending.withdraw(accepted(), AT, None)[0], 1, FIRST), Form.TERMINATION, ("ending",)),
    ],
)
def test_a_slip_that_lacks_what_it_must_say_is_refused_and_says_what(
    of: Dossier, form: Form, missing: tuple[str, ...]
) -> None:
    assert lacks(of, form, 1) == missing
    if not missing:
        require_possible(of, form, 1)
        return
    with pytest.raises(Conflict) as caught:
        require_possible(of, form, 1)
    assert (caught.value.slug, caught.value.facts["lacks"]) == ("slip-not-possible", list(missing))
    assert all(LACKS[lack] in caught.value.message for lack in missing)


@given(st.sampled_from([*PRINTED, *NUMBERED]), st.sampled_from(list(Status)), st.integers(min_value=1, max_value=5))
def test_no_slip_is_possible_beyond_the_occasions_there_were(form: Form, status: Status, about: int) -> None:
    of = dossier(status)
    assert bool(lacks(of, form, about)) or about <= occasions(of, form)


def test_of_a_void_withdrawal_and_the_decision_before_it_only_the_decision_has_a_notice() -> None:
    of = terminated(ending.withdraw(accepted(), AT, None)[0], 1, FIRST)
    assert [lacks(of, Form.TERMINATION, about) for about in (1, 2, 3)] == [("ending",), (), ("ending",)]
    assert occasion(of, Form.TERMINATION, None) == 2


def test_the_latest_occasion_is_meant_unless_one_is_named() -> None:
    twice = replace(asked(), requests=asked().requests * 2)
    assert [occasion(twice, Form.SUPPLEMENT_REQUEST, about) for about in (None, 1, 2)] == [2, 1, 2]
    assert occasion(accepted(), Form.REFUSAL, None) == 1
    first, second = (Slip(Form.SUPPLEMENT_REQUEST, n, f"0{n}/PBS", AT, "2025") for n in (1, 2))
    assert Slips((first, second)).find(Form.SUPPLEMENT_REQUEST, 2) is second
    assert Slips((first, second)).find(Form.REFUSAL, 1) is None
