"""A dossier in the citizen's words (tra cứu): `story` for lists and desks, `citizen_story` for the citizen alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.reasons import REFUSAL_GROUNDS
from contracts.types import Timeliness
from services.intake.domain.dossier import DESK, PROMISES, Dossier, Payment, SupplementRequest, TimelineEntry
from services.intake.domain.informed import Informed, Told
from services.intake.domain.reasons import reason_words
from services.intake.domain.status import ENDED, PORTAL_STATUS, Action, Status
from services.intake.queries import words
from services.kit.clock import VIETNAM


def story(dossier: Dossier, informed: Informed | None = None) -> dict[str, Any]:
    """The dossier's state and timeline; holds no name, number or address."""
    return {
        "code": dossier.code,
        "procedure": dossier.procedure_name,
        "status": dossier.status.value,
        "status_code": PORTAL_STATUS[dossier.status],
        "status_text": words.STATUS_WORDS[dossier.status],
        "finished": dossier.status in ENDED,
        "received_at": dossier.received_at,
        "due_at": dossier.due_at,
        "due_text": _text(dossier.due_at),
        "due_explained": dossier.due_explained,
        "first_due_at": dossier.first_due_at,
        "timeliness": dossier.timeliness,
        "timeliness_text": words.TIMELINESS_WORDS[dossier.timeliness] if dossier.timeliness else None,
        "timeline": [_line(dossier, entry) for entry in _in_order(dossier)],
        "informed": [
            {
                "kind": told.kind.value,
                "channel": told.channel.value,
                "at": told.at,
                "delivered": told.delivered,
                "text": _told(told),
            }
            for told in sorted(informed.told if informed else (), key=lambda told: told.at)
        ],
    }


def citizen_story(dossier: Dossier, informed: Informed | None, now: datetime, *, rated: bool) -> dict[str, Any]:
    """The story for who showed a second factor: every reason in words, what is asked, what may be done now."""
    told = story(dossier, informed)
    return told | {
        "timeline": [
            {name: value for name, value in _line(dossier, entry).items() if name != "reason"}
            for entry in _in_order(dossier)
            if not entry.internal
        ],
        "advice": _advice(dossier, now),
        "clock_text": _clock_text(dossier),
        "answer_due_at": dossier.answer_due_at,
        "answer_due_text": _text(dossier.answer_due_at),
        "answer_overdue": dossier.answer_overdue,
        "late": _late(dossier, now),
        "requests": [_request(request) for request in dossier.requests],
        "payments": [_payment(payment) for payment in dossier.payments if payment.paid_at or payment is _owed(dossier)],
        "refusal": [_ground(code) for code in dossier.grounds],
        "may": may_now(dossier, rated=rated),
    }


def _owed(dossier: Dossier) -> Payment | None:
    """The financial duty that is to be done now."""
    return dossier.payments[-1] if dossier.status is Status.PAYMENT else None


def may_now(dossier: Dossier, *, rated: bool) -> list[str]:
    """What the citizen may do: `supplement`, `withdraw`, `rate`."""
    actions = [action.value for action in (Action.SUPPLEMENT, Action.WITHDRAW) if dossier.may(action)]
    may_rate = dossier.status is Status.RETURNED and not rated and not dossier.backfill
    return [*actions, "rate"] if may_rate else actions


def vietnam_time(moment: datetime) -> str:
    """As printed on forms: 16:30 ngày 25/11/2026."""
    return f"{moment.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"


def _text(moment: datetime | None) -> str | None:
    return vietnam_time(moment) if moment else None


def _in_order(dossier: Dossier) -> list[TimelineEntry]:
    return sorted(dossier.timeline, key=lambda entry: entry.at)


def _line(dossier: Dossier, entry: TimelineEntry) -> dict[str, Any]:
    said = words.ENTRY_WORDS.get(entry.kind, words.CHANGED)
    if entry.kind == "submitted" and dossier.on_the_spot:
        said = words.ON_THE_SPOT
    if entry.step is not None:
        said = words.STEP_WORDS.get(entry.kind, said)
    line: dict[str, Any] = {"at": entry.at, "at_text": vietnam_time(entry.at), "kind": entry.kind, "text": said}
    if entry.agency:
        line["agency"] = entry.agency
    if entry.step is not None:
        line["step"] = entry.step
    if entry.timeliness is not None:
        line |= {"timeliness": entry.timeliness, "timeliness_text": words.TIMELINESS_WORDS[entry.timeliness]}
    if entry.items:
        line["items"] = list(entry.items)
    if entry.reason:
        line |= {"reason": entry.reason, "reason_text": reason_words(entry.kind, entry.reason)}
    if entry.due_at:
        line |= {"due_at": entry.due_at, "due_text": vietnam_time(entry.due_at)}
    return line


