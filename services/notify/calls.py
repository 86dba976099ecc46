"""One call or one question to a gateway: at its pace, in its words, and with what its answer teaches."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.types import NoticeChannel, NoticeKind
from services.kit import logs, metrics
from services.kit.clock import Now
from services.notify.channels import Gateway, Letter, Question, Wording
from services.notify.commands.claim_notice import Call, Doubt
from services.notify.desk import Desk
from services.notify.domain.costs import Prices
from services.notify.domain.hand_over import is_due
from services.notify.domain.notice import Attempt, Notice
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.preferences import Preferences
from services.notify.preferences.preference import REFUSAL_CODES
from services.notify.templates import Particulars, WordingRefused

log = logs.get("notify.calls")
Word = Callable[[Notice, Particulars], Wording]
"""Raises: WordingRefused."""


@dataclass(frozen=True)
class Answered:
    """A call or a question that came back; kept until it is stored."""

    notice: Notice
    attempt: Attempt
    result: Result | Answer
    jitter: float
    template_version: int = 0
    parts: int = 1
    refused_by: str = ""
    """Key of a phone whose Zalo user refuses our messages."""


@dataclass(frozen=True)
class Caller:
    """Calls the gateways. Contact and secret live for the call only."""

    desk: Desk
    word: Word
    preferences: Preferences
    now: Now
    rating_base: str
    """Where invitations to rate lead; empty: nowhere."""
    prices: Prices = field(default_factory=Prices)
    heed: Callable[[str, Result, float], None] = field(default=lambda provider, result, seconds: None)
    """Takes note of how a gateway works: provider, its answer, seconds it took."""

    async def call(self, call: Call) -> Answered:
        """Hand a message over; whatever breaks, the call may have left."""
        provider, attempt = call.attempt.provider, call.attempt
        result, wording = await self._send(call)
        result = self.prices.priced(result, provider, wording.parts)
        metrics.count("notices_attempted_total", channel=call.attempt.channel, result=result.verdict)
        self._log("notice.attempted", call.notice, attempt, result.verdict, result.gateway_code)
        self.desk.stops.heed(provider, call.notice.kind, result)
        if result.verdict is Verdict.THROTTLED:
            self.desk.paces.of(provider).slow_down()
        jitter = random.random()  # noqa: S311 - jitter, no secret
        refused = provider == "zalo" and result.gateway_code in REFUSAL_CODES
        phone = self.preferences.key_of(call.contact.phone) if refused else None
        return Answered(call.notice, attempt, result, jitter, wording.template_version, wording.parts, phone or "")

    async def ask(self, doubt: Doubt) -> Answered:
        """Ask about a message before anything else is concluded or sent."""
        attempt = doubt.attempt
        question = Question(attempt.id, attempt.provider_id, attempt.at)
        try:
            with self.desk.call(attempt.provider):
                await self.desk.paces.wait(attempt.provider)
                answer = await self.desk.gateways[attempt.provider].ask(question)
        except Exception as error:  # noqa: BLE001 - a question can always be asked again
            log.error("sender.question_failed", provider=attempt.provider, error=type(error).__name__)
            answer = Answer(Fate.NO_ANSWER, type(error).__name__)
        self._log("notice.asked", doubt.notice, attempt, answer.fate, answer.gateway_code)
        return Answered(doubt.notice, attempt, answer, random.random())  # noqa: S311 - jitter, no secret

    async def _send(self, call: Call) -> tuple[Result, Wording]:
        attempt, unsaid = call.attempt, Wording(0)
        gateway = self.desk.gateways.get(attempt.provider)
        if (
            gateway is None
        ):  # repeated after a restart without its settings: whether it has the first call, nobody knows
            return Result(Verdict.NO_ANSWER, "not-set-up"), unsaid
        try:
            letter = self._letter(call)
        except WordingRefused as error:
            log.error("notice.not_worded", notice_id=call.notice.id, kind=call.notice.kind, slug=error.slug)
            return Result(Verdict.PAYLOAD, error.slug), unsaid
        except Exception as error:  # noqa: BLE001 - surely not sent: no gateway was called
            log.error("notice.not_worded", notice_id=call.notice.id, kind=call.notice.kind, error=type(error).__name__)
            return Result(Verdict.PAYLOAD, "not-worded"), unsaid
        if attempt.channel is NoticeChannel.ZALO and not letter.wording.zalo_template_id:
            return Result(Verdict.PAYLOAD, "template-missing"), letter.wording
        if attempt.provider == "vnpt" and not letter.wording.vnpt_template_id:
            return Result(Verdict.ELSEWHERE, "template-missing"), letter.wording
        with self.desk.call(attempt.provider):
            await self.desk.paces.wait(attempt.provider)
            if is_due(call.notice, self.now()):
                # This process stood still: others have taken the claim for a dead one's and may have sent an SMS.
                return Result(Verdict.TRANSIENT, "too-late"), letter.wording
            result, seconds = await self._timed(gateway, letter)
        self.heed(attempt.provider, result, seconds)
        return result, letter.wording

    async def _timed(self, gateway: Gateway, letter: Letter) -> tuple[Result, float]:
        started, provider = time.perf_counter(), gateway.trait.provider
        try:
            result = await gateway.send(letter)
        except Exception as error:  # noqa: BLE001 - whatever broke, the call may have left
            log.error("sender.call_failed", provider=provider, error=type(error).__name__)
            result = Result(Verdict.NO_ANSWER, type(error).__name__)
        return result, time.perf_counter() - started

    def _letter(self, call: Call) -> Letter:
        """Raises: WordingRefused."""
        invited = call.notice.kind is NoticeKind.RETURNED and call.secret and self.rating_base
        about = Particulars(
            procedure_name=call.recipient.procedure_name,
            counter=call.recipient.counter,
            code=call.secret if call.notice.kind is NoticeKind.ONE_TIME_CODE else "",
            rating_link=f"{self.rating_base}/{call.secret}" if invited else "",
        )
        wording = self.word(call.notice, about)
        return Letter(attempt_id=call.attempt.id, kind=call.notice.kind, contact=call.contact, wording=wording)

    @staticmethod
    def _log(event: str, notice: Notice, attempt: Attempt, verdict: str, gateway_code: str) -> None:
        log.info(
            event,
            notice_id=notice.id,
            code=notice.code,
            channel=attempt.channel,
            provider=attempt.provider,
            verdict=verdict,
            gateway_code=gateway_code,
        )
