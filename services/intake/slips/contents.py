"""What stands in the fields of each form, from the dossier and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from contracts.reasons import REFUSAL_GROUNDS
from contracts.types import HandOverMethod
from services.intake.domain.dossier import DESK, Dossier
from services.intake.domain.people import Applicant, Mandate
from services.intake.domain.procedure import Paper
from services.intake.domain.slip import Form, checklist_at_receipt, endings, extensions, promised_before
from services.intake.slips import words
from services.intake.slips.letterhead import Letterhead
from services.kit import worktime
from services.kit.clock import VIETNAM

Value = str | tuple[str, ...] | None
"""A line, a numbered list, or nothing."""
Values = Mapping[str, Value]
APOLOGY = (
    "Sự chậm trễ này đã gây phiền hà, tốn kém chi phí, công sức của Ông (Bà)/Tổ chức; cơ quan, đơn vị chúng tôi "
    "xin lỗi Ông (Bà)/Tổ chức và sẽ trả kết quả theo thời gian mới dưới đây."
)
ENDING_BASIS = {
    "withdrawn": "Thông tư 03/2025/TT-VPCP, Điều 7",
    "terminated": "Quyết định của cơ quan có thẩm quyền giải quyết hồ sơ",
}


def limit_text(dossier: Dossier) -> str | None:
    """The published limit in words."""
    if dossier.limit_value is None or dossier.limit_unit is None:
        return None
    return worktime.TimeLimit(dossier.limit_value, worktime.LimitUnit(dossier.limit_unit.value)).label_vi


def papers_handed_in(dossier: Dossier, papers: tuple[Paper, ...]) -> tuple[str, ...]:
    """The papers as handed in when the receipt was given, each with its state."""
    return tuple(
        f"{_paper_name(papers, line.paper)} ({words.HANDED_IN[line.state]})"
        for line in checklist_at_receipt(dossier)
        if line.state in words.HANDED_IN
    )


def return_at(dossier: Dossier, letterhead: Letterhead) -> str:
    """Where the citizen wants the result."""
    if dossier.return_by is HandOverMethod.POST:
        return f"Qua bưu chính, đến: {dossier.return_address or dossier.applicant.address or '……'}"
    if dossier.return_by is HandOverMethod.ONLINE:
        return "Trực tuyến, trên Cổng Dịch vụ công quốc gia"
    return letterhead.counter(dossier.counter)


def mandate_text(mandate: Mandate) -> str:
    parts = [mandate.paper]
    if mandate.number:
        parts.append(f"số {mandate.number}")
    if mandate.signed_on:
        parts.append(words.day(mandate.signed_on))
    if mandate.valid_until:
        parts.append(f"có giá trị đến {words.day(mandate.valid_until)}")
    return ", ".join(parts)


def contents(
    form: Form, dossier: Dossier, about: int, papers: tuple[Paper, ...], letterhead: Letterhead
) -> dict[str, Value]:
    """Values by the keys of the form's fields."""
    return _CONTENTS[form](dossier, about, papers, letterhead)


def _receipt(dossier: Dossier, _: int, papers: tuple[Paper, ...], letterhead: Letterhead) -> dict[str, Value]:
    # The form is about who stands at the desk; where that is a mandated person, the owner follows as the mandator.
    values: dict[str, Value] = _person(dossier.mandated or dossier.applicant)
    if dossier.mandated is not None:
        owner = _person(dossier.applicant)
        values |= {f"mandator_{key}": value for key, value in owner.items() if key != "person"}
        values["mandator"] = owner["person"]
        values["mandate"] = mandate_text(dossier.mandate) if dossier.mandate else None
    limit = limit_text(dossier)
    return values | {
        "code": dossier.code,
        "office": letterhead.counter(dossier.counter),
        "request": dossier.procedure_name,
        "papers": papers_handed_in(dossier, papers),
        "sets": str(dossier.sets),
        "limit": "Giải quyết ngay khi tiếp nhận" if dossier.on_the_spot else limit,
        "received_at": words.moment(dossier.received_at),
        "due_at": _moment(dossier.first_due_at),
        "return_at": return_at(dossier, letterhead),
        "book": f"lĩnh vực {dossier.field or '……'}; Quyển số: ……; Số thứ tự: ……",
    }