def _told(told: Told) -> str:
    return f"Đã báo {words.NOTICE_WORDS[told.kind]} lúc {vietnam_time(told.at)} qua {words.CHANNEL_WORDS[told.channel]}"


def _advice(dossier: Dossier, now: datetime) -> str:
    if dossier.status is Status.REGISTERED and dossier.answer_due_at is not None:
        late = dossier.answer_overdue or dossier.answer_due_at < now
        sorry = f"{words.SORRY_NO_ANSWER} " if late else ""
        return f"{sorry}Bộ phận Một cửa phải trả lời trước {vietnam_time(dossier.answer_due_at)}."
    if dossier.status is Status.RESOLVED:
        return words.FETCH_RESULT[dossier.return_by]
    return words.ADVICE[dossier.status]


def _late(dossier: Dossier, now: datetime) -> dict[str, Any] | None:
    """Late, or put off: an apology, the reason, the old and the new date (NĐ 61/2018 Art 19.9); None when in time."""
    put_off = _put_off(dossier)
    overdue = _overdue(dossier, now)
    if put_off is None and not overdue and dossier.timeliness is not Timeliness.LATE:
        return None
    sorry = words.SORRY_OVERDUE if overdue else words.SORRY_NEW_DATE if put_off else words.SORRY_LATE
    old, entry = put_off or (dossier.due_at, None)
    return {
        "apology": sorry,
        "overdue": overdue,
        "reason_text": reason_words("extended", entry.reason or "") if entry else None,
        "old_due_at": old,
        "old_due_text": _text(old),
        "new_due_at": entry.due_at if entry else None,
        "new_due_text": _text(entry.due_at) if entry else None,
    }


def _put_off(dossier: Dossier) -> tuple[datetime | None, TimelineEntry] | None:
    """The date before the one that was put off, and the entry that says so; None where the present date is no such."""
    dated = sorted(
        (entry for entry in dossier.timeline if entry.due_at is not None and entry.kind in PROMISES),
        key=lambda entry: entry.at,
    )
    if not dated or dated[-1].kind != "extended":
        return None
    return dated[-2].due_at if len(dated) > 1 else dossier.first_due_at, dated[-1]


def _overdue(dossier: Dossier, now: datetime) -> bool:
    runs = dossier.status in (Status.RECEIVED, Status.IN_PROCESS) and not dossier.on_the_spot
    return runs and dossier.due_at is not None and dossier.due_at < now and not _new_date_comes(dossier)


def _clock_text(dossier: Dossier) -> str | None:
    if not dossier.accepted:
        return None
    return words.NEW_DATE_COMES if _new_date_comes(dossier) else words.CLOCK_STOPPED.get(dossier.status)


def _new_date_comes(dossier: Dossier) -> bool:
    """The duty is done and routing has not said yet until when the result is due now: the old date means nothing."""
    told = [entry.kind for entry in dossier.timeline if entry.kind in ("payment-requested", "paid", "resumed")]
    return dossier.status is Status.IN_PROCESS and told[-1:] == ["paid"]


def _request(request: SupplementRequest) -> dict[str, Any]:
    """What is asked, and why (NĐ 61/2018 Art 17.1.a)."""
    kind = "completion-requested" if request.by == DESK else "supplement-requested"
    return {
        "at": request.at,
        "at_text": vietnam_time(request.at),
        "by_text": "Bộ phận Một cửa" if request.by == DESK else "Cơ quan giải quyết",
        "items": [
            {"paper": item.paper, "name": item.name, "reason_text": reason_words(kind, item.reason)}
            for item in request.items
        ],
        "legal_basis": request.legal_basis,
        "answered_at": request.answered_at,
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "asked_at": payment.asked_at,
        "amount_vnd": payment.amount_vnd,
        "amount_text": f"{payment.amount_vnd:,} đồng".replace(",", "."),
        "legal_basis": payment.legal_basis,
        "paid_at": payment.paid_at,
        "paid_text": _text(payment.paid_at),
    }


def _ground(code: str) -> dict[str, Any]:
    ground = REFUSAL_GROUNDS.get(code)
    return {"text": reason_words("refused", code), "basis": ground.basis if ground else None}
