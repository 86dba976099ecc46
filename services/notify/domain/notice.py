"""A notice to one citizen about one event of one dossier, and every attempt to bring it to the phone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contracts.types import CodePurpose, NoticeChannel, NoticeKind
from services.notify.domain.kinds import KINDS, Lane
from services.notify.domain.transitions import FINAL, TRANSITIONS, Move, State

HISTORY_KEPT = 60
ATTEMPTS_KEPT = 20
"""A gateway that refuses for three days must not grow the document without end."""


class NotPossible(Exception):
    """The table has no such move from this state (a programming error, never shown to callers)."""


@dataclass(frozen=True)
class Attempt:
    """One message handed, or about to be handed, to one gateway. Repeated calls under its id are one message."""

    id: str
    """Zalo `tracking_id` (at most 48 characters), eSMS `RequestId` (at most 50), VNPT `REQID`."""
    number: int
    channel: NoticeChannel
    at: datetime
    """Of the first call."""
    called_at: datetime
    """Of the last call."""
    calls: int = 1
    result: str = ""
    """Verdict on the last call; empty while it is under way."""
    gateway_code: str = ""
    provider_id: str = ""
    """Zalo `msg_id`, eSMS `SMSID`, SpeedSMS `tranId`, SMPP `message_id`."""
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    provider: str = ""
    """The gateway: `zalo`, `esms`, `speedsms`, `vnpt`, `smpp`."""
    cost_vnd: int | None = None
    """As the gateway says or its price list does; charged once it is known to have been taken."""
    parts: int = 1
    """Texts that a network bills."""
    template_version: int = 0
    asked: int = 0
    """Questions to the gateway since it last answered one."""
    absent: bool = False
    """The gateway says that it never got it."""

    def __post_init__(self) -> None:
        if not self.provider:  # stored before there were several
            object.__setattr__(self, "provider", "zalo" if self.channel is NoticeChannel.ZALO else "esms")


@dataclass(frozen=True)
class Entry:
    """A line of the notice's history."""

    state: State
    at: datetime
    channel: NoticeChannel
    reason: str = ""


@dataclass(frozen=True)
class Notice:
    """The aggregate. Holds no personal data: the contact stays sealed with the recipient."""

    id: str
    code: str
    """Mã hồ sơ."""
    kind: NoticeKind
    event_id: str
    """The event it tells of."""
    correlation_id: str
    happened_at: datetime
    created_at: datetime
    expires_at: datetime
    """Not handed over by then: of no use any more."""
    next_at: datetime | None
    """When it must be looked at again; None in a final state."""
    due_at: datetime | None = None
    """Promised return, where the notice tells one."""
    reasons: tuple[str, ...] = ()
    """Coded reasons of the event."""
    items: tuple[str, ...] = ()
    """Papers wanted, as the checklist names them."""
    amount_vnd: int | None = None
    """What is to be paid."""
    purpose: CodePurpose | None = None
    """What a one-time code is for."""
    secret: str = field(default="", repr=False)
    """Sealed one-time code or invitation to rate: opened for a call only, gone as soon as no call can follow."""
    counter: str = ""
    unit: str = ""
    """Whose officer is told; empty: the citizen."""
    officer: str = ""
    """Which contact of the unit."""
    event_at: datetime | None = None
    """When the event was recorded; the ten seconds until a gateway has it count from here."""
    resend_of: str = ""
    """The notice that this one repeats on somebody's word."""
    resent_by: str = ""
    """Id of the key that asked for it."""
    resent_why: str = ""
    excluded: tuple[str, ...] = ()
    """Gateways that will never take it."""
    state: State = State.CREATED
    channel: NoticeChannel = NoticeChannel.ZALO
    """Of the current attempt, or of the next one while waiting."""
    reason: str = ""
    tries: int = 0
    """Refused calls in a row on this channel."""
    made: int = 0
    """Attempts ever made; numbers the next one."""
    attempts: tuple[Attempt, ...] = ()
    history: tuple[Entry, ...] = field(default=())

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def lane(self) -> Lane:
        """What it goes before, and after. A code that a gateway has is urgent no more."""
        lane = KINDS[self.kind].lane
        return Lane.NORMAL if lane is Lane.URGENT and self.state is State.SENT else lane

    @property
    def current(self) -> Attempt | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def arrived(self) -> Attempt | None:
        """An attempt of which a receipt says that the phone has it."""
        return next((attempt for attempt in self.attempts if attempt.delivered_at is not None), None)

    def attempt(self, id: str) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.id == id), None)

    def move(self, move: Move, at: datetime, reason: str = "", **changes: Any) -> Notice:
        """Make one move of the table.

        Raises: NotPossible.
        """
        to = TRANSITIONS.get((self.state, move))
        if to is None:
            raise NotPossible(f"{move} from {self.state}")
        if to in FINAL:
            changes |= {"next_at": None, "secret": ""}
        channel = changes.get("channel", self.channel)
        moved: Notice = replace(self, **(changes | {"state": to, "reason": reason}))
        return moved.note(Entry(to, at, channel, reason))

    def note(self, entry: Entry) -> Notice:
        """Add a line to the history; the oldest lines of a very long one go."""
        return replace(self, history=(*self.history, entry)[-HISTORY_KEPT:])

    def with_attempt(self, attempt: Attempt) -> Notice:
        """Replace an attempt, or append a new one."""
        if self.attempt(attempt.id) is None:
            return replace(self, attempts=_kept((*self.attempts, attempt)), made=self.made + 1)
        return replace(self, attempts=tuple(attempt if a.id == attempt.id else a for a in self.attempts))


def _kept(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Of a long list the newest, and older ones that a receipt could still name."""
    older: Iterable[Attempt] = (a for a in attempts[:-ATTEMPTS_KEPT] if a.provider_id or a.result == "no-answer")
    return (*older, *attempts[-ATTEMPTS_KEPT:])


def attempt_id(notice_id: str, number: int) -> str:
    """The id a gateway knows an attempt by; `notice_of` finds the way back."""
    return f"{notice_id}-{number}"


def notice_of(attempt: str) -> str:
    """The notice of an attempt id."""
    return attempt.rpartition("-")[0]
