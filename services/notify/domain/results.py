"""What a call to a gateway came to, in words that mean the same for every gateway."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Class of a gateway's answer. The adapters' tables map each published code to one."""

    TAKEN = "taken"
    ALREADY_TAKEN = "already-taken"
    """An earlier call under the same id was taken; no second message."""
    NO_ANSWER = "no-answer"
    """The call left and no answer came: the gateway may have it."""
    TRANSIENT = "transient"
    """Certainly not taken; the same later can succeed."""
    THROTTLED = "throttled"
    """Certainly not taken, because we are too fast: slow down and try again."""
    TOKEN = "token"  # noqa: S105 - a class of error, no secret
    """The access token is not accepted (adapters refresh it once and ask again)."""
    RECIPIENT = "recipient"
    """This channel will never reach this phone."""
    ELSEWHERE = "elsewhere"
    """This gateway will never reach this phone; another one of the channel may."""
    PAYLOAD = "payload"
    """This message will never be taken on this channel."""
    TEMPLATE = "template"
    """The template is switched off or wrong: stop it, tell a person."""
    CONFIGURATION = "configuration"
    """The account is not right: stop the channel, tell a person."""
    BILLING = "billing"
    """No money: stop the channel, tell a person."""
    NIGHT = "night"
    """Not between 22:00 and 06:00 in Viet Nam."""
    DAY_QUOTA = "day-quota"
    MONTH_QUOTA = "month-quota"


STOPS_GATEWAY = frozenset({Verdict.CONFIGURATION, Verdict.BILLING, Verdict.TOKEN})
"""No use in trying the next notice there right now; nor where the day's quota is used up."""


@dataclass(frozen=True)
class Result:
    """One call's outcome."""

    verdict: Verdict
    gateway_code: str = ""
    """The gateway's own code, HTTP status or kind of network failure; never text with personal data."""
    provider_id: str = ""
    """The gateway's own id of the message, where it said one."""
    cost_vnd: int | None = None
    """What the gateway says it costs."""
    quota_left: int | None = None
    """Messages that the account may still send today, where the gateway says so."""


class Fate(StrEnum):
    """What a gateway says of a message when it is asked."""

    DELIVERED = "delivered"
    ON_ITS_WAY = "on-its-way"
    """Taken, and nothing final known."""
    NOT_DELIVERED = "not-delivered"
    NOT_THERE = "not-there"
    """It never came: the same call may be made again."""
    NO_ANSWER = "no-answer"


@dataclass(frozen=True)
class Answer:
    """What came of asking a gateway."""

    fate: Fate
    gateway_code: str = ""
    provider_id: str = ""
    """Its own id, where it was not known before."""
