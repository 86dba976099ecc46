"""What the public may learn of a dossier, and the second factors that open more of it.

By code alone only whether it is finished (TT 01/2018/TT-VPCP Art 16). Unknown codes get the same answers as wrong
factors, after the same work, so that nobody learns which codes exist.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contracts.problems import Denied
from services.intake.commands.bring_papers import BringPapers
from services.intake.commands.with_code import UseCode, WithCode
from services.intake.commands.withdraw_dossier import WithdrawDossier
from services.intake.domain.dossier import Dossier
from services.intake.domain.status import ENDED
from services.intake.public_limits import PublicLimits
from services.intake.queries.track import citizen_story
from services.intake.store import DOSSIERS, INFORMED, RATINGS
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.mongo import Mongo

NO_PHONE = "----"


@dataclass(frozen=True)
class Tracking:
    """Tracking of one process; the limits are shared with all others."""

    mongo: Mongo
    committer: Committer
    limits: PublicLimits
    now: Now

    async def finished(self, code: str) -> dict[str, Any]:
        """What everybody may know; an unknown code is not finished."""
        dossier = await DOSSIERS.read(self.mongo, code)
        return {"code": code, "finished": dossier is not None and dossier.status in ENDED}

    async def by_digits(self, code: str, last4: str, address: str) -> dict[str, Any]:
        """The story for who knows the last four digits of a phone in the dossier.

        Raises: Denied `tracking-refused`: no such dossier, or other digits; TooManyTries.
        """
        async with self.limits.guess(self.limits.digits, code, address):
            dossier = await DOSSIERS.read(self.mongo, code)
            if not _knows_digits(dossier, last4) or dossier is None:
                raise Denied("tracking-refused", "Mã hồ sơ hoặc 4 số cuối điện thoại chưa đúng.")
        return await self._tell(dossier)

    async def by_one_time_code(self, code: str, digits: str, address: str) -> dict[str, Any]:
        """The story for who has the phone; uses the code up. Raises: Denied `one-time-code-wrong`, TooManyTries."""
        async with self.limits.guess(self.limits.codes, code, address):
            await self.committer.run(UseCode(code, digits))
        dossier = await DOSSIERS.read(self.mongo, code)
        assert dossier is not None, "codes are sent for dossiers only, and no dossier is ever removed"
        return await self._tell(dossier)

    async def act(self, action: WithdrawDossier | BringPapers, digits: str, address: str) -> dict[str, Any]:
        """Do what the citizen with the phone asks, and tell how it stands now.

        Raises: Denied `one-time-code-wrong`, TooManyTries; as the action.
        """
        async with self.limits.guess(self.limits.codes, action.code, address):
            dossier = await self.committer.run(WithCode(UseCode(action.code, digits), action))
        return await self._tell(dossier)

    async def _tell(self, dossier: Dossier) -> dict[str, Any]:
        informed = await INFORMED.read(self.mongo, dossier.code)
        rated = await RATINGS.read(self.mongo, dossier.code) is not None
        return citizen_story(dossier, informed, self.now(), rated=rated)


def _knows_digits(dossier: Dossier | None, last4: str) -> bool:
    """Compares with the phones of all three parties, always three times."""
    known = [(phone or NO_PHONE)[-4:] for phone in _phones(dossier)]
    return any([hmac.compare_digest(digits, last4) for digits in known])


def _phones(dossier: Dossier | None) -> Iterable[str | None]:
    if dossier is None:
        return (None, None, None)
    people = (dossier.applicant, dossier.submitter, dossier.mandated)
    return (person.phone if person is not None else None for person in people)