def _supplement_request(dossier: Dossier, about: int, _: tuple[Paper, ...], letterhead: Letterhead) -> dict[str, Value]:
    request = dossier.requests[about - 1]
    by_desk = request.by == DESK
    office = letterhead.counter(dossier.counter) if by_desk else letterhead.agency(request.by)
    officer = (dossier.clerk if by_desk else None) or "……"
    phone = letterhead.phones.get(dossier.counter if by_desk else request.by, "……")
    reasons = dict.fromkeys(words.supplement_reason(item.reason) for item in request.items)
    # One reason is said once; several stand each with its paper.
    items = tuple(
        item.name if len(reasons) == 1 else f"{item.name}: {words.supplement_reason(item.reason)}"
        for item in request.items
    )
    basis = (f"Căn cứ yêu cầu lần này: {request.legal_basis}",) if request.legal_basis else ()
    return _person(dossier.applicant) | {
        "request": dossier.procedure_name,
        "items": items,
        "reason": "; ".join((*reasons, *basis)),
        "contact": f"{officer}, {office}, số điện thoại {phone}",
    }


def _refusal(dossier: Dossier, _: int, __: tuple[Paper, ...], ___: Letterhead) -> dict[str, Value]:
    grounds = [REFUSAL_GROUNDS[ground] for ground in dossier.grounds]
    return _person(dossier.applicant) | {
        "code": dossier.code,
        "request": dossier.procedure_name,
        "grounds": tuple(f"{ground.words} ({ground.basis})" for ground in grounds),
    }


def _apology(dossier: Dossier, about: int, _: tuple[Paper, ...], letterhead: Letterhead) -> dict[str, Value]:
    extension = extensions(dossier)[about - 1]
    return _person(dossier.applicant) | {
        "code": dossier.code,
        "received_on": _day(dossier.received_at),
        "agency": letterhead.agency(extension.agency) if extension.agency else None,
        "request": dossier.procedure_name,
        "due_at": _moment(promised_before(dossier, extension)),
        "reason": words.extension_reason(extension.reason),
        "apology": APOLOGY,
        "new_due_at": _moment(extension.due_at),
    }


def _termination(dossier: Dossier, about: int, _: tuple[Paper, ...], __: Letterhead) -> dict[str, Value]:
    ending = endings(dossier)[about - 1]
    return _person(dossier.applicant) | {
        "code": dossier.code,
        "request": dossier.procedure_name,
        "received_on": _day(dossier.filed_at or dossier.received_at),
        "ended_at": words.moment(ending.at),
        "reason": words.stop_reason(ending.kind, ending.reason),
        "basis": ENDING_BASIS[ending.kind],
    }


def _control_sheet(dossier: Dossier, _: int, __: tuple[Paper, ...], letterhead: Letterhead) -> dict[str, Value]:
    agencies = list(dict.fromkeys(e.agency for e in dossier.timeline if e.kind == "transferred" and e.agency))
    leading = dossier.competent_agency or (agencies[0] if agencies else None)
    return {
        "code": dossier.code,
        "agency": letterhead.agency(leading) if leading else None,
        "supporting": "; ".join(letterhead.agency(agency) for agency in agencies if agency != leading) or None,
        "received_at": words.moment(dossier.received_at),
        "due_at": _moment(dossier.due_at),
    }


_CONTENTS: Mapping[Form, Callable[[Dossier, int, tuple[Paper, ...], Letterhead], dict[str, Value]]] = {
    Form.RECEIPT: _receipt,
    Form.SUPPLEMENT_REQUEST: _supplement_request,
    Form.REFUSAL: _refusal,
    Form.APOLOGY: _apology,
    Form.TERMINATION: _termination,
    Form.CONTROL_SHEET: _control_sheet,
}


def _person(person: Applicant) -> dict[str, Value]:
    return {
        "person": person.full_name,
        "id_number": person.id_number,
        "address": person.address,
        "phone": person.phone,
        "email": person.email,
    }


def _paper_name(papers: tuple[Paper, ...], number: int) -> str:
    return papers[number - 1].name if number <= len(papers) else f"Giấy tờ số {number}"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else words.moment(at)


def _day(at: datetime) -> str:
    return words.day(at.astimezone(VIETNAM).date())
