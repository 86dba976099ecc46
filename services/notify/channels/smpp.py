"""An operator's SMSC over SMPP 3.4: the direct line, without a reseller's HTTP in between.

SMPP has no id of ours that would make a repeated submit the same message, and what query_sm can ask is the SMSC's id
only: after a submit without an answer nothing is sent again, and the notice waits for its receipt. So that such a
receipt finds its notice, each submit carries a `user_message_reference`, which most SMSCs repeat in the receipt.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.types import NoticeChannel
from services.kit import logs, metrics
from services.kit.clock import Now
from services.notify.channels.base import Letter, Question
from services.notify.channels.smpp_errors import code_of, verdict_of
from services.notify.channels.smpp_link import Link, LinkTimes, NotBound
from services.notify.channels.smpp_pace import PartPace
from services.notify.channels.smpp_parts import Part, TooLong, split
from services.notify.channels.smpp_pdu import Pdu, read_delivery, submit_sm
from services.notify.channels.smpp_receipts import (
    ReceiptIds,
    Unreadable,
    read_receipt,
    receipt_document,
    reply_id,
)
from services.notify.channels.smpp_session import Lost, NotLeft, SmppAccount
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import Trait
from services.notify.receipts import NEW

log = logs.get("notify.smpp")
TRAIT = Trait("smpp", NoticeChannel.SMS)
AGAIN_S = 0.2
"""Before a later part is offered again, at least."""
LAST_PART_WITHIN = 0.8
"""Of a message's time; the rest is for answers, and for parts that must be offered again."""
MOST_OPEN = 10_000
OnReceipt = Callable[[dict[str, Any]], Awaitable[object]]


@dataclass
class _Progress:
    """How far a message has come; decides what running out of time means."""

    key: tuple[str, int] = field(repr=False)
    """Phone and reference."""
    deadline: float
    """By the loop's clock."""
    taken: int = 0
    left: bool = False
    """A submit is without its answer."""

    @property
    def certain(self) -> bool:
        """Surely nothing of it was taken."""
        return not self.taken and not self.left


