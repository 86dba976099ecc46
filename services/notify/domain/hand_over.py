"""When a notice's time has come: hand it over, ask about it, or draw the conclusion from what has not come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events import DossierEvent
from services.notify.domain.kinds import KINDS
from services.notify.domain.ladder import Ladder
from services.notify.domain.notice import Attempt, Notice, attempt_id
from services.notify.domain.routes import SMS, ZALO, Routes, Trait
from services.notify.domain.steps import Step, expire, fall_back, give_up, later
from services.notify.domain.transitions import Move, State

MOST_QUESTIONS = 4
"""A gateway that does not answer questions either is not waited for: the receipt was, and it did not come."""


@dataclass(frozen=True)
class HandOver:
    """What came of looking at a due notice."""

    notice: Notice
    events: tuple[DossierEvent, ...] = ()
    attempt: Attempt | None = None
    """The call to make now, after this state is committed."""
    question: Attempt | None = None
    """The attempt to ask its gateway about, after this state is committed."""
    busy: bool = False
    """Its gateway has enough to do: nothing changes, it is looked at again in a moment."""


def is_due(notice: Notice, now: datetime) -> bool:
    """Whether the notice waits for something and the time for it has come."""
    return notice.next_at is not None and notice.next_at <= now


@dataclass(frozen=True)
class Look:
    """One look at one due notice."""

    ladder: Ladder
    routes: Routes
    now: datetime
    sms_only: bool = False
    """The citizen asked for SMS, or refuses Zalo."""
    jitter: float = 0.5

    def hand_over(self, notice: Notice) -> HandOver:
        """What to do with it now."""
        attempt = notice.current
        if notice.state is State.CREATED or attempt is None:
            return self._waiting(notice)
        trait = self.ladder.trait(attempt)
        known = notice.state is State.SENT and trait.asked_by_message and attempt.provider_id != ""
        after = self._sent(notice, attempt, known, trait)
        calls = after.question is not None or (after.attempt is not None and after.attempt.id == attempt.id)
        return HandOver(notice, busy=True) if calls and attempt.provider in self.routes.busy else after

    def _sent(self, notice: Notice, attempt: Attempt, known: bool, trait: Trait) -> HandOver:
        if notice.state is not State.SENT:
            return self._in_doubt(notice, attempt, trait)
        return self._ask(notice, attempt) if self._can(attempt, known, trait) else self._silent(notice)

    def _in_doubt(self, notice: Notice, attempt: Attempt, trait: Trait) -> HandOver:
        """A call without an answer, or whose process died."""
        useless = self.now >= notice.expires_at
        if trait.repeat_holds and self.now - attempt.at > trait.repeat_holds:
            return _stepped(give_up(notice, self.now, "sms-no-answer"))
        if self._can(attempt, False, trait) and not attempt.absent:
            return self._ask(notice, attempt)
        if trait.repeat_holds:
            return _stepped(give_up(notice, self.now, "sms-no-answer")) if useless else self._again(notice, attempt)
        if notice.state is State.SENDING:
            # The process that called died, or its result could not be stored: the message may be on its way. The wait
            # begins now: through an outage nobody may have listened, and the gateway reports again.
            wait = self.ladder.policy.zalo_unknown if attempt.channel is ZALO else self.ladder.policy.sms_unknown
            reason = f"{attempt.channel}-interrupted"
            return HandOver(notice.move(Move.NO_ANSWER, self.now, reason, next_at=self.now + wait))
        return self._silent(notice)

    def _can(self, attempt: Attempt, known: bool, trait: Trait) -> bool:
        return (known or trait.asked_by_attempt) and attempt.asked < MOST_QUESTIONS

    def _ask(self, notice: Notice, attempt: Attempt) -> HandOver:
        """The state stays, but for a call whose process died: of that nothing is known."""
        limit = self.now + self.ladder.policy.call_limit
        if notice.state is State.SENDING:
            notice = notice.move(Move.NO_ANSWER, self.now, f"{attempt.channel}-interrupted", next_at=limit)
        asking = replace(attempt, asked=attempt.asked + 1)
        return HandOver(replace(notice.with_attempt(asking), next_at=limit), question=asking)

    def _silent(self, notice: Notice) -> HandOver:
        """No receipt came in the time that was given: from Zalo to SMS, from SMS to the call list."""
        word = "no-answer" if notice.state is State.UNKNOWN else "no-receipt"
        if notice.channel is not ZALO:
            return _stepped(give_up(notice, self.now, f"sms-{word}"))
        step = fall_back(notice, self.now, f"zalo-{word}")
        if step.notice.is_final:
            return _stepped(step)
        after = self._waiting(step.notice)
        return HandOver(notice, busy=True) if after.busy else after

    def _waiting(self, notice: Notice) -> HandOver:
        now, quiet = self.now, self.ladder.policy.quiet
        if now >= notice.expires_at:
            return _stepped(expire(notice, now))
        if quiet is not None and KINDS[notice.kind].quiet and quiet.hold(now):
            return _stepped(later(notice, now, quiet.over(now, self.jitter), "quiet-hours", tries=notice.tries))
        trait = self._way(notice)
        if trait is not None:
            return HandOver(notice, busy=True) if trait.provider in self.routes.busy else self._call(notice, trait)
        channels = (ZALO, SMS) if self._may_be_zalo(notice) else (SMS,)
        opens = [at for at in (self.routes.opens_at(c, notice.excluded) for c in channels) if at is not None]
        if not opens:
            return _stepped(give_up(notice, now, "no-channel"))
        return _stepped(later(notice, now, min(opens), f"{notice.channel}-closed", tries=notice.tries))

    def _may_be_zalo(self, notice: Notice) -> bool:
        return notice.channel is ZALO and not self.sms_only

    def _way(self, notice: Notice) -> Trait | None:
        """Zalo where it may be, else the best SMS gateway; after a refusal rather another one. One that is busy only
        where there is no other: for Zalo a notice rather waits than costs a text."""
        if self._may_be_zalo(notice) and (trait := self.routes.open(ZALO, notice.excluded)) is not None:
            return trait
        last = notice.current.provider if notice.current is not None else ""
        idle = self.routes.open(SMS, {*notice.excluded, *self.routes.busy}, avoid=last)
        return idle or self.routes.open(SMS, notice.excluded, avoid=last)

    def _call(self, notice: Notice, trait: Trait) -> HandOver:
        number, now = notice.made + 1, self.now
        attempt = Attempt(
            attempt_id(notice.id, number), number, trait.channel, at=now, called_at=now, provider=trait.provider
        )
        tries = notice.tries if trait.channel is notice.channel else 0
        moved = notice.with_attempt(attempt).move(
            Move.HAND_OVER, now, channel=trait.channel, next_at=now + self.ladder.policy.call_limit, tries=tries
        )
        return HandOver(moved, attempt=attempt)

    def _again(self, notice: Notice, attempt: Attempt) -> HandOver:
        """The same call under the same id, which its gateway knows for the same message."""
        limit = self.now + self.ladder.policy.call_limit
        again = replace(attempt, called_at=self.now, calls=attempt.calls + 1, result="", absent=False, asked=0)
        return HandOver(notice.with_attempt(again).move(Move.HAND_OVER, self.now, next_at=limit), attempt=again)


def _stepped(step: Step) -> HandOver:
    return HandOver(step.notice, step.events)
