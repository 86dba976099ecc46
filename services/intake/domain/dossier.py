"""The dossier (hồ sơ) as the counter and the citizen see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from contracts.events import intake, routing
from contracts.events.base import DossierEvent
from contracts.problems import Conflict, Invalid
from contracts.types import (
    Channel,
    HandOverMethod,
    HandOverProof,
    LimitUnit,
    Mechanism,
    Outcome,
    ReceivedBy,
    Timeliness,
)


class Status(StrEnum):
    """Words a clerk would say; `PORTAL_STATUS` maps each to the national portal's code."""

    REGISTERED = "registered"
    RECEIVED = "received"
    REFUSED = "refused"
    IN_PROCESS = "in_process"
    SUPPLEMENT = "supplement"
    PAYMENT = "payment"
    WITHDRAWN = "withdrawn"
    HALTED = "halted"
    RESOLVED = "resolved"
    RETURNED = "returned"


PORTAL_STATUS: Mapping[Status, int] = {status: number for number, status in enumerate(Status, start=1)}
"""trangThaiHoSo 1-10 (TT 22/2019/TT-BTTTT, Phụ lục I), total by construction."""
ENDED = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.RETURNED})

FACTS: Mapping[type[DossierEvent], Mapping[Status, Status]] = {
    routing.DossierTransferred: {Status.RECEIVED: Status.IN_PROCESS, Status.SUPPLEMENT: Status.IN_PROCESS},
    routing.DossierTransferAccepted: {},
    routing.DossierTransferDeclined: {},
    routing.DossierSupplementRequested: {
        Status.RECEIVED: Status.SUPPLEMENT,
        Status.IN_PROCESS: Status.SUPPLEMENT,
    },
    routing.DossierPaymentRequested: {Status.IN_PROCESS: Status.PAYMENT},
    routing.DossierHalted: {s: Status.HALTED for s in (Status.RECEIVED, Status.IN_PROCESS)},
    routing.DossierDueSoon: {},
    routing.DossierOverdue: {},
    routing.DossierExtended: {},
    routing.DossierResolved: {
        s: Status.RESOLVED
        for s in (Status.RECEIVED, Status.IN_PROCESS, Status.PAYMENT, Status.SUPPLEMENT, Status.HALTED)
    },
}
"""What routing's facts do to the status; a state that is not named stays (an ended dossier stays ended)."""

MAY_SUPPLEMENT = frozenset({Status.SUPPLEMENT})
MAY_HAND_OVER = frozenset({Status.RESOLVED})


@dataclass(frozen=True)
class Applicant:
    """Who the dossier is for (chủ hồ sơ). Personal data: never leaves this service in clear."""

    kind: str
    """`citizen` or `organisation`."""
    full_name: str
    id_number: str | None = None
    """Số định danh cá nhân (12 digits) or mã số thuế."""
    phone: str | None = None
    """Ten digits, `0…`."""
    address: str | None = None


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the dossier's story, as codes; words are made where it is shown."""

    at: datetime
    kind: str
    """The event's short name: `submitted`, `transferred`, ..."""
    agency: str | None = None
    reason: str | None = None
    items: tuple[str, ...] = ()
    due_at: datetime | None = None


@dataclass(frozen=True)
class Dossier:
    """Everything intake knows of one dossier."""

    code: str
    counter: str
    procedure_code: str
    procedure_version: int
    procedure_name: str
    field: str
    mechanism: Mechanism
    channel: Channel
    applicant: Applicant
    status: Status
    received_at: datetime
    due_at: datetime
    """The current promise."""
    first_due_at: datetime
    """The first promise, printed on the receipt; never changed."""
    due_explained: str
    """How the current due date came about, a Vietnamese sentence."""
    first_due_explained: str
    """The same of the first promise, for the receipt."""
    limit_value: float
    limit_unit: LimitUnit
    fee_vnd: int | None = None
    sets: int = 1
    """Số lượng hồ sơ (bộ)."""
    external_ref: str | None = None
    backfill: bool = False
    agency: str | None = None
    """Where it is being processed now."""
    outcome: Outcome | None = None
    timeliness: Timeliness | None = None
    resolved_at: datetime | None = None
    returned_at: datetime | None = None
    timeline: tuple[TimelineEntry, ...] = ()


