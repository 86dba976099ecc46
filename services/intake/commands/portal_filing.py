"""A filing of the national portal, by its own dossier code and status numbers (TT 22/2019/TT-BTTTT, Phụ lục I).

The portal tells a dossier's later states the same way, and may tell each of them more than once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Conflict, Invalid
from services.intake.commands.access import dossier_of
from services.intake.commands.file_dossier import FileDossier
from services.intake.commands.register_dossier import Registered
from services.intake.commands.supplement_dossier import SupplementDossier
from services.intake.commands.withdraw_dossier import WithdrawDossier
from services.intake.domain.dossier import Dossier
from services.intake.domain.status import PORTAL_STATUS, Status
from services.intake.store import DOSSIERS, REQUESTS, Request
from services.kit.store import Ref
from services.kit.work import Work

FILED, TAKEN_BACK = PORTAL_STATUS[Status.REGISTERED], PORTAL_STATUS[Status.WITHDRAWN]


@dataclass(frozen=True)
class PortalFiling:
    """What the portal says of one dossier."""

    status: int
    code: str
    filing: FileDossier
    """Under the code; its request is known by the code alone."""
    occurred_at: datetime | None = None

    @property
    def _counters(self) -> frozenset[str]:
        return frozenset({self.filing.application.counter})

    def needs(self) -> Iterable[Ref]:
        yield from self.filing.needs()

    def decide(self, work: Work, now: datetime) -> Registered | Dossier:
        """
        Raises:
            Invalid `portal-status-unexpected`, Missing `dossier-unknown`, Conflict `code-taken`: the code stands for
                another dossier here, and as `FileDossier`, `SupplementDossier`, `WithdrawDossier`.
        """
        if self.status == TAKEN_BACK:
            return self._take_back(work, now)
        if self.status != FILED:
            raise unexpected(self.status)
        dossier = work.get(DOSSIERS, self.code)
        if dossier is None:
            return self._file(work, now)
        dossier_of(dossier, self._counters)
        known = work.get(REQUESTS, self.filing.request_id)
        same = known is not None and known.fingerprint == self.filing.fingerprint
        if self._completes(dossier, same=same):
            return self._complete(work, dossier, now)
        if not same:
            raise Conflict("code-taken", "Mã hồ sơ này đã có ở đây với nội dung khác.")
        return Registered(self.code, True, None)

    def _file(self, work: Work, now: datetime) -> Registered:
        filed = self.filing.decide(work, now)
        if filed.code != self.code:
            raise Conflict("external-ref-reused", "Số tham chiếu này của quầy đã dùng cho một hồ sơ khác.")
        return filed

    def _completes(self, dossier: Dossier, *, same: bool) -> bool:
        """Whether this is the answer to a request for papers, and not the first filing told again."""
        if dossier.status is not Status.SUPPLEMENT or dossier.procedure_code != self.filing.application.procedure_code:
            return False
        asked_at = max((request.at for request in dossier.requests), default=dossier.received_at)
        # The same content says nothing new by itself: that it is an answer must be said, or a repeated message would
        # begin the limit anew.
        return not same or (self.occurred_at is not None and self.occurred_at >= asked_at)

    def _complete(self, work: Work, dossier: Dossier, now: datetime) -> Dossier:
        asked_at = max((request.at for request in dossier.requests), default=dossier.received_at)
        # A portal that still states when it was first filed must not make the desk's answer overdue from the start.
        at = self.occurred_at if self.occurred_at is not None and self.occurred_at >= asked_at else None
        brought = self.filing.application.checklist
        changed = SupplementDossier(self.code, self._counters, brought, at, self.filing.said_at).decide(work, now)
        work.put(REQUESTS, self.filing.request_id, Request(self.filing.fingerprint, self.code, now))
        return changed

    def _take_back(self, work: Work, now: datetime) -> Registered | Dossier:
        dossier = dossier_of(work.get(DOSSIERS, self.code), self._counters)
        if dossier.status is Status.WITHDRAWN:
            return Registered(self.code, True, None)
        return WithdrawDossier(self.code, self._counters, None, self.occurred_at, self.filing.said_at).decide(work, now)


def unexpected(status: int) -> Invalid:
    """The portal tells what the citizen did; what the desk and the agencies do is ours to tell."""
    words = f"Cổng chỉ gửi trạng thái {FILED} (mới đăng ký) hoặc {TAKEN_BACK} (công dân rút hồ sơ), không gửi {status}."
    return Invalid("portal-status-unexpected", words, status=status)
