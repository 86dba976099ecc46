"""What a notice says: the values of a Zalo template, and the text of an SMS.

Zalo counts characters as sent, so everything is composed (NFC) and cut with `…` (Zalo ZBS: template parameters). SMS
texts are unaccented: one GSM-7 part of 160 where possible, and only registered brandname templates pass (eSMS:
customer-care SMS).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.types import NoticeKind
from services.notify.domain.notice import Notice

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SMS_PART = 160
_SHORTEST_FIELD = 12
"""A cut field keeps at least this much: one more SMS part costs less than a name nobody recognises."""
_GSM_DOUBLE = frozenset("^{}\\[~]|€")
"""Characters of the GSM-7 extension table: two septets each."""

TEMPLATE_FIELDS: Mapping[NoticeKind, tuple[str, ...]] = {
    NoticeKind.RECEIVED: ("dossier_code", "procedure_name", "due_date", "office_name"),
    NoticeKind.SUPPLEMENT: ("dossier_code", "procedure_name", "reason", "office_name"),
    NoticeKind.EXTENDED: ("dossier_code", "procedure_name", "reason", "due_date"),
    NoticeKind.RESOLVED: ("dossier_code", "procedure_name", "office_name"),
    NoticeKind.RETURNED: ("dossier_code", "procedure_name", "returned_at"),
}
MAX_LENGTHS: Mapping[str, int] = {
    "dossier_code": 30,
    "procedure_name": 90,
    "due_date": 20,
    "office_name": 90,
    "reason": 90,
    "returned_at": 20,
}
REASONS: Mapping[str, str] = {
    "missing-papers": "Thiếu giấy tờ trong thành phần hồ sơ",
    "wrong-information": "Thông tin trong hồ sơ chưa đúng",
    "more-time-needed": "Cần thêm thời gian giải quyết",
    "field-check": "Cần kiểm tra thực địa",
    "opinion-pending": "Chờ ý kiến của cơ quan phối hợp",
    "overload": "Số lượng hồ sơ lớn",
}
NO_REASON: Mapping[NoticeKind, str] = {
    NoticeKind.SUPPLEMENT: "Hồ sơ chưa đầy đủ",
    NoticeKind.EXTENDED: "Cần thêm thời gian giải quyết",
}


@dataclass(frozen=True)
class _Sms:
    text: str
    flexible: str
    """The field that is cut so that the text fits one part."""


SMS_TEXTS: Mapping[NoticeKind, _Sms] = {
    NoticeKind.RECEIVED: _Sms(
        "Ho so {dossier_code} da duoc tiep nhan. Thu tuc: {procedure_name}. Hen tra: {due_date}.", "procedure_name"
    ),
    NoticeKind.SUPPLEMENT: _Sms("Ho so {dossier_code} can bo sung: {reason}. Lien he {office_name}.", "reason"),
    NoticeKind.EXTENDED: _Sms(
        "Ho so {dossier_code} chua xong dung hen, xin loi Ong/Ba. Ly do: {reason}. Hen lai: {due_date}.", "reason"
    ),
    NoticeKind.RESOLVED: _Sms("Ho so {dossier_code} da co ket qua. Moi nhan tai {office_name}.", "office_name"),
    NoticeKind.RETURNED: _Sms("Ho so {dossier_code} da duoc tra ket qua luc {returned_at}.", "returned_at"),
}


def fields(notice: Notice, procedure_name: str, counter: str) -> dict[str, str]:
    """Values of the notice's template, each within its length."""
    values = {
        "dossier_code": notice.code,
        "procedure_name": procedure_name,
        "office_name": f"Bộ phận Một cửa {counter}",
        "reason": _reason(notice),
        "due_date": _moment(notice.due_at) if notice.due_at is not None else "",
        "returned_at": _moment(notice.happened_at),
    }
    return {name: cut(values[name], MAX_LENGTHS[name]) for name in TEMPLATE_FIELDS[notice.kind]}


def sms_text(notice: Notice, procedure_name: str, counter: str, prefix: str) -> str:
    """The unaccented text; its flexible field is cut until it fits one part, where that leaves something to read."""
    plain = {name: unaccented(value) for name, value in fields(notice, procedure_name, counter).items()}
    plain["office_name"] = unaccented(f"Bộ phận Một cửa {counter}")
    form = SMS_TEXTS[notice.kind]
    text = prefix + form.text.format_map(plain)
    over = septets(text) - SMS_PART
    if over > 0:
        long = plain[form.flexible]
        keep = max(_SHORTEST_FIELD, len(long) - over - len("..."))
        if keep < len(long) - len("..."):
            plain[form.flexible] = long[:keep].rstrip() + "..."
            text = prefix + form.text.format_map(plain)
    return text


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


def _reason(notice: Notice) -> str:
    if notice.items:
        return "; ".join(notice.items)
    return REASONS.get(notice.why) or NO_REASON.get(notice.kind, "")


def _moment(value: datetime) -> str:
    """`hh:mm dd/mm/yyyy` in Viet Nam, a form that Zalo's date parameters take."""
    return value.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
