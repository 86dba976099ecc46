"""One-time codes (mã xác nhận một lần): six digits to the citizen's phone, good for one purpose, once, for minutes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson

from contracts.events.intake import DossierCodeIssued
from contracts.problems import Conflict, Denied
from contracts.topics import DOSSIER_EVENTS
from contracts.types import CodePurpose
from services.intake.commands.access import dossier_of
from services.intake.store import DOSSIERS, ONE_TIME_CODES, OneTimeCode
from services.kit.sealing import Sealer
from services.kit.store import Ref
from services.kit.work import Work

GOOD_FOR = timedelta(minutes=10)
ISSUED_AT_MOST_EVERY = timedelta(seconds=60)
"""A message costs money and annoys; the first one may still be on its way."""


def code_id(dossier_code: str, purpose: CodePurpose) -> str:
    return f"{dossier_code}|{purpose.value}"


@dataclass(frozen=True)
class Secret:
    """A fresh code, made outside of decisions: only its salted hash is stored, only a sealed copy travels."""

    salt: str
    hash: str
    sealed: str

    @classmethod
    def make(cls, sealer: Sealer) -> Secret:
        digits, salt = f"{secrets.randbelow(1_000_000):06d}", secrets.token_hex(8)
        return cls(salt, hash_of(digits, salt), sealer.seal(orjson.dumps({"code": digits})))


@dataclass(frozen=True)
class IssueCode:
    """Send a code to the phone that is told of the dossier."""

    code: str
    counters: frozenset[str] | None
    purpose: CodePurpose
    secret: Secret

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield Ref(ONE_TIME_CODES, code_id(self.code, self.purpose))

    def decide(self, work: Work, now: datetime) -> datetime:
        """Returns: when it expires. Raises: Missing `dossier-unknown`, Conflict `no-phone`, `code-just-sent`."""
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        if not dossier.can_be_told:
            raise Conflict("no-phone", "Hồ sơ này không có số điện thoại nhận tin nên không gửi mã được.")
        id = code_id(self.code, self.purpose)
        before = work.get(ONE_TIME_CODES, id)
        if before is not None and now - before.issued_at < ISSUED_AT_MOST_EVERY:
            raise Conflict("code-just-sent", "Vừa gửi mã; hãy chờ một phút rồi gửi lại.")
        expires_at = now + GOOD_FOR
        event = DossierCodeIssued(
            code=self.code, occurred_at=now, purpose=self.purpose, secret=self.secret.sealed, expires_at=expires_at
        )
        issued = OneTimeCode(self.secret.hash, self.secret.salt, now, expires_at)
        work.put(ONE_TIME_CODES, id, issued, (DOSSIER_EVENTS, self.code, event))
        return expires_at


def use_code(work: Work, dossier_code: str, purpose: CodePurpose, digits: str | None, now: datetime) -> None:
    """Check a code and use it up. Wrong tries are counted by the caller, whose refusal undoes this decision.

    Raises: Denied `one-time-code-wrong`: no such code, expired, used before, or other digits; one answer for all.
    """
    issued = work.get(ONE_TIME_CODES, code_id(dossier_code, purpose))
    right = (
        issued is not None
        and digits is not None
        and not issued.used
        and now <= issued.expires_at
        and hmac.compare_digest(issued.hash, hash_of(digits, issued.salt))
    )
    if not right or issued is None:
        raise Denied("one-time-code-wrong", "Mã xác nhận không đúng hoặc đã hết hạn.")
    work.put(ONE_TIME_CODES, code_id(dossier_code, purpose), replace(issued, used=True))


def hash_of(digits: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}|{digits}".encode()).hexdigest()
