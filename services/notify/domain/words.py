"""What a notice says: the values of a Zalo template, and the text of an SMS.

Zalo counts characters as sent, so everything is composed (NFC) and cut with `…` (Zalo ZBS: template parameters). SMS
texts are unaccented: one GSM-7 part of 160 where possible, and only registered brandname templates pass (eSMS:
customer-care SMS).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.types import CodePurpose, NoticeKind
from services.notify.domain.notice import Notice
from services.notify.domain.reasons import reason_of

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SMS_PART = 160
_SHORTEST_FIELD = 12
"""A cut field keeps at least this much: one more SMS part costs less than a name nobody recognises."""
_GSM_DOUBLE = frozenset("^{}\\[~]|€")
"""Characters of the GSM-7 extension table: two septets each."""

TEMPLATE_FIELDS: Mapping[NoticeKind, tuple[str, ...]] = {
    NoticeKind.FILED: ("dossier_code", "procedure_name", "due_date", "office_name"),
    NoticeKind.RECEIVED: ("dossier_code", "procedure_name", "due_date", "office_name"),
    NoticeKind.SUPPLEMENT: ("dossier_code", "procedure_name", "reason", "office_name"),
    NoticeKind.REFUSED: ("dossier_code", "procedure_name", "reason", "office_name"),
    NoticeKind.PAYMENT: ("dossier_code", "procedure_name", "amount", "office_name"),
    NoticeKind.HALTED: ("dossier_code", "procedure_name", "reason", "office_name"),
    NoticeKind.DUE_CHANGED: ("dossier_code", "procedure_name", "due_date", "office_name"),
    NoticeKind.EXTENDED: ("dossier_code", "procedure_name", "reason", "due_date"),
    NoticeKind.RESOLVED: ("dossier_code", "procedure_name", "office_name"),
    NoticeKind.TERMINATED: ("dossier_code", "procedure_name", "stopped_at", "office_name"),
    NoticeKind.RETURNED: ("dossier_code", "procedure_name", "returned_at", "rating_link"),
    NoticeKind.WITHDRAWN: ("dossier_code", "procedure_name", "stopped_at", "office_name"),
}
"""One-time codes have none: they never go by Zalo."""
MAX_LENGTHS: Mapping[str, int] = {
    "dossier_code": 30,
    "procedure_name": 90,
    "due_date": 20,
    "office_name": 90,
    "reason": 90,
    "amount": 30,
    "returned_at": 20,
    "rating_link": 200,
    "stopped_at": 20,
}
_SMS_LENGTHS: Mapping[str, int] = {**MAX_LENGTHS, "dossier_code": 48}
"""A text carries the longest code whole."""
OPTIONAL = frozenset({"rating_link"})
"""Left out where there is nothing to say (`acceptNull` of the template)."""


@dataclass(frozen=True)
class Particulars:
    """What a notice's words need and the notice does not hold in clear."""

    procedure_name: str
    counter: str
    code: str = field(default="", repr=False)
    """One-time code, opened for this call."""
    rating_link: str = field(default="", repr=False)


@dataclass(frozen=True)
class _Sms:
    text: str
    flexible: str = ""
    """The field that is cut so that the text fits one part."""


