"""A due notice is claimed for a call, or what did not come in time is acted upon."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from contracts.types import NoticeChannel
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.contact import Contact
from services.notify.domain.hand_over import HandOver, Look, is_due
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.routes import Routes
from services.notify.domain.steps import Step, arrive, cancel, fail, fall_back, give_up
from services.notify.domain.transitions import State
from services.notify.officers.officer import contact_of
from services.notify.officers.store import OFFICERS
from services.notify.preferences import Preference
from services.notify.sealed import Unsendable
from services.notify.store import NOTICES, RECIPIENTS

OpenContact = Callable[[str], Contact]
OpenSecret = Callable[[Notice], str]
Ways = Callable[[Notice], Routes]
Takes = Callable[[str, str], None]
"""Told which gateway this notice is going to, so that the next claims of the round know it."""
Wish = Callable[[str], Preference]
"""What the holder of a phone, `84…`, wants."""


@dataclass(frozen=True)
class Call:
    """A call to make once the claim is committed."""

    notice: Notice
    recipient: Recipient
    contact: Contact
    attempt: Attempt
    secret: str = field(repr=False)
    """One-time code or token of an invitation; empty: none."""


@dataclass(frozen=True)
class Doubt:
    """A gateway to ask about an attempt once the claim is committed."""

    notice: Notice
    attempt: Attempt


CROWDED = timedelta(seconds=30)


@dataclass(frozen=True)
class Busy:
    """Not now: the gateway has enough to do. Nothing was written."""


@dataclass(frozen=True)
class ClaimNotice:
    """Look at one due notice. The attempt is written before the call, so that a crash leaves its trace."""

    id: str
    code: str
    ladder: Ladder
    open_contact: OpenContact
    open_secret: OpenSecret
    ways: Ways
    wish: Wish
    takes: Takes
    crowded: Callable[[], bool]
    jitter: float

    def needs(self) -> Iterable[Ref]:
        return Ref(NOTICES, self.id), Ref(RECIPIENTS, self.code)

    def decide(self, work: Work, now: datetime) -> Call | Doubt | Busy | Notice | None:
        """Returns: the call to make or the question to ask; or the notice, when it ended here."""
        notice, recipient = work.get(NOTICES, self.id), work.get(RECIPIENTS, self.code)
        if notice is None or not is_due(notice, now):
            return None
        if recipient is None:
            return _kept(work, _end(notice, now, "recipient-gone", ours=True))
        if recipient.is_untrue(notice) and (over := _called_off(notice, now, "no-longer-true")) is not None:
            return _kept(work, over)
        sealed = self._sealed(work, notice, recipient)
        if sealed is None and notice.state is State.CREATED:
            return _kept(work, cancel(notice, now, "officer-gone"))
        try:
            contact = self.open_contact(sealed or "")
            # A text that a gateway has taken is never sent again, and its secret is gone.
            secret = self.open_secret(notice) if notice.secret else ""
        except Unsendable as error:
            return _kept(work, _end(notice, now, error.reason, ours=error.ours))
        wish = self.wish(contact.phone)
        if wish.silences(notice.kind) and (over := _called_off(notice, now, "opted-out")) is not None:
            return _kept(work, over)
        sms_only = wish.sms_only(notice.kind, contact.channel, now)
        after = Look(self.ladder, self.ways(notice), now, sms_only, self.jitter).hand_over(notice)
        if after.busy:
            return self._busy(work, notice, now)
        ended = _kept(work, after)
        if after.attempt is not None:
            self.takes(self.id, after.attempt.provider)
        if after.question is not None:
            return Doubt(after.notice, after.question)
        return ended if after.attempt is None else Call(after.notice, recipient, contact, after.attempt, secret)

    def _busy(self, work: Work, notice: Notice, now: datetime) -> Busy | None:
        """Again in a moment; in half a minute where too many wait for that, or they would hide what could go."""
        if not self.crowded():
            return Busy()
        at = min(now + CROWDED * (0.5 + self.jitter), max(now, notice.expires_at))
        work.put(NOTICES, notice.id, replace(notice, next_at=at))
        return None

    def _sealed(self, work: Work, notice: Notice, recipient: Recipient) -> str | None:
        """The contact to open; None: the officer's role is not there any more."""
        if not notice.officer:
            return recipient.contact or ""
        return contact_of(work.get(OFFICERS, notice.unit), notice.officer)


def _called_off(notice: Notice, now: datetime, reason: str) -> Step | None:
    """Nothing more goes out. None: a gateway has it, and nothing would follow its silence."""
    if notice.state is State.CREATED:
        return arrive(notice, now) if notice.arrived is not None else cancel(notice, now, reason)
    zalo = notice.channel is NoticeChannel.ZALO
    if notice.state in ({State.SENT, State.UNKNOWN} if zalo else {State.SENDING, State.UNKNOWN}):
        # A gateway may have brought it, nobody knows; to send more would only tell what nobody should hear any more.
        waiting = fall_back(notice, now, reason)
        return waiting if waiting.notice.is_final else cancel(waiting.notice, now, reason)
    return None


def _kept(work: Work, step: Step | HandOver) -> Notice | None:
    keep(work, step)
    return step.notice if step.notice.is_final else None


def _end(notice: Notice, now: datetime, reason: str, *, ours: bool) -> Step:
    """No call is possible. What a gateway already took is no failure of ours, only without a receipt."""
    return (fail if ours and notice.state is not State.SENT else give_up)(notice, now, reason)
