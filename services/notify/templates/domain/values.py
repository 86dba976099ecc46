"""The values that a template may name, and in which cases there is something else to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.types import NoticeKind
from services.notify.domain.notice import Notice
from services.notify.domain.reasons import reason_of
from services.notify.templates.domain.content import BASE
from services.notify.templates.domain.zalo_types import LINK, MOMENT, MONEY, OTP

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
PREFIX = "prefix"
"""`{prefix}`: what every text begins with (`SMS_PREFIX`), where the registered brandname templates have it."""
_K = NoticeKind
_ALL = frozenset(NoticeKind)


@dataclass(frozen=True)
class Particulars:
    """What a notice's words need and the notice does not hold in clear."""

    procedure_name: str
    counter: str
    code: str = field(default="", repr=False)
    """One-time code, opened for this call."""
    rating_link: str = field(default="", repr=False)


@dataclass(frozen=True)
class Value:
    """One thing that can be said."""

    words: str
    """What it is, for people."""
    sample: str
    longest: int
    """Characters of it in a text message."""
    kinds: frozenset[NoticeKind] = _ALL
    whole: bool = True
    """Half of it would mislead: never cut."""
    least: int = 1
    """A Zalo parameter must have room for so many characters."""
    zalo_types: frozenset[int] = frozenset()
    """Types of parameters that take it; empty: every one without a form of its own."""


def _moment_of(words: str, sample: str, *kinds: NoticeKind) -> Value:
    return Value(words, sample, 16, frozenset(kinds), least=16, zalo_types=frozenset({MOMENT}))


