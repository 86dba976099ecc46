"""The table of a notice's life, exhaustively."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.types import NoticeEnd, NoticeKind
from services.notify.domain.notice import Notice, NotPossible
from services.notify.domain.transitions import FINAL, TRANSITIONS, Move, State

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def notice(state: State) -> Notice:
    return Notice(
        id="n-1",
        code="H99.01-260302-0007",
        kind=NoticeKind.RECEIVED,
        event_id="1",
        correlation_id="c",
        happened_at=NOW,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=72),
        next_at=NOW,
        state=state,
    )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_every_move_is_in_the_table_or_refused(state: State, move: Move) -> None:
    before = notice(state)
    if (state, move) not in TRANSITIONS:
        with pytest.raises(NotPossible):
            before.move(move, NOW)
        return
    after = before.move(move, NOW, "why")
    assert after.state is TRANSITIONS[state, move]
    assert after.history[-1].state is after.state
    assert after.history[-1].reason == "why"
    assert (after.next_at is None) == after.is_final


def test_final_states_are_delivered_and_the_ends_of_the_contract() -> None:
    assert {State.DELIVERED, *(State(end) for end in NoticeEnd)} == FINAL


def test_every_state_is_reached_and_every_open_state_can_end() -> None:
    assert {State.CREATED, *TRANSITIONS.values()} == set(State)
    ends = set(FINAL)
    while grown := {state for (state, _), to in TRANSITIONS.items() if to in ends} - ends:
        ends |= grown
    assert ends == set(State)


def test_the_history_of_a_notice_that_waits_for_days_stays_short() -> None:
    waiting = notice(State.CREATED)
    for minute in range(500):
        waiting = waiting.move(Move.WAIT, NOW + timedelta(minutes=minute), "sms-closed")
    assert len(waiting.history) == 60
    assert waiting.history[-1].at == NOW + timedelta(minutes=499)