_SMS_TEXTS: Mapping[NoticeKind, _Sms] = {
    NoticeKind.FILED: _Sms(
        "Ho so {dossier_code} da nop. Bo phan Mot cua tra loi truoc {due_date}. Thu tuc: {procedure_name}.",
        "procedure_name",
    ),
    NoticeKind.RECEIVED: _Sms(
        "Ho so {dossier_code} da duoc tiep nhan. Thu tuc: {procedure_name}. Hen tra: {due_date}.", "procedure_name"
    ),
    NoticeKind.SUPPLEMENT: _Sms("Ho so {dossier_code} can bo sung: {reason}. Lien he {office_name}.", "reason"),
    NoticeKind.REFUSED: _Sms(
        "Ho so {dossier_code} khong duoc tiep nhan. Ly do: {reason}. Lien he {office_name}.", "reason"
    ),
    NoticeKind.PAYMENT: _Sms(
        "Ho so {dossier_code} can nop {amount}; nop xong moi tinh tiep thoi han. Lien he {office_name}.", "office_name"
    ),
    NoticeKind.HALTED: _Sms("Ho so {dossier_code} tam dung xu ly. Ly do: {reason}. Lien he {office_name}.", "reason"),
    NoticeKind.DUE_CHANGED: _Sms(
        "Ho so {dossier_code} co ngay hen tra moi: {due_date}. Thu tuc: {procedure_name}.", "procedure_name"
    ),
    NoticeKind.EXTENDED: _Sms(
        "Ho so {dossier_code} chua xong dung hen, xin loi Ong/Ba. Ly do: {reason}. Hen lai: {due_date}.", "reason"
    ),
    NoticeKind.RESOLVED: _Sms("Ho so {dossier_code} da co ket qua. Moi nhan tai {office_name}.", "office_name"),
    NoticeKind.TERMINATED: _Sms(
        "Ho so {dossier_code} dung giai quyet tu {stopped_at} theo quyet dinh. Moi nhan thong bao tai {office_name}.",
        "office_name",
    ),
    NoticeKind.RETURNED: _Sms("Ho so {dossier_code} da duoc tra ket qua luc {returned_at}.", "returned_at"),
    NoticeKind.WITHDRAWN: _Sms(
        "Ho so {dossier_code} dung giai quyet tu {stopped_at} vi Ong/Ba da rut. Lien he {office_name}.", "office_name"
    ),
}
_RATED_TEXT = _Sms("Ho so {dossier_code} da duoc tra ket qua. Moi Ong/Ba danh gia tai {rating_link}")
_CODE_TEXTS: Mapping[CodePurpose, _Sms] = {
    CodePurpose.HAND_OVER: _Sms(
        "Ho so {dossier_code} co ma nhan ket qua {code}, het han luc {expires_at}. Chi doc ma cho can bo tra ket qua."
    ),
    CodePurpose.TRACKING: _Sms(
        "Ho so {dossier_code} co ma tra cuu {code}, het han luc {expires_at}. Cung de rut, nhan ket qua: khong dua ai."
    ),
}


def fields(notice: Notice, about: Particulars) -> dict[str, str]:
    """Values of the notice's Zalo template, each within its length; none for a kind that has no template."""
    values = _values(notice, about)
    return {
        name: cut(values[name], MAX_LENGTHS[name])
        for name in TEMPLATE_FIELDS.get(notice.kind, ())
        if values[name] or name not in OPTIONAL
    }


def sms_text(notice: Notice, about: Particulars, prefix: str) -> str:
    """The unaccented text; its flexible field is cut until it fits one part, where that leaves something to read."""
    values = _values(notice, about)
    plain = {name: unaccented(cut(value, _SMS_LENGTHS.get(name, SMS_PART))) for name, value in values.items()}
    form = _form(notice, about)
    text = prefix + form.text.format_map(plain)
    over = septets(text) - SMS_PART
    if over > 0 and form.flexible:
        long = plain[form.flexible]
        keep = max(_SHORTEST_FIELD, len(long) - over - len("..."))
        if keep < len(long) - len("..."):
            plain[form.flexible] = long[:keep].rstrip() + "..."
            text = prefix + form.text.format_map(plain)
    return text


def _values(notice: Notice, about: Particulars) -> dict[str, str]:
    happened = _moment(notice.happened_at)
    return {
        "dossier_code": notice.code,
        "procedure_name": about.procedure_name,
        "office_name": f"Bộ phận Một cửa {about.counter}",
        "reason": reason_of(notice),
        "amount": f"{notice.amount_vnd:,} đồng".replace(",", ".") if notice.amount_vnd is not None else "",
        "due_date": _moment(notice.due_at) if notice.due_at is not None else "",
        "returned_at": happened,
        "stopped_at": happened,
        "rating_link": about.rating_link,
        "code": about.code,
        "expires_at": _moment(notice.expires_at),
    }


def _form(notice: Notice, about: Particulars) -> _Sms:
    if notice.kind is NoticeKind.ONE_TIME_CODE:
        return _CODE_TEXTS[notice.purpose or CodePurpose.TRACKING]
    if notice.kind is NoticeKind.RETURNED and about.rating_link:
        return _RATED_TEXT
    return _SMS_TEXTS[notice.kind]


def cut(text: str, length: int) -> str:
    """Compose and shorten to at most `length` characters."""
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    return composed if len(composed) <= length else composed[: length - 1].rstrip() + "…"


_PLAIN = str.maketrans({"đ": "d", "Đ": "D", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "`": "'"})


def unaccented(text: str) -> str:
    """Pure ASCII: accents off, `đ` by hand because it does not decompose, what has no like becomes `?`."""
    decomposed = unicodedata.normalize("NFD", text.replace("…", "..."))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_PLAIN)
    return bare.encode("ascii", "replace").decode()


def septets(text: str) -> int:
    """Length in GSM-7; brackets and the like count twice."""
    return len(text) + sum(letter in _GSM_DOUBLE for letter in text)


def _moment(value: datetime) -> str:
    """`hh:mm dd/mm/yyyy` in Viet Nam, a form that Zalo's date parameters take."""
    return value.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
