"""A notice and a policy that the tests of the ladder share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.hand_over import hand_over
from services.notify.domain.ladder import Policy
from services.notify.domain.notice import Notice

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
ZALO, SMS = NoticeChannel.ZALO, NoticeChannel.SMS
POLICY = Policy(
    call_limit=timedelta(seconds=50),
    zalo_receipt=timedelta(seconds=300),
    zalo_unknown=timedelta(seconds=120),
    sms_receipt=timedelta(hours=72),
    pause_after_stop=timedelta(seconds=300),
    zalo_tries=3,
    first_pause=timedelta(seconds=2),
    longest_pause=timedelta(hours=1),
)


def new_notice(kind: NoticeKind = NoticeKind.RECEIVED) -> Notice:
    return Notice(
        id="n-0199aa00-0000-7000-8000-000000000015",
        code="H99.01-260302-0007",
        kind=kind,
        event_id="0199aa00-0000-7000-8000-000000000015",
        correlation_id="c",
        happened_at=NOON,
        created_at=NOON,
        expires_at=NOON + timedelta(hours=72),
        next_at=NOON,
        due_at=NOON + timedelta(days=5),
        amount_vnd=150_000,
        counter="H99.01",
    )


def handed_over(channel: NoticeChannel = ZALO) -> Notice:
    """A notice whose first call is under way."""
    return hand_over(new_notice(), POLICY, NOON, {}, sms_only=channel is SMS).notice
