"""Rates as settings state them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.kit.limiter import Rate


@pytest.mark.parametrize(
    ("text", "most", "window"),
    [
        ("5/15minutes", 5, timedelta(minutes=15)),
        ("60/minute", 60, timedelta(minutes=1)),
        ("1/1day", 1, timedelta(days=1)),
        ("10/2hours", 10, timedelta(hours=2)),
        ("3/30second", 3, timedelta(seconds=30)),
    ],
)
def test_a_rate_is_read(text: str, most: int, window: timedelta) -> None:
    assert Rate.parse(text) == Rate(most, window)


@pytest.mark.parametrize(
    "text", ["", "5", "0/minute", "5/0minutes", "-1/day", "5/week", "5/minute;1/day", "５/minute", "5/15minutes\n"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="5/15minutes"):
        Rate.parse(text)
