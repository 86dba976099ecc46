"""A notice and a policy that the tests of the ladder share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.hand_over import HandOver, Look
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Notice
from services.notify.domain.policy import Policy
from services.notify.domain.results import Result
from services.notify.domain.routes import Routes, Trait
from services.notify.domain.steps import Step

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
ZALO, SMS = NoticeChannel.ZALO, NoticeChannel.SMS
POLICY = Policy(
    call_limit=timedelta(seconds=50),
    zalo_receipt=timedelta(seconds=300),
    zalo_unknown=timedelta(seconds=120),
    sms_receipt=timedelta(hours=72),
    sms_unknown=timedelta(minutes=30),
    pause_after_stop=timedelta(seconds=300),
    zalo_tries=3,
    first_pause=timedelta(seconds=2),
    longest_pause=timedelta(hours=1),
)

ZALO_TRAIT = Trait("zalo", ZALO)
"""Not asked here: what follows silence is tested by itself."""
ESMS = Trait("esms", SMS, repeat_holds=timedelta(hours=23))
TRAITS = {"zalo": ZALO_TRAIT, "esms": ESMS}


def decide_after(
    notice: Notice, attempt_id: str, result: Result, policy: Policy, now: datetime, jitter: float = 0.5
) -> Step:
    """With Zalo and eSMS."""
    return Ladder(policy, TRAITS).after_call(notice, attempt_id, result, now, jitter)


def hand_over(
    notice: Notice, policy: Policy, now: datetime, closed: Mapping[NoticeChannel, datetime], *, sms_only: bool = False
) -> HandOver:
    """With Zalo and eSMS."""
    resting = {trait.provider: closed[trait.channel] for trait in TRAITS.values() if trait.channel in closed}
    routes = Routes(tuple(TRAITS.values()), resting)
    return Look(Ladder(policy, TRAITS), routes, now, sms_only).hand_over(notice)


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
