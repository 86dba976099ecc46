"""Which stated times of receipt are believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.problems import Invalid

AHEAD = timedelta(minutes=5)
"""Clocks of counters may be this much ahead of ours."""
BEHIND = timedelta(days=7)
"""A counter that was offline sends its batch within a week; older receipts are registers being migrated and must say
`backfill`. Stating an earlier receipt only brings the due date nearer."""
KEPT_ON_TOPIC = timedelta(days=30)
"""A command may lie on its topic for so long before we read it."""


def business_time(
    stated: datetime | None,
    now: datetime,
    *,
    backfill: bool,
    said_at: datetime | None = None,
    after: datetime | None = None,
) -> datetime:
    """The time to count from.

    Args:
        said_at: when a command that came by Kafka was sent. It is judged by that time: a counter's registration must
            not be refused as too old because our worker was down for a day.
        after: it cannot have happened before this; a clock that is a little behind is put right.

    Raises: Invalid `moment-in-future`, `moment-too-old`, `moment-before-filing`.
    """
    then = now if said_at is None else max(min(said_at, now), now - KEPT_ON_TOPIC)
    if stated is None:
        return then if after is None else max(then, after)
    if stated > now + AHEAD:
        raise Invalid("moment-in-future", "Thời điểm ghi nhận nằm trong tương lai.")
    if stated < then - BEHIND and not backfill:
        raise Invalid("moment-too-old", "Thời điểm ghi nhận đã quá bảy ngày; sổ cũ phải được nhập với dấu `backfill`.")
    if after is not None and stated < after:
        raise Invalid("moment-before-filing", "Thời điểm ghi nhận sớm hơn bước liền trước của hồ sơ.")
    return stated


def check_history(
    received_at: datetime, resolved_at: datetime | None, returned_at: datetime | None, now: datetime
) -> None:
    """What an old register says of a dossier must have happened, in this order.

    Raises: Invalid `moment-in-future`, `resolved-before-receipt`, `returned-before-result`.
    """
    if any(moment is not None and moment > now + AHEAD for moment in (resolved_at, returned_at)):
        raise Invalid("moment-in-future", "Ngày có kết quả hoặc ngày trả nằm trong tương lai.")
    if resolved_at is not None and resolved_at < received_at:
        raise Invalid("resolved-before-receipt", "Ngày có kết quả trước ngày nhận hồ sơ.")
    if returned_at is not None and (resolved_at is None or returned_at < resolved_at):
        raise Invalid("returned-before-result", "Ngày trả kết quả trước ngày có kết quả.")
