"""What a message costs, and when a day's money is spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.costs import Caps, Prices, Spending, Spent, cap_reached, cost_of, day_of, spendings
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.receipts import Receipt, apply_receipt
from services.notify.domain.results import Result, Verdict
from services.notify.domain.transitions import State
from tests.unit.notify.ladder_fixtures import POLICY

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
PRICES = Prices(200, {"esms": 350})


@pytest.mark.parametrize(
    ("provider", "parts", "said", "vnd"),
    [
        ("zalo", 3, None, 200),
        ("esms", 1, None, 350),
        ("esms", 3, None, 1050),
        ("esms", 0, None, 350),
        ("esms", 2, 900, 900),
        ("speedsms", 2, 0, 0),
        ("speedsms", 2, None, None),
    ],
)
def test_the_gateways_own_word_goes_before_the_price_list(
    provider: str, parts: int, said: int | None, vnd: int | None
) -> None:
    for verdict in (Verdict.TAKEN, Verdict.ALREADY_TAKEN):
        assert PRICES.priced(Result(verdict, cost_vnd=said), provider, parts) == Result(verdict, cost_vnd=vnd)


def test_what_was_not_taken_costs_nothing_and_a_price_that_nobody_named_is_not_known() -> None:
    assert PRICES.priced(Result(Verdict.TRANSIENT), "zalo", 1).cost_vnd is None
    assert Prices().of("zalo", 1) is None


def test_a_message_that_was_perhaps_taken_carries_its_price_and_costs_nothing_yet() -> None:
    assert PRICES.priced(Result(Verdict.NO_ANSWER), "esms", 2).cost_vnd == 700
    assert PRICES.priced(Result(Verdict.NO_ANSWER), "speedsms", 2).cost_vnd is None
    doubtful = attempt(result="no-answer", cost_vnd=700)
    assert list(spendings(made(attempt()), made(doubtful))) == []
    assert cost_of(doubtful) is None
    assert cost_of(replace(doubtful, delivered_at=NOW)) == 700


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize("first", ["call", "receipt"])
def test_a_message_that_only_a_receipt_proves_costs_once(first: str, delivered: bool) -> None:
    """Whether the receipt or the end of the call comes first; a message that the network gave up is billed too."""
    ladder, now = Ladder(POLICY, {}), NOW
    calling = replace(made(attempt()), state=State.SENDING, channel=NoticeChannel.SMS)
    receipt = Receipt("esms", "n-1-1", "", delivered, NOW)
    result = PRICES.priced(Result(Verdict.NO_ANSWER, "timeout"), "esms", 2)
    life = [calling]
    for step in ("call", "receipt", "receipt") if first == "call" else ("receipt", "call", "receipt"):
        if step == "call":
            life.append(ladder.after_call(life[-1], "n-1-1", result, now).notice)
        else:
            after = apply_receipt(life[-1], receipt, now)
            assert after is not None
            life.append(after.notice)
    added = [spent for before, after in pairwise(life) for spent in spendings(before, after)]
    assert sum(spent.messages for spent in added) == 1
    assert sum(spent.parts for spent in added) == 2
    assert sum(spent.vnd for spent in added) == 700
    assert sum(spent.unpriced for spent in added) == 0


def attempt(number: int = 1, **changes: object) -> Attempt:
    first = Attempt(f"n-1-{number}", number, NoticeChannel.SMS, at=NOW, called_at=NOW, provider="esms", parts=2)
    return replace(first, **changes)  # type: ignore[arg-type]


def made(*attempts: Attempt) -> Notice:
    return Notice(
        id="n-1", code="H99.01-261123-0001", kind=NoticeKind.RECEIVED, event_id="1", correlation_id="c",
        happened_at=NOW, created_at=NOW, expires_at=NOW, next_at=NOW, attempts=attempts,
    )  # fmt: skip


def test_a_message_costs_once_however_often_it_was_called_and_reported() -> None:
    life = [
        None,
        made(),
        made(attempt()),
        made(attempt(result="no-answer")),
        made(attempt(result="already-taken", calls=2, cost_vnd=700, provider_id="S1")),
        made(attempt(result="already-taken", calls=2, cost_vnd=700, provider_id="S1", delivered_at=NOW)),
    ]
    added = [spent for before, after in pairwise(life) if after is not None for spent in spendings(before, after)]
    assert added == [Spending("esms", 1, 2, 700, 0)]


def test_a_price_that_becomes_known_later_is_added_then() -> None:
    """The receipt overtakes the reply that names the price."""
    calling = made(attempt())
    arrived = made(attempt(delivered_at=NOW))
    answered = made(attempt(delivered_at=NOW, result="taken", cost_vnd=700))
    assert list(spendings(calling, arrived)) == [Spending("esms", 1, 2, 0, 1)]
    assert list(spendings(arrived, answered)) == [Spending("esms", 0, 0, 700, -1)]


def test_each_gateway_that_took_it_costs() -> None:
    before = made(attempt(result="taken", cost_vnd=700), attempt(2, provider="vnpt"))
    after = made(attempt(result="taken", cost_vnd=700), attempt(2, provider="vnpt", result="taken", cost_vnd=500))
    assert list(spendings(before, after)) == [Spending("vnpt", 1, 2, 500, 0)]
    assert len(list(spendings(None, after))) == 2


@pytest.mark.parametrize(
    ("caps", "counter", "expected"),
    [
        (Caps(), "A", None),
        (Caps(day=1500), "B", "day"),
        (Caps(day=1501), "A", None),
        (Caps(counter=1000), "A", "counter"),
        (Caps(counter=1000), "B", None),
        (Caps(counter=0), "never-heard-of", "counter"),
        (Caps(day=1500, counter=1), "A", "day"),
    ],
)
def test_a_cap_is_reached_when_so_much_is_spent(caps: Caps, counter: str, expected: str | None) -> None:
    spent = Spent(TODAY, {"A": 1000, "B": 500})
    assert cap_reached(spent, caps, counter, NoticeKind.RECEIVED, NOW) == expected


def test_one_time_codes_are_never_held_back() -> None:
    assert cap_reached(Spent(TODAY, {"A": 9}), Caps(day=0, counter=0), "A", NoticeKind.ONE_TIME_CODE, NOW) is None


def test_a_new_day_begins_at_midnight_in_viet_nam() -> None:
    spent = Spent(TODAY, {"A": 9})
    last = datetime(2026, 11, 23, 16, 59, 59, tzinfo=UTC)
    first = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    assert day_of(last) == TODAY
    assert cap_reached(spent, Caps(day=1), "A", None, last) == "day"
    assert day_of(first) == date(2026, 11, 24)
    assert cap_reached(spent, Caps(day=1), "A", None, first) is None
