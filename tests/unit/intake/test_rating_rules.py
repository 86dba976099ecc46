"""Satisfaction: one answer, after the hand-over; which answers somebody must follow up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Conflict, Missing
from services.intake.domain.rating import (
    Answer,
    FollowUpOutcome,
    Invitation,
    Rating,
    RatingChannel,
    Scores,
    answered_before,
    close_follow_up,
    invited,
    rate,
)
from services.intake.domain.status import Status
from tests.unit.intake.dossier_fixtures import AT, CODE, DUE, dossier

POINTS = st.none() | st.integers(0, 2)
SCORES = st.builds(Scores, st.integers(1, 5), POINTS, POINTS, POINTS, POINTS)
GOOD_FOR = timedelta(days=90)


def answer(**changes: Any) -> Answer:
    return Answer(**({"channel": RatingChannel.TABLET, "scores": Scores(5), "comment": None} | changes))


def rated(scores: Scores) -> Rating:
    return rate(dossier(Status.RETURNED), answer(scores=scores, comment="Tên người"), AT, DUE)[0]


@given(SCORES)
def test_the_event_holds_the_points_and_never_the_comment(scores: Scores) -> None:
    """Indicators 1, 3, 4, 7 of TT 01/2018/TT-VPCP Art 13."""
    rating, event = rate(dossier(Status.RETURNED), answer(scores=scores, comment="Tên người"), AT, DUE)
    told = (event.overall, event.time_score, event.contacts_score, event.agencies_score, event.attitude_score)
    assert told == (scores.overall, scores.time, scores.contacts, scores.agencies, scores.attitude)
    assert "Tên người" not in event.model_dump_json()
    assert rating.answer.comment == "Tên người"


@given(SCORES)
def test_an_overall_of_two_or_less_or_any_indicator_without_points_opens_a_follow_up(scores: Scores) -> None:
    points = (scores.time, scores.contacts, scores.agencies, scores.attitude)
    low = scores.overall <= 2 or any(score == 0 for score in points)
    follow_up = rated(scores).follow_up
    assert (follow_up is not None) is low
    assert follow_up is None or (follow_up.opened_at, follow_up.due_at) == (AT, DUE)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.RETURNED}))
def test_only_a_returned_dossier_is_rated(status: Status) -> None:
    with pytest.raises(Conflict) as caught:
        rate(dossier(status), answer(), AT, DUE)
    assert caught.value.slug == "not-returned-yet"


def test_the_same_answer_again_is_no_second_one_and_another_is_refused() -> None:
    first = rated(Scores(4))
    assert not answered_before(None, answer())
    assert answered_before(first, first.answer)
    for other in (answer(scores=Scores(3)), answer(scores=Scores(4), comment="khác"),
                  answer(scores=Scores(4), comment="Tên người", channel=RatingChannel.LINK),
                  answer(scores=Scores(4), comment="Tên người", token_hash="x")):  # fmt: skip
        with pytest.raises(Conflict) as caught:
            answered_before(first, other)
        assert caught.value.slug == "already-rated"


@given(st.timedeltas(timedelta(0), timedelta(days=200)))
def test_an_invitation_is_good_for_its_time_and_then_like_none(since: timedelta) -> None:
    invitation = Invitation(CODE, AT)
    if since <= GOOD_FOR:
        assert invited(invitation, AT + since, GOOD_FOR) is invitation
    else:
        with pytest.raises(Missing) as expired:
            invited(invitation, AT + since, GOOD_FOR)
        with pytest.raises(Missing) as unknown:
            invited(None, AT + since, GOOD_FOR)
        assert (expired.value.slug, expired.value.message) == (unknown.value.slug, unknown.value.message)


def test_a_follow_up_is_closed_once_and_keeps_whether_it_was_late() -> None:
    low = rated(Scores(1))
    closed = close_follow_up(low, FollowUpOutcome.CORRECTED, "Đã sửa", "key", DUE + timedelta(seconds=1))
    assert closed is not None
    assert closed.follow_up is not None
    assert closed.follow_up.overdue(AT)
    assert close_follow_up(closed, FollowUpOutcome.CORRECTED, "Đã sửa", "other", DUE) is None
    with pytest.raises(Conflict):
        close_follow_up(closed, FollowUpOutcome.UNFOUNDED, None, "key", DUE)
    with pytest.raises(Missing):
        close_follow_up(rated(Scores(5)), FollowUpOutcome.EXPLAINED, None, "key", DUE)
