"""Dossiers in the states that slips are for, and a letterhead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.events import routing
from services.intake.domain import ending, receiving
from services.intake.domain.dossier import DESK, Dossier, SupplementRequest, TimelineEntry, Wanted
from services.intake.domain.procedure import Paper
from services.intake.domain.slip import Form, Slip
from services.intake.domain.status import Status
from services.intake.slips.letterhead import Letterhead
from services.intake.slips.sheet import Printer, Sheet
from tests.unit.intake.dossier_fixtures import AT, CODE, DUE, NEW_DUE, dossier

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DESK_NAME, FIRST, SECOND = "Bộ phận Một cửa huyện Thử", "H12.970.02", "H12.970.03"
LETTERHEAD = Letterhead(
    "Ủy ban nhân dân huyện Thử",
    "Huyện Thử",
    {"H12.970.00": DESK_NAME, FIRST: "Phòng Kinh tế", SECOND: "Phòng Tư pháp"},
    {"H12.970.00": "0290 1234 500"},
    "https://motcua.example.gov.vn/",
)
PRINTER = Printer(LETTERHEAD)
PAPERS = (Paper("Tờ khai", originals=1), Paper("Giấy chứng sinh", copies=1), Paper("Sổ hộ khẩu"), Paper("Ảnh"))
ITEMS = (Wanted("Tờ khai", "missing-papers", 1), Wanted("Giấy chứng sinh", "paper-unreadable", 2))
REGISTER_COLUMNS = [
    "STT",
    "Mã hồ sơ",
    "Tên TTHC",
    "Tên tổ chức, cá nhân",
    "Địa chỉ/SĐT",
    "Cơ quan chủ trì giải quyết",
    "Nhận hồ sơ",
    "Hẹn trả kết quả",
    "Trả kết quả",
    "Phương thức nhận kết quả",
    "Ký nhận",
]
"""Of the register of 2025."""


def accepted(**changes: Any) -> Dossier:
    values = {"clerk": "Nguyễn Văn A", "timeline": (TimelineEntry(AT, "submitted", due_at=DUE),)} | changes
    return dossier(**values)


def asked(items: tuple[Wanted, ...] = ITEMS, **changes: Any) -> Dossier:
    return dossier(Status.SUPPLEMENT, requests=(SupplementRequest(AT + HOUR, DESK, items, **changes),))


def refused() -> Dossier:
    waiting = dossier(Status.REGISTERED, due_at=None, first_due_at=None)
    return receiving.refuse(waiting, AT + HOUR, ("not-competent-agency", "not-eligible"))[0]


def told(before: Dossier, kind: type[Any], hours: float, **values: Any) -> Dossier:
    event = kind(code=CODE, occurred_at=AT + timedelta(hours=hours), **values)
    return ending.learn(before, event)


def extended(before: Dossier | None = None, hours: float = 30) -> Dossier:
    return told(
        before or accepted(), routing.DossierExtended, hours,
        agency=FIRST, reason="field-check", due_at=NEW_DUE, first_due_at=DUE,
    )  # fmt: skip


def transferred(before: Dossier, hours: float, agency: str, step: int, due: Any = DUE) -> Dossier:
    return told(
        before, routing.DossierTransferred, hours, agency=agency, step=step, steps=2, step_due_at=due, due_at=DUE
    )


def resolved(before: Dossier, hours: float, agency: str) -> Dossier:
    return told(
        before, routing.DossierResolved, hours, agency=agency, mechanism="one_stop", procedure_code="1.014466",
        outcome="granted", timeliness="early", due_at=DUE, first_due_at=DUE,
    )  # fmt: skip


def completed(before: Dossier, hours: float, agency: str, step: int, timeliness: str = "early") -> Dossier:
    return told(
        before, routing.DossierStepCompleted, hours, agency=agency, step=step, outcome="granted",
        timeliness=timeliness, step_due_at=DUE, waited_minutes=5, worked_minutes=60,
    )  # fmt: skip


def terminated(before: Dossier, hours: float, agency: str, ground: str | None = "procedure-suspended") -> Dossier:
    return told(
        before, routing.DossierResolved, hours, agency=agency, mechanism="one_stop", procedure_code="1.014466",
        outcome="terminated", timeliness="early", due_at=DUE, first_due_at=DUE, ground=ground,
    )  # fmt: skip


def issued(of: Dossier, form: Form, about: int = 1, form_set: str = "2025") -> Sheet:
    return PRINTER.issued(Slip(form, about, "07/PBS-TTPVHCC", AT + DAY, form_set), of)


def values(sheet: Sheet) -> dict[str, Any]:
    return {field.key: value for field, value in sheet.lines}
