"""A dossier in any status, and any fact of routing about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events import routing
from contracts.events.base import DossierEvent
from contracts.types import Channel, DueCause, LimitUnit, Mechanism, Outcome, StopKind, Timeliness
from services.intake.domain.dossier import Dossier
from services.intake.domain.people import Applicant
from services.intake.domain.status import Status

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DUE = AT + timedelta(days=3)
NEW_DUE = AT + timedelta(days=9)
CODE, AGENCY = "H12.970.00-261123-0001", "H12.970.02"
APPLICANT = Applicant("citizen", "Người Nộp Thử", "096190001234", "0901234567", "Ấp Thử")
VALUES: dict[str, Any] = {
    "agency": AGENCY, "step": 1, "steps": 2, "step_due_at": DUE, "due_at": NEW_DUE, "reason": "missing",
    "items": ("Giấy chứng sinh",), "amount_vnd": 1, "first_due_at": DUE, "mechanism": Mechanism.ONE_STOP,
    "procedure_code": "1.014466", "outcome": Outcome.GRANTED, "timeliness": Timeliness.EARLY,
    "kind": StopKind.CONSULTATION, "cause": DueCause.CALENDAR_CHANGED, "previous_due_at": DUE, "to_step": 1,
    "rule": "transfer-not-accepted", "to": "H12.970", "proposed_due_at": NEW_DUE, "waited_minutes": 5,
    "worked_minutes": 90,
}  # fmt: skip


def dossier(status: Status = Status.RECEIVED, **changes: Any) -> Dossier:
    values: dict[str, Any] = {
        "code": CODE, "counter": "H12.970.00", "procedure_code": "1.014466", "procedure_version": 1,
        "procedure_name": "Đăng ký khai sinh", "field": "Hộ tịch", "mechanism": Mechanism.ONE_STOP,
        "channel": Channel.COUNTER, "applicant": APPLICANT, "status": status, "received_at": AT, "due_at": DUE,
        "first_due_at": DUE, "due_explained": "thời hạn 3 ngày làm việc",
        "first_due_explained": "thời hạn 3 ngày làm việc", "limit_value": 3.0,
        "limit_unit": LimitUnit.WORKING_DAYS,
    }  # fmt: skip
    return Dossier(**(values | changes))


def fact(kind: type[DossierEvent], /, **changes: Any) -> DossierEvent:
    wanted = {name: VALUES[name] for name in kind.model_fields if name in VALUES}
    return kind(**({"code": CODE, "occurred_at": AT + timedelta(hours=1)} | wanted | changes))


FACTS_OF_ROUTING = [
    event
    for event in vars(routing).values()
    if isinstance(event, type) and issubclass(event, DossierEvent) and event is not DossierEvent
]
