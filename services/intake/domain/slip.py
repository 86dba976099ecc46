"""Slips (phiếu, giấy in cho công dân): which a dossier calls for, which were issued and under what number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.problems import Conflict
from contracts.types import Outcome
from services.intake.domain.checklist import Line
from services.intake.domain.dossier import PROMISES, Dossier, TimelineEntry
from services.intake.domain.status import Status


class Form(StrEnum):
    """What a slip is. Its number and title depend on the form set (bộ mẫu) in force."""

    RECEIPT = "receipt"
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả."""
    SUPPLEMENT_REQUEST = "supplement-request"
    """Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ."""
    REFUSAL = "refusal"
    """Phiếu từ chối tiếp nhận giải quyết hồ sơ."""
    APOLOGY = "apology"
    """Phiếu xin lỗi và hẹn lại; since 2025: văn bản xin lỗi và đề nghị gia hạn."""
    TERMINATION = "termination"
    """Thông báo dừng giải quyết hồ sơ."""
    CONTROL_SHEET = "control-sheet"
    """Phiếu kiểm soát quá trình giải quyết hồ sơ."""
    REGISTER = "register"
    """Sổ theo dõi hồ sơ."""


NUMBERED = (Form.SUPPLEMENT_REQUEST, Form.REFUSAL, Form.APOLOGY, Form.TERMINATION)
"""They carry a running number of the year and are issued once for each occasion."""
PRINTED = (Form.RECEIPT, Form.CONTROL_SHEET)
"""They follow from the dossier and may be printed as often as one likes."""

LACKS: Mapping[str, str] = {
    "acceptance": "hồ sơ chưa được tiếp nhận",
    "request": "không có yêu cầu bổ sung này",
    "items": "yêu cầu bổ sung chưa nêu giấy tờ",
    "reasons": "chưa nêu lý do",
    "refusal": "hồ sơ không bị từ chối",
    "grounds": "chưa có căn cứ từ chối",
    "extension": "hồ sơ không được hẹn lại",
    "new-date": "chưa có ngày hẹn mới",
    "ending": "hồ sơ không được rút và không bị dừng giải quyết",
    "form": "bộ mẫu áp dụng không có mẫu này",
}
"""What a slip can lack, as a word for programs and for people."""
_ENDINGS: Mapping[str, Status] = {"terminated": Status.TERMINATED, "withdrawn": Status.WITHDRAWN}


@dataclass(frozen=True)
class Slip:
    """A slip that was issued. What it says follows from the dossier; what cannot be derived is kept here."""

    form: Form
    about: int
    """Which occasion, from 1: the second request for papers, say."""
    symbol: str
    """Số, ký hiệu as printed: `07/PBS-TTPVHCC`."""
    issued_at: datetime
    form_set: str
    """It is printed again on the form it was issued on, also when another set is in force by then."""


@dataclass(frozen=True)
class Slips:
    """The slips of one dossier, kept beside it."""

    issued: tuple[Slip, ...] = ()

    def find(self, form: Form, about: int) -> Slip | None:
        return next((slip for slip in self.issued if (slip.form, slip.about) == (form, about)), None)


def extensions(dossier: Dossier) -> tuple[TimelineEntry, ...]:
    """Each time the return was put off (NĐ 61/2018 Art 19.9)."""
    return tuple(entry for entry in dossier.timeline if entry.kind == "extended")


def endings(dossier: Dossier) -> tuple[TimelineEntry, ...]:
    """How processing stopped for good: by decision, or because the citizen withdrew. Both, where the withdrawal came
    after the decision and is void."""
    return tuple(entry for entry in dossier.timeline if entry.kind in _ENDINGS)


def occasions(dossier: Dossier, form: Form) -> int:
    """How many slips of the form the dossier has called for so far."""
    if form is Form.SUPPLEMENT_REQUEST:
        return len(dossier.requests)
    if form is Form.APOLOGY:
        return len(extensions(dossier))
    if form is Form.TERMINATION:
        return len(endings(dossier))
    if form is Form.REFUSAL:
        return int(dossier.status is Status.REFUSED or dossier.outcome is Outcome.DENIED)
    return int(dossier.accepted)


def occasion(dossier: Dossier, form: Form, about: int | None) -> int:
    """The occasion that is meant: the latest, unless one is named."""
    return about or max(occasions(dossier, form), 1)


def lacks(dossier: Dossier, form: Form, about: int) -> tuple[str, ...]:
    """What the slip lacks, as keys of `LACKS`; nothing: it can be issued."""
    there = about <= occasions(dossier, form)
    if form is Form.SUPPLEMENT_REQUEST:
        return _request_lacks(dossier, about) if there else ("request",)
    if form is Form.REFUSAL:
        return (() if dossier.grounds else ("grounds",)) if there else ("refusal",)
    if form is Form.APOLOGY:
        return _extension_lacks(extensions(dossier)[about - 1]) if there else ("extension",)
    if form is Form.TERMINATION:
        return () if there and _ENDINGS[endings(dossier)[about - 1].kind] is dossier.status else ("ending",)
    return () if there else ("acceptance",)


def require_possible(dossier: Dossier, form: Form, about: int) -> None:
    """No slip without what it must say: NĐ 61/2018 Art 17.1 (complete; request and refusal with their reasons),
    Art 19.9 (apology with reason and new date), TT 03/2025 Art 7 (termination).

    Raises: Conflict `slip-not-possible`; `lacks` names what is missing.
    """
    missing = lacks(dossier, form, about)
    if missing:
        raise not_possible(missing)


def not_possible(missing: tuple[str, ...]) -> Conflict:
    words = ", ".join(LACKS[lack] for lack in missing)
    return Conflict("slip-not-possible", f"Chưa lập được phiếu này: {words}.", lacks=list(missing))


def promised_before(dossier: Dossier, extension: TimelineEntry) -> datetime | None:
    """The appointment that an extension put off."""
    before = [e.due_at for e in dossier.timeline if e.kind in PROMISES and e.at < extension.at and e.due_at is not None]
    return before[-1] if before else dossier.first_due_at


def checklist_at_receipt(dossier: Dossier) -> tuple[Line, ...]:
    """The papers as they were when the receipt was given: later supplements are taken back, the last one first."""
    lines = {line.paper: line for line in dossier.checklist}
    for request in reversed(dossier.requests):
        if request.answered_at is None or request.answered_at <= dossier.received_at:
            continue
        for change in request.changes:
            if change.before is None:
                lines.pop(change.paper, None)
            else:
                lines[change.paper] = Line(change.paper, change.before)
    return tuple(lines[number] for number in sorted(lines))


def _request_lacks(dossier: Dossier, about: int) -> tuple[str, ...]:
    items = dossier.requests[about - 1].items
    if not items:
        return ("items", "reasons")
    missing = []
    if not all(item.name.strip() for item in items):
        missing.append("items")
    if not all(item.reason for item in items):
        missing.append("reasons")
    return tuple(missing)


def _extension_lacks(entry: TimelineEntry) -> tuple[str, ...]:
    return (*(() if entry.reason else ("reasons",)), *(() if entry.due_at else ("new-date",)))
