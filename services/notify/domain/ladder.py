"""Zalo, then SMS, then the call list: what follows a call, and what follows a question.

What a call without an answer leaves open is settled by what its gateway can do (`Trait`). eSMS knows a `RequestId` for
24 hours, so the same call is simply made again. VNPT is asked by `REQID` first. Zalo, SpeedSMS and an SMSC neither know
repeats nor can be asked: there the notice waits for its receipt, and what was perhaps a text is never sent as a second
one (Zalo ZBS: send a template message; eSMS: RequestId; VNPT: error 33).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.policy import Policy, morning
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import SMS, ZALO, Trait, Traits, others
from services.notify.domain.steps import Step, arrive, fail, fall_back, give_up, later, sent, without
from services.notify.domain.transitions import Move, State


@dataclass(frozen=True)
class Ladder:
    """The rules with everything they look at."""

    policy: Policy
    traits: Traits

    def trait(self, attempt: Attempt) -> Trait:
        """What the gateway of an attempt can do; of one that is not set up any more nothing is known."""
        return self.traits.get(attempt.provider) or Trait(attempt.provider, attempt.channel)

    def after_call(self, notice: Notice, attempt_id: str, result: Result, now: datetime, jitter: float = 0.5) -> Step:
        """The notice after a call came back. A result that comes too late is written down and changes nothing else."""
        attempt = notice.attempt(attempt_id)
        if attempt is None:
            return Step(notice)
        attempt = replace(
            attempt,
            result=result.verdict,
            gateway_code=result.gateway_code,
            provider_id=result.provider_id or attempt.provider_id,
            cost_vnd=result.cost_vnd if result.cost_vnd is not None else attempt.cost_vnd,
        )
        awaited = notice.current is not None and notice.current.id == attempt_id
        notice = notice.with_attempt(attempt)
        if not awaited or notice.state not in (State.SENDING, State.UNKNOWN):
            return Step(notice)
        if result.verdict in (Verdict.TAKEN, Verdict.ALREADY_TAKEN):
            return self._taken(notice, attempt, now)
        if notice.state is State.UNKNOWN:
            return Step(notice)  # others took over; they decide when the time comes
        if attempt.channel is ZALO:
            return self._after_zalo(notice, result, now, jitter)
        return self._after_sms(notice, attempt, result, now, jitter)

    def after_question(self, notice: Notice, attempt_id: str, answer: Answer, now: datetime, jitter: float) -> Step:
        """The notice after its gateway was asked. An answer about what is over changes nothing."""
        attempt = notice.current
        if attempt is None or attempt.id != attempt_id or notice.state not in (State.UNKNOWN, State.SENT):
            return Step(notice)
        attempt = replace(attempt, provider_id=attempt.provider_id or answer.provider_id)
        match answer.fate:
            case Fate.DELIVERED:
                return arrive(notice.with_attempt(replace(attempt, delivered_at=now)), now, "asked")
            case Fate.NOT_DELIVERED:
                return self._conclude(notice.with_attempt(replace(attempt, failed_at=now)), now, "not-delivered")
            case Fate.NO_ANSWER:
                at = now + self.policy.pause(attempt.asked, jitter)
                return Step(replace(notice.with_attempt(attempt), next_at=at))
            case Fate.ON_ITS_WAY if notice.state is State.UNKNOWN:
                known = replace(attempt, asked=0, result=Verdict.ALREADY_TAKEN)
                return self._taken(notice.with_attempt(known), known, now)
            case Fate.ON_ITS_WAY:
                return self._conclude(notice.with_attempt(attempt), now, "no-receipt")
            case Fate.NOT_THERE if notice.state is State.UNKNOWN:
                return Step(replace(notice.with_attempt(replace(attempt, absent=True)), next_at=now))
            case _:
                return self._conclude(notice.with_attempt(attempt), now, "no-receipt")

    def _taken(self, notice: Notice, attempt: Attempt, now: datetime) -> Step:
        if attempt.channel is ZALO:
            moved = notice.move(Move.TAKEN, now, next_at=now + self.policy.zalo_receipt, tries=0)
        else:
            moved = notice.move(Move.TAKEN, now, next_at=now + self.policy.sms_receipt, tries=0, secret="")
        return Step(moved, sent(notice, attempt, now))

    def _conclude(self, notice: Notice, now: datetime, why: str) -> Step:
        """Nothing more is to be learned of this message: the next channel, or the call list."""
        attempt = notice.current
        if attempt is not None and attempt.channel is ZALO:
            return fall_back(notice, now, f"zalo-{why}")
        return give_up(notice, now, f"sms-{why}")

    def _after_zalo(self, notice: Notice, result: Result, now: datetime, jitter: float) -> Step:
        verdict, policy = result.verdict, self.policy
        if verdict is Verdict.NO_ANSWER:
            return Step(notice.move(Move.NO_ANSWER, now, "zalo-no-answer", next_at=now + policy.zalo_unknown))
        again = verdict in (Verdict.TRANSIENT, Verdict.THROTTLED)
        if again and notice.tries + 1 < policy.zalo_tries:
            return later(notice, now, now + policy.pause(notice.tries, jitter), f"zalo-{verdict}", notice.tries + 1)
        if verdict is Verdict.NIGHT and morning(now, jitter) < notice.expires_at:
            return later(notice, now, morning(now, jitter), "zalo-night")
        return fall_back(notice, now, f"zalo-{verdict}")

    def _after_sms(self, notice: Notice, attempt: Attempt, result: Result, now: datetime, jitter: float) -> Step:
        verdict, tries = result.verdict, notice.tries + 1
        pause = self.policy.pause(notice.tries, jitter)
        if attempt.calls > 1:
            # An earlier call under this id got no answer: a new id, or another gateway, could make a second text.
            verdict = {Verdict.ELSEWHERE: Verdict.RECIPIENT}.get(verdict, verdict)
            if verdict not in (Verdict.RECIPIENT, Verdict.PAYLOAD):
                return self._in_doubt(notice, attempt, now, jitter)
        elsewhere = attempt.calls == 1 and others(self.traits, attempt.provider, notice.excluded)
        match verdict:
            case Verdict.NO_ANSWER:
                return self._in_doubt(notice, attempt, now, jitter)
            case Verdict.TRANSIENT | Verdict.THROTTLED:
                return later(notice, now, now + pause, f"sms-{verdict}", tries=tries)
            case Verdict.ELSEWHERE | Verdict.PAYLOAD if elsewhere:
                return later(without(notice, attempt.provider), now, now, f"sms-{verdict}")
            case Verdict.RECIPIENT | Verdict.ELSEWHERE:
                return give_up(notice, now, "sms-recipient")
            case Verdict.PAYLOAD:
                return fail(notice, now, "sms-payload")
            case Verdict.NIGHT:
                return later(notice, now, morning(now, jitter), "sms-night")
            case _ if elsewhere:
                # Account, template, money, quota: this gateway rests, another one takes it.
                return later(notice, now, now + pause, f"sms-{verdict}", tries=tries)
            case _:
                # A person puts it right; what waits then goes by itself.
                at = now + self.policy.pause_after_stop * (1 + jitter / 2)
                return later(notice, now, at, f"sms-{verdict}", tries=tries)

    def _in_doubt(self, notice: Notice, attempt: Attempt, now: datetime, jitter: float) -> Step:
        trait, pause = self.trait(attempt), self.policy.pause(notice.tries, jitter)
        if not trait.repeat_holds and not trait.asked_by_attempt:
            at, reason = now + self.policy.sms_unknown, "sms-no-answer"
            return Step(notice.move(Move.NO_ANSWER, now, reason, next_at=at, tries=notice.tries + 1))
        if trait.repeat_holds and now + pause - attempt.at > trait.repeat_holds:
            return give_up(notice, now, "sms-no-answer")
        return Step(notice.move(Move.NO_ANSWER, now, "sms-no-answer", next_at=now + pause, tries=notice.tries + 1))


__all__ = ["SMS", "ZALO", "Ladder"]
