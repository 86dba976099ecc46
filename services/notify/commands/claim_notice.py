"""A due notice is claimed for a call, or what did not come in time is acted upon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.types import NoticeChannel, NoticeKind
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.contact import Contact
from services.notify.domain.hand_over import HandOver, hand_over, is_due
from services.notify.domain.ladder import Policy, Step, arrive, cancel, fail, fall_back, give_up
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.transitions import State
from services.notify.sealed import Unsendable
from services.notify.store import NOTICES, RECIPIENTS

OpenContact = Callable[[str], Contact]
OpenSecret = Callable[[Notice], str]
Closed = Callable[[NoticeKind], Mapping[NoticeChannel, datetime]]


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
class ClaimNotice:
    """Look at one due notice. The attempt is written before the call, so that a crash leaves its trace."""

    id: str
    code: str
    policy: Policy
    open_contact: OpenContact
    open_secret: OpenSecret
    closed: Closed

    def needs(self) -> Iterable[Ref]:
        return Ref(NOTICES, self.id), Ref(RECIPIENTS, self.code)

    def decide(self, work: Work, now: datetime) -> Call | Notice | None:
        """Returns: the call to make; or the notice, when it ended here."""
        notice, recipient = work.get(NOTICES, self.id), work.get(RECIPIENTS, self.code)
        if notice is None or not is_due(notice, now):
            return None
        if recipient is None:
            return _kept(work, _end(notice, now, "recipient-gone", ours=True))
        if recipient.is_untrue(notice):
            if notice.state is State.CREATED:
                return _kept(work, arrive(notice, now) if notice.arrived is not None else cancel(notice, now))
            if notice.channel is NoticeChannel.ZALO and notice.state in {State.SENT, State.UNKNOWN}:
                # Zalo may have brought it, nobody knows; an SMS now would only tell what is no longer so.
                waiting = fall_back(notice, now, "no-longer-true")
                return _kept(work, waiting if waiting.notice.is_final else cancel(waiting.notice, now))
        try:
            contact = self.open_contact(recipient.contact or "")
            # A text that a gateway has taken is never sent again, and its secret is gone.
            secret = self.open_secret(notice) if notice.secret else ""
        except Unsendable as error:
            return _kept(work, _end(notice, now, error.reason, ours=error.ours))
        after = hand_over(
            notice, self.policy, now, self.closed(notice.kind), sms_only=contact.channel is NoticeChannel.SMS
        )
        ended = _kept(work, after)
        return ended if after.attempt is None else Call(after.notice, recipient, contact, after.attempt, secret)


def _kept(work: Work, step: Step | HandOver) -> Notice | None:
    keep(work, step)
    return step.notice if step.notice.is_final else None


def _end(notice: Notice, now: datetime, reason: str, *, ours: bool) -> Step:
    """No call is possible. What a gateway already took is no failure of ours, only without a receipt."""
    return (fail if ours and notice.state is not State.SENT else give_up)(notice, now, reason)
