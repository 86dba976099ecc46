"""Take in and answer complaints and suggestions (tiếp nhận, trả lời phản ánh, kiến nghị)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Missing
from contracts.types import LimitUnit
from services.intake.commands.requests import Once
from services.intake.domain import feedback as domain
from services.intake.domain.feedback import Feedback, FeedbackKind, Writer
from services.intake.promise import THE_CALENDAR_REF, calendar_of, promise
from services.intake.store import DOSSIERS, FEEDBACK
from services.kit import worktime
from services.kit.clock import VIETNAM
from services.kit.store import Ref
from services.kit.tokens import token_hash
from services.kit.work import Work

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are taken for others when read out (Crockford)."""
REFERENCE_PATTERN = rf"^PA-[0-9]{{6}}-[{LETTERS}]{{8}}$"


@dataclass(frozen=True)
class Ticket:
    """What one is known by, made outside of decisions.

    The token comes from the writer's key and a salt: the same request again is answered with the same token, though
    neither the token nor the key is stored.
    """

    reference: str
    key: str
    salt: str

    @classmethod
    def make(cls, now: datetime, key: str | None) -> Ticket:
        """`key`: the writer's `Idempotency-Key`; without one the answer can be given only once."""
        number = "".join(secrets.choice(LETTERS) for _ in range(8))
        reference = f"PA-{now.astimezone(VIETNAM):%y%m%d}-{number}"
        return cls(reference, key or secrets.token_urlsafe(24), secrets.token_hex(16))

    def token(self, salt: str) -> str:
        """The token of what was stored with this salt under this key."""
        digest = hmac.new(self.key.encode(), salt.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest[:18]).decode()


@dataclass(frozen=True)
class Submitted:
    """What is kept, and whether it was there before."""

    feedback: Feedback
    repeated: bool


@dataclass(frozen=True)
class SubmitFeedback:
    """Take one in; it must be answered within `working_days`."""

    ticket: Ticket
    fingerprint: str
    kind: FeedbackKind
    text: str
    writer: Writer
    dossier_code: str | None
    counter: str | None
    working_days: int

    @property
    def _once(self) -> Once:
        return Once(f"feedback|{token_hash(self.ticket.key)}", self.fingerprint, "", None, "")

    def needs(self) -> Iterable[Ref]:
        yield from self._once.needs()
        yield Ref(FEEDBACK, self.ticket.reference)
        yield THE_CALENDAR_REF
        if self.dossier_code is not None:
            yield Ref(DOSSIERS, self.dossier_code)

    def decide(self, work: Work, now: datetime) -> Submitted:
        """Raises: Conflict `idempotency-key-reused`."""
        known = self._once.answered(work)
        before = work.get(FEEDBACK, known) if known is not None else None
        if before is not None:
            return Submitted(before, True)
        dossier = work.get(DOSSIERS, self.dossier_code) if self.dossier_code is not None else None
        counter = self.counter if dossier is None else dossier.counter
        calendar = calendar_of(work, counter or worktime.EVERYBODY)
        feedback = Feedback(
            reference=self.ticket.reference,
            kind=self.kind,
            text=self.text,
            received_at=now,
            due_at=promise(now, self.working_days, LimitUnit.WORKING_DAYS, calendar).due_at,
            writer=self.writer,
            token_hash=token_hash(self.ticket.token(self.ticket.salt)),
            token_salt=self.ticket.salt,
            dossier_code=self.dossier_code,
            counter=counter,
        )
        self._once.remember(work, feedback.reference, now)
        work.put(FEEDBACK, feedback.reference, feedback)
        return Submitted(feedback, False)


@dataclass(frozen=True)
class AnswerFeedback:
    """`counters`: those the caller supervises; None: all (operator)."""

    reference: str
    counters: frozenset[str] | None
    text: str
    by: str
    """Id of the caller's key."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(FEEDBACK, self.reference)

    def decide(self, work: Work, now: datetime) -> Feedback:
        """Raises: Missing `feedback-unknown`, Conflict `feedback-answered`."""
        feedback = work.get(FEEDBACK, self.reference)
        if feedback is None or (self.counters is not None and feedback.counter not in self.counters):
            raise Missing("feedback-unknown", "Không tìm thấy phản ánh, kiến nghị này.")
        answered = domain.answer(feedback, self.text, self.by, now)
        if answered is None:
            return feedback
        work.put(FEEDBACK, self.reference, answered)
        return answered
