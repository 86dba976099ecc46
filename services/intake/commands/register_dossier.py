"""Register a complete dossier at the counter (tiếp nhận hồ sơ và hẹn trả kết quả)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from contracts.problems import Conflict, Missing
from contracts.topics import DOSSIER_EVENTS
from contracts.types import Channel
from services.intake.commands.moments import business_time
from services.intake.domain import dossier as domain
from services.intake.domain.dossier import Applicant, Dossier, Status
from services.intake.domain.numbering import DailyNumber, dossier_code, series_id
from services.intake.domain.procedure import Procedure
from services.intake.promise import promise
from services.intake.store import DOSSIERS, NUMBERS, PROCEDURES, REQUESTS, Request
from services.kit.clock import VIETNAM
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class Registered:
    """The answer: the dossier's code, and whether it was given before."""

    code: str
    repeated: bool
    dossier: Dossier | None
    """None when repeated: it is read from the store, as it was then registered."""


@dataclass(frozen=True)
class RegisterDossier:
    """The command. `request_id` is the caller's idempotency key within its own scope."""

    request_id: str
    fingerprint: str
    counter: str
    procedure_code: str
    channel: Channel
    applicant: Applicant
    contact: str | None
    """Sealed for notify; None: the citizen wants no notices or has no phone."""
    received_at: datetime
    sets: int = 1
    external_ref: str | None = None
    backfill: bool = False
    said_at: datetime | None = None
    """When the command was sent, for those that came by Kafka."""

    @property
    def series(self) -> str:
        try:
            day = self.received_at.astimezone(VIETNAM).date()
        except OverflowError:  # the last hours of the year 9999 have no date in Viet Nam; `decide` refuses them
            day = date.max
        return series_id(self.counter, day)

    def needs(self) -> Iterable[Ref]:
        yield Ref(REQUESTS, self.request_id)
        yield Ref(PROCEDURES, self.procedure_code)
        yield Ref(NUMBERS, self.series)
        if self.external_ref is not None:
            yield Ref(REQUESTS, self._reference)

    @property
    def _reference(self) -> str:
        """The counter's own reference stands for one dossier, whichever door and key it comes by."""
        return f"ref|{self.counter}|{self.external_ref}"

    @property
    def _content(self) -> str:
        said = (self.procedure_code, self.channel.value, self.applicant, self.sets)
        return fingerprint(repr(said).encode())

    def decide(self, work: Work, now: datetime) -> Registered:
        """
        Raises:
            Conflict `idempotency-key-reused`, `external-ref-reused`: used for another dossier.
            Missing `procedure-unknown`, Invalid `procedure-limit-unknown`, `moment-…`.
        """
        known = work.get(REQUESTS, self.request_id)
        if known is not None:
            if known.fingerprint != self.fingerprint:
                raise Conflict("idempotency-key-reused", "Khóa chống trùng này đã dùng cho một hồ sơ khác.")
            return Registered(known.code, True, None)
        if self.external_ref is not None and (same := work.get(REQUESTS, self._reference)) is not None:
            if same.fingerprint != self._content:
                raise Conflict("external-ref-reused", "Số tham chiếu này của quầy đã dùng cho một hồ sơ khác.")
            return Registered(same.code, True, None)
        procedure = work.get(PROCEDURES, self.procedure_code)
        if procedure is None:
            raise Missing("procedure-unknown", "Không có thủ tục này trong danh mục đang công bố.")
        received_at = business_time(self.received_at, now, backfill=self.backfill, said_at=self.said_at)
        number = (work.get(NUMBERS, self.series) or DailyNumber()).next()
        state = self._dossier(dossier_code(self.series, number.last), procedure, received_at)
        dossier, event = domain.submit(state, self.contact)
        work.put(NUMBERS, self.series, number)
        work.put(REQUESTS, self.request_id, Request(self.fingerprint, dossier.code, now))
        if self.external_ref is not None:
            work.put(REQUESTS, self._reference, Request(self._content, dossier.code, now))
        work.put(DOSSIERS, dossier.code, dossier, (DOSSIER_EVENTS, dossier.code, event))
        return Registered(dossier.code, False, dossier)

    def _dossier(self, code: str, procedure: Procedure, received_at: datetime) -> Dossier:
        promised = promise(received_at, procedure.limit_value, procedure.limit_unit)
        assert procedure.limit_value is not None
        assert procedure.limit_unit is not None
        return Dossier(
            code=code,
            counter=self.counter,
            procedure_code=procedure.code,
            procedure_version=procedure.version,
            procedure_name=procedure.name,
            field=procedure.field,
            mechanism=procedure.mechanism,
            channel=self.channel,
            applicant=self.applicant,
            status=Status.RECEIVED,
            received_at=received_at,
            due_at=promised.due_at,
            first_due_at=promised.due_at,
            due_explained=promised.explained,
            first_due_explained=promised.explained,
            limit_value=procedure.limit_value,
            limit_unit=procedure.limit_unit,
            fee_vnd=procedure.fee_vnd,
            sets=self.sets,
            external_ref=self.external_ref,
            backfill=self.backfill,
        )


def fingerprint(body: bytes) -> str:
    """Tells whether a repeated key comes with the same content."""
    return hashlib.sha256(body).hexdigest()