_REASONED = frozenset({_K.SUPPLEMENT, _K.REFUSED, _K.HALTED, _K.EXTENDED})
_PAID, _RATED, _SECRET = frozenset({_K.PAYMENT}), frozenset({_K.RETURNED}), frozenset({_K.ONE_TIME_CODE})
VALUES: Mapping[str, Value] = {
    "dossier_code": Value("mã hồ sơ", "H99.01-260302-0007", 48, least=20),
    "procedure_name": Value("tên thủ tục", "Cấp giấy phép xây dựng nhà ở riêng lẻ", 90, whole=False),
    "office_name": Value("nơi tiếp nhận", "Bộ phận Một cửa H99.01", 51, whole=False),
    "reason": Value(
        "giấy tờ cần bổ sung hoặc lý do", "Thiếu bản sao giấy tờ", 90, _REASONED, whole=False, least=30
    ),
    "amount": Value("số tiền bằng chữ số, kèm “đồng”", "1.234.500 đồng", 24, _PAID, least=22),
    "amount_vnd": Value("số tiền, chỉ chữ số", "1234500", 13, _PAID, least=12, zalo_types=frozenset({5, 10, MONEY})),
    "due_date": _moment_of(
        "thời hạn", "16:00 07/03/2026",
        _K.FILED, _K.RECEIVED, _K.DUE_CHANGED, _K.EXTENDED, _K.DUE_SOON, _K.OVERDUE,
    ),
    "returned_at": _moment_of("lúc trả kết quả", "09:15 06/03/2026", _K.RETURNED),
    "stopped_at": _moment_of("lúc dừng giải quyết", "09:15 06/03/2026", _K.TERMINATED, _K.WITHDRAWN),
    "rating_link": Value(
        "đường dẫn đánh giá", "https://mot-cua.example/danh-gia/Zk3vQ9rT2mXw", 200, _RATED, least=100,
        zalo_types=frozenset({LINK}),
    ),
    "code": Value("mã một lần", "246810", 10, _SECRET, least=6, zalo_types=frozenset({OTP})),
    "expires_at": _moment_of("lúc mã hết hạn", "09:20 06/03/2026", _K.ONE_TIME_CODE),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """When something else may be said than in the base."""

    words: str
    has: frozenset[str] = frozenset()
    """Values that are there in this case, and not always otherwise."""
    lacks: frozenset[str] = frozenset()
    """Values that are not there in this case, and always otherwise."""


CASES: Mapping[NoticeKind, Mapping[str, Case]] = {
    _K.ONE_TIME_CODE: {"hand_over": Case("mã nhận kết quả"), "tracking": Case("mã tra cứu")},
    _K.RETURNED: {"rated": Case("kèm lời mời đánh giá", has=frozenset({"rating_link"}))},
    _K.OVERDUE: {"undated": Case("không có thời hạn để nêu", lacks=frozenset({"due_date"}))},
}
REQUIRED: Mapping[NoticeKind, frozenset[str]] = {kind: frozenset({"dossier_code"}) for kind in NoticeKind} | {
    _K.FILED: frozenset({"dossier_code", "due_date"}),
    _K.RECEIVED: frozenset({"dossier_code", "due_date"}),
    _K.SUPPLEMENT: frozenset({"dossier_code", "reason"}),  # NĐ 61/2018 Điều 17 khoản 1
    _K.REFUSED: frozenset({"dossier_code", "reason"}),  # NĐ 61/2018 Điều 17 khoản 1
    _K.PAYMENT: frozenset({"dossier_code", "amount"}),
    _K.DUE_CHANGED: frozenset({"dossier_code", "due_date"}),
    _K.EXTENDED: frozenset({"dossier_code", "reason", "due_date"}),  # NĐ 61/2018 Điều 19 khoản 9
    _K.DUE_SOON: frozenset({"dossier_code", "due_date"}),
    _K.ONE_TIME_CODE: frozenset({"dossier_code", "code"}),
}
"""What a message of the kind must say on every channel."""
STANDS_FOR: Mapping[str, str] = {"amount_vnd": "amount"}


def available(kind: NoticeKind, case: str = BASE) -> frozenset[str]:
    """Values that the kind may have."""
    names = frozenset(name for name, value in VALUES.items() if kind in value.kinds)
    return names - _case(kind, case).lacks


def certain(kind: NoticeKind, case: str = BASE, cases: Iterable[str] = ()) -> frozenset[str]:
    """Values that are always there.

    Args:
        cases: those that the template tells apart: what one of them lacks, the base may count on.
    """
    own = CASES.get(kind, {})
    if case:
        return available(kind, case) - _sometimes(own) | (_case(kind, case).has & available(kind))
    elsewhere = {name for one in cases if one in own for name in own[one].lacks}
    return available(kind) - (_sometimes(own) - elsewhere)


def required(kind: NoticeKind, case: str = BASE) -> frozenset[str]:
    """What must be said."""
    found = _case(kind, case)
    return (REQUIRED[kind] | found.has) - found.lacks


def _case(kind: NoticeKind, case: str) -> Case:
    return CASES.get(kind, {}).get(case, Case(""))


def _sometimes(cases: Mapping[str, Case]) -> frozenset[str]:
    return frozenset(name for case in cases.values() for name in case.has | case.lacks)


def case_of(notice: Notice, about: Particulars) -> str:
    """Which case a notice is."""
    if notice.kind is NoticeKind.ONE_TIME_CODE and notice.purpose is not None:
        return notice.purpose.value
    if notice.kind is NoticeKind.RETURNED and about.rating_link:
        return "rated"
    if notice.kind is NoticeKind.OVERDUE and notice.due_at is None:
        return "undated"
    return BASE


def values_of(notice: Notice, about: Particulars, office: str = "") -> dict[str, str]:
    """The values of a notice; empty where there is nothing to say.

    Args:
        office: name of its counter; without one the code stands for it.
    """
    happened = _moment(notice.happened_at)
    values = {
        "dossier_code": notice.code,
        "procedure_name": about.procedure_name,
        "office_name": office or f"Bộ phận Một cửa {about.counter}",
        "reason": reason_of(notice),
        "amount": f"{notice.amount_vnd:,} đồng".replace(",", ".") if notice.amount_vnd is not None else "",
        "amount_vnd": str(notice.amount_vnd) if notice.amount_vnd is not None else "",
        "due_date": _moment(notice.due_at) if notice.due_at is not None else "",
        "returned_at": happened,
        "stopped_at": happened,
        "rating_link": about.rating_link,
        "code": about.code,
        "expires_at": _moment(notice.expires_at),
    }
    return {name: values[name] for name in available(notice.kind)}


def samples(kind: NoticeKind, case: str = BASE) -> dict[str, str]:
    """Values to look at a template with."""
    there = certain(kind, case, CASES.get(kind, {}))
    return {name: VALUES[name].sample if name in there else "" for name in available(kind)}


def _moment(value: datetime) -> str:
    """`hh:mm dd/mm/yyyy` in Viet Nam, a form that Zalo's date parameters take."""
    return value.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
