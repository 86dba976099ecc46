"""What the counter's pages share: who may open them, which counter is meant, what they work with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.problems import Denied, Missing
from contracts.types import UNIT_CODE_PATTERN
from services.intake.attachments.receiving import Receiver
from services.intake.domain.attachment import Room
from services.intake.domain.dossier import Dossier
from services.intake.rights import own_dossier
from services.intake.slips.letterhead import Letterhead
from services.intake.slips.sheet import Printer
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.limiter import Limiter
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer
from services.kit.web.rights import roles
from services.kit.web.roles import Role
from services.kit.web.visit import Visit

PREFIX = "/quay"
DESK = roles(Role.CLERK, Role.SUPERVISOR)
"""Clerks of a counter and who is in charge of it. A dossier of another counter does not exist for them."""
READ = roles(Role.CLERK, Role.SUPERVISOR, Role.INSPECTOR)
"""Inspectors look at every counter's work, and do nothing."""
CHOOSE = "/chon"
LONGEST_UNIT = 40
_UNIT = re.compile(UNIT_CODE_PATTERN)


@dataclass(frozen=True)
class Office:
    """What the pages work with."""

    mongo: Mongo
    committer: Committer
    now: Now
    sealer: Sealer | None
    tries: Limiter
    """Of wrong one-time codes, the same as the API's."""
    printer: Printer
    receiver: Receiver
    room: Room
    """For all files of a dossier."""

    @property
    def letterhead(self) -> Letterhead:
        return self.printer.letterhead

    def counters(self, visit: Visit) -> Mapping[str, str]:
        """Names of the counters of who is here, by code. Raises: Denied `scope-missing`."""
        codes = sorted(visit.person.units("counter"))
        if not codes:
            raise Denied("scope-missing", "Tài khoản này chưa được gán cho quầy nào.", needs=["counter:<code>"])
        return {code: self.letterhead.counter(code) for code in codes}

    def counter(self, visit: Visit) -> str:
        """The counter that is meant (`?quay=`), which must be theirs; else their first.

        Raises: Denied `scope-missing`, Missing `unit-unknown`.
        """
        counters = self.counters(visit)
        asked = visit.typed.first("counter") or visit.request.query_params.get("quay", "")
        if not asked:
            return next(iter(counters))
        self.require(visit, asked)
        return asked

    def require(self, visit: Visit, counter: str) -> None:
        """Raises: Denied `scope-missing`, Missing `unit-unknown`: another one's."""
        if counter not in self.counters(visit):
            raise Missing("unit-unknown", "Không tìm thấy đơn vị với mã này.")

    def looked_at(self, visit: Visit) -> str | None:
        """The counter whose work is shown (`?quay=`): one of theirs, else their first; for who sees all any counter.

        Returns: None: they are to choose one. Raises: Denied `scope-missing`, Missing `unit-unknown`.
        """
        asked = visit.request.query_params.get("quay", "")
        if visit.person.sees_all and (asked or not visit.person.units("counter")):
            return asked if len(asked) <= LONGEST_UNIT and _UNIT.fullmatch(asked) else None
        return self.counter(visit)

    def may_act(self, visit: Visit, counter: str) -> bool:
        """Whether they do this counter's work, not only look at it."""
        return bool(visit.person.roles & DESK.roles) and counter in visit.person.units("counter")

    async def dossier(self, visit: Visit, code: str) -> Dossier:
        """Raises: Missing `dossier-unknown`: none, or another counter's."""
        return await own_dossier(self.mongo, code, visit.caller)


def address_of(code: str, action: str = "") -> str:
    """A dossier's page, or that of something done with it."""
    return f"{PREFIX}/ho-so/{code}" + (f"/{action}" if action else "")