@dataclass
class Smpp:
    """The gateway."""

    account: SmppAccount
    on_receipt: OnReceipt
    """Stores a receipt's row; the SMSC is answered when it returns, and brings it again when it raises."""
    now: Now
    timeout_s: float = 10.0
    rate: float = 100.0
    """Submits a second, parts counted."""
    window: int = 10
    """Submits that wait for their answers at the same time."""
    receipt_ids: ReceiptIds = "same"
    references: bool = True
    """Send user_message_reference; some old SMSCs refuse any optional parameter."""
    times: LinkTimes = field(default_factory=LinkTimes)
    trait: Trait = TRAIT

    def __post_init__(self) -> None:
        self._link = Link(self.account, self._delivered, self.times)
        self._window = asyncio.Semaphore(self.window)
        self._pace = PartPace("smpp-parts", self.rate)
        self._reference = random.randrange(0x1_0000)  # noqa: S311 - no secret
        self._open: OrderedDict[tuple[str, int], str] = OrderedDict()
        """Attempts without an answer, by phone and reference. In memory only: it holds phones."""

    async def open(self) -> None:
        """Begin to bind before anything is to be sent: receipts of what was sent before a restart wait at the SMSC."""
        self._link.start()

    async def send(self, letter: Letter) -> Result:
        """Hand a text over: taken when all of its parts were. What is in doubt is never offered again."""
        started = time.perf_counter()
        deadline = asyncio.get_running_loop().time() + self.timeout_s
        progress = _Progress((letter.contact.phone, self._next_reference()), deadline)
        try:
            async with asyncio.timeout_at(deadline):
                return await self._send(letter, progress)
        except TimeoutError:
            return Result(Verdict.TRANSIENT, "no-turn") if progress.certain else Result(Verdict.NO_ANSWER, "timeout")
        except Lost:
            return Result(Verdict.NO_ANSWER, "lost")
        except NotBound as error:
            return error.result
        finally:
            if progress.certain:
                self._open.pop(progress.key, None)
            metrics.observe("gateway_seconds", time.perf_counter() - started, channel="sms")

    async def ask(self, question: Question) -> Answer:
        """SMPP has query_sm, but few operators let it be used; nothing is asked here."""
        return Answer(Fate.NO_ANSWER, "cannot-be-asked")

    async def close(self) -> None:
        """Unbind. Messages that wait for an answer in this moment are in doubt."""
        await self._link.close()

    async def _send(self, letter: Letter, progress: _Progress) -> Result:
        if not letter.wording.text:
            return Result(Verdict.PAYLOAD, "empty")
        try:
            parts = split(letter.wording.text, progress.key[1] & 0xFF, accented=letter.wording.accented)
        except TooLong:
            return Result(Verdict.PAYLOAD, "too-long")
        # One turn for all parts: a text that has begun must not wait for others to end.
        async with self._window:
            return await self._send_parts(letter.attempt_id, parts, progress)

    async def _send_parts(self, attempt_id: str, parts: Sequence[Part], progress: _Progress) -> Result:
        """Raises: NotBound, while nothing was taken; Lost."""
        await self._link.session()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        waits = self._pace.book_all(len(parts), progress.deadline - begun - (1 - LAST_PART_WITHIN) * self.timeout_s)
        if waits is None:
            return Result(Verdict.THROTTLED, "no-place")
        for part, wait in zip(parts, waits, strict=True):
            await asyncio.sleep(begun + wait - loop.time())
            last = part is parts[-1]
            if last and self.references:
                self._remember(progress.key, attempt_id)
            answer = await self._offer(part, progress, last=last)
            verdict = verdict_of(answer.status)
            if verdict is not Verdict.TAKEN:
                code = code_of(answer.status)
                return Result(Verdict.NO_ANSWER, f"part-{code}") if progress.taken else Result(verdict, code)
            progress.taken += 1
        if answer.message_id:
            self._open.pop(progress.key, None)
        return Result(Verdict.TAKEN, code_of(answer.status), reply_id(answer.message_id, self.receipt_ids))

    async def _offer(self, part: Part, progress: _Progress, *, last: bool) -> Pdu:
        """The answer to one part. Once an earlier part was taken, what was surely not taken is offered again: half a
        message on the phone would be worse, and the whole one may not be sent anew.

        Raises: Lost; NotBound, while nothing was taken.
        """
        while True:
            answer, pause = None, AGAIN_S * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
            try:
                answer = await self._submit(part, progress, last=last)
            except (NotLeft, NotBound) as error:
                if progress.certain:
                    raise NotBound(_not_bound(error)) from None
            if answer is not None:
                verdict = verdict_of(answer.status)
                if verdict is Verdict.THROTTLED:
                    self._pace.slow_down()
                if not progress.taken or verdict not in (Verdict.THROTTLED, Verdict.TRANSIENT):
                    return answer
                pause = max(pause, self._pace.again())
            await asyncio.sleep(pause)

    async def _submit(self, part: Part, progress: _Progress, *, last: bool) -> Pdu:
        session = await self._link.session()
        message = submit_sm(
            part,
            self.account.sender,
            progress.key[0],
            receipt=last,
            reference=progress.key[1] if last and self.references else None,
        )
        if not session.alive:
            raise NotLeft
        progress.left = True
        answer = await session.ask(message)
        progress.left = False
        return answer

    async def _delivered(self, pdu: Pdu) -> bool:
        """Returns: whether the SMSC may forget this deliver_sm."""
        now = self.now()
        try:
            delivery = read_delivery(pdu)
            if not delivery.is_receipt:
                return True  # a citizen's reply: nobody reads those
            receipt = read_receipt(delivery.told, self.receipt_ids, now)
        except (ValueError, Unreadable) as error:
            # It will be no better when it comes again.
            log.warning("smpp.receipt-refused", why=str(error.word) if isinstance(error, Unreadable) else "torn")
            metrics.count("receipts_total", provider="smpp", result="refused")
            return True
        if receipt is None:
            return True
        ref = self._open.get((delivery.phone, delivery.reference), "") if delivery.reference is not None else ""
        await self.on_receipt(receipt_document(receipt, ref, NEW, now))
        return True

    def _next_reference(self) -> int:
        self._reference = (self._reference + 1) % 0x1_0000
        return self._reference

    def _remember(self, key: tuple[str, int], attempt_id: str) -> None:
        self._open[key] = attempt_id
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)


def _not_bound(error: NotLeft | NotBound) -> Result:
    return error.result if isinstance(error, NotBound) else Result(Verdict.TRANSIENT, "not-bound")