def submit(dossier: Dossier, contact: str | None) -> tuple[Dossier, intake.DossierSubmitted]:
    """A complete dossier is received: the receipt is printed and the limit runs (NĐ 61/2018 Art 17)."""
    if dossier.due_at < dossier.received_at:
        raise Invalid("due-date-in-past", "Ngày hẹn trả không thể trước ngày tiếp nhận.")
    event = intake.DossierSubmitted(
        code=dossier.code,
        occurred_at=dossier.received_at,
        backfill=dossier.backfill,
        procedure_code=dossier.procedure_code,
        procedure_version=dossier.procedure_version,
        procedure_name=dossier.procedure_name,
        mechanism=dossier.mechanism,
        channel=dossier.channel,
        counter=dossier.counter,
        received_at=dossier.received_at,
        due_at=dossier.due_at,
        contact=contact,
        external_ref=dossier.external_ref,
    )
    entry = TimelineEntry(dossier.received_at, "submitted", due_at=dossier.due_at)
    return replace(dossier, timeline=(entry,)), event


def supplement(
    dossier: Dossier, at: datetime, due_at: datetime, due_explained: str
) -> tuple[Dossier, intake.DossierSupplemented]:
    """The missing papers arrived: the whole limit begins anew (NĐ 61/2018 Art 19.4)."""
    _require(dossier, MAY_SUPPLEMENT, "supplement-not-expected", "Hồ sơ này không đang chờ bổ sung.")
    event = intake.DossierSupplemented(
        code=dossier.code, occurred_at=at, backfill=dossier.backfill, counter=dossier.counter, due_at=due_at
    )
    entry = TimelineEntry(at, "supplemented", due_at=due_at)
    changed = replace(
        dossier,
        status=Status.IN_PROCESS,
        due_at=due_at,
        due_explained=due_explained,
        timeline=(*dossier.timeline, entry),
    )
    return changed, event


def hand_over(
    dossier: Dossier, at: datetime, method: HandOverMethod, received_by: ReceivedBy, proof: HandOverProof
) -> tuple[Dossier, intake.DossierReturned]:
    """The result reaches the citizen (NĐ 61/2018 Art 20)."""
    _require(dossier, MAY_HAND_OVER, "result-not-ready", "Hồ sơ này chưa có kết quả để trả, hoặc đã trả rồi.")
    event = intake.DossierReturned(
        code=dossier.code,
        occurred_at=at,
        backfill=dossier.backfill,
        counter=dossier.counter,
        method=method,
        received_by=received_by,
        proof=proof,
    )
    entry = TimelineEntry(at, "returned")
    return replace(dossier, status=Status.RETURNED, returned_at=at, timeline=(*dossier.timeline, entry)), event


def learn(dossier: Dossier, fact: DossierEvent) -> Dossier:
    """Take over a fact of routing. Facts have happened; they are never refused, and told again change nothing."""
    due_at = getattr(fact, "due_at", None)
    entry = TimelineEntry(
        at=fact.occurred_at,
        kind=fact.TYPE.split(".")[-2],
        agency=getattr(fact, "agency", None),
        reason=getattr(fact, "reason", None),
        items=getattr(fact, "items", ()),
        due_at=due_at if isinstance(fact, routing.DossierExtended) else None,
    )
    if entry in dossier.timeline:
        return dossier
    changed = replace(
        dossier,
        status=FACTS[type(fact)].get(dossier.status, dossier.status),
        timeline=(*dossier.timeline, entry),
        agency=entry.agency or dossier.agency,
    )
    if isinstance(fact, routing.DossierExtended):
        explained = f"hẹn lại (xin lỗi, một lần) thay cho ngày hẹn đầu; lý do: {fact.reason}"
        return replace(changed, due_at=fact.due_at, due_explained=explained)
    if isinstance(fact, routing.DossierResolved):
        return replace(changed, outcome=fact.outcome, timeliness=fact.timeliness, resolved_at=fact.occurred_at)
    return changed


def _require(dossier: Dossier, allowed: frozenset[Status], slug: str, message: str) -> None:
    if dossier.status not in allowed:
        raise Conflict(slug, message, state=dossier.status.value, allowed_when=sorted(s.value for s in allowed))
