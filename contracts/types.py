"""Value types shared by every contract: codes, moments, closed vocabularies."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, StringConstraints

DOSSIER_CODE_PATTERN = r"^[0-9A-Z]{2,3}(\.[0-9A-Z]{2,3})*-[0-9]{6}-[0-9]{4,8}$"
"""Mã hồ sơ (TT 01/2018/TT-VPCP Art 19, order of QĐ 20/2020/QĐ-TTg): unit code - yymmdd - running number of the day."""

UNIT_CODE_PATTERN = r"^[0-9A-Z]{2,3}(\.[0-9A-Z]{2,3})*$"
"""Mã định danh điện tử of an agency or counter (QĐ 20/2020/QĐ-TTg): dot groups, larger unit first."""

PROCEDURE_CODE_PATTERN = r"^([0-9]\.[0-9]{6}|X\.[0-9A-F]{8})(\.[0-9A-Z]{2,3})*$"
"""Mã TTHC `d.dddddd` with an optional local suffix (`1.014466.H12`); `X.` + 8 hex digits of the name's
digest marks a procedure that its source published without a national code."""

DossierCode = Annotated[str, StringConstraints(pattern=DOSSIER_CODE_PATTERN, max_length=48)]
UnitCode = Annotated[str, StringConstraints(pattern=UNIT_CODE_PATTERN, max_length=35)]
ProcedureCode = Annotated[str, StringConstraints(pattern=PROCEDURE_CODE_PATTERN, max_length=32)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
"""A number from 1: step, version, attempt."""
Money = Annotated[int, Field(ge=0, le=1_000_000_000_000)]
"""Whole đồng; the limit keeps it inside the 64 bits that MongoDB stores."""


def _composed(value: Any) -> Any:
    """Decomposed Vietnamese letters look the same but compare and count differently."""
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


ShortText = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), BeforeValidator(_composed)
]
"""Text in NFC."""
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]


def _utc_milliseconds(value: datetime) -> datetime:
    """MongoDB keeps milliseconds; cutting here makes a moment compare equal before and after storage."""
    try:
        value = value.astimezone(UTC)
    except OverflowError:  # no ValueError: it would pass by ValidationError and stop the consumer
        raise ValueError("moment is out of range") from None
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _iso(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_utc_milliseconds),
    PlainSerializer(_iso, return_type=str, when_used="json"),
]
"""A point in time, UTC, milliseconds. Rules about working time are Asia/Ho_Chi_Minh and live in the kit."""

Sealed = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+={0,2}$", min_length=64, max_length=8192)]
"""URL-safe base64 of a libsodium sealed box: only the holder of the recipient's private key can open it."""


class LimitUnit(StrEnum):
    """Đơn vị thời hạn giải quyết."""

    WORKING_DAYS = "working_days"
    """Ngày làm việc."""
    CALENDAR_DAYS = "calendar_days"
    """Ngày."""
    WORKING_HOURS = "working_hours"
    """Giờ làm việc."""
    MONTHS = "months"
    """Tháng."""
    SAME_DAY = "same_day"
    """Trong ngày; received after 15:00: the next working morning."""


class Mechanism(StrEnum):
    """Cơ chế giải quyết (NĐ 118/2025/NĐ-CP)."""

    ONE_STOP = "one_stop"
    """Một cửa: one agency acts."""
    INTERLINKED = "interlinked"
    """Một cửa liên thông: several agencies act in turn, one code and one due date for the citizen."""


class Channel(StrEnum):
    """Kênh thực hiện: how the dossier came in (national portal: 1, 2, 3)."""

    COUNTER = "counter"
    """Trực tiếp tại Bộ phận Một cửa."""
    ONLINE = "online"
    """Trực tuyến."""
    POST = "post"
    """Bưu chính công ích."""


class Outcome(StrEnum):
    """Kết quả giải quyết."""

    GRANTED = "granted"
    """Đồng ý, có kết quả."""
    DENIED = "denied"
    """Không đủ điều kiện giải quyết (a result too: NĐ 61/2018 Art 19.8)."""
    TERMINATED = "terminated"
    """Đình chỉ, dừng giải quyết by decision; counted apart from results (TT 03/2025 form 05)."""


class Timeliness(StrEnum):
    """End of processing against the promised return date, compared by date in Viet Nam."""

    EARLY = "early"
    """Trước hạn."""
    ON_TIME = "on_time"
    """Đúng hạn."""
    LATE = "late"
    """Quá hạn."""


class DueCause(StrEnum):
    """Why the promised return date is what it is."""

    RECEIVED = "received"
    """The first promise (thời gian hẹn trả), printed on the receipt."""
    CLOCK_STARTED = "clock-started"
    """The competent agency received it, elsewhere than where it was handed in (phi địa giới, NĐ 309/2026 Art 17.3)."""
    SUPPLEMENTED = "supplemented"
    """Complete at last: counted from zero (NĐ 61/2018 Art 19.4)."""
    RESUMED = "resumed"
    """A stop whose time the law leaves out is over (nghĩa vụ tài chính, lấy ý kiến)."""
    EXTENDED = "extended"
    """Apology and new date (hẹn lại, NĐ 61/2018 Art 19.9)."""
    CALENDAR_CHANGED = "calendar-changed"
    """Holidays or closures were announced, and an audited job counted anew."""


class StopKind(StrEnum):
    """Why the clock of a dossier stands still."""

    SUPPLEMENT = "supplement"
    """Papers are missing; begins anew from zero when they come."""
    PAYMENT = "payment"
    """Nghĩa vụ tài chính; goes on after it."""
    CONSULTATION = "consultation"
    """Lấy ý kiến, xác minh whose time sector law leaves out; goes on after it."""
    DECISION = "decision"
    """Tạm dừng by decision; goes on when it is lifted."""


class PaperState(StrEnum):
    """How a required paper stands on the checklist (thành phần hồ sơ nộp)."""

    ORIGINAL = "original"
    """Bản chính."""
    COPY = "copy"
    """Bản sao."""
    DIGITAL = "digital"
    """Bản điện tử."""
    REPLACED = "replaced"
    """Not asked for, because its data is in a usable database (NQ 66.7/2025/NQ-CP Art 2.1)."""
    NOT_APPLICABLE = "not_applicable"
    """The published case that needs it is not this one; the reason says why."""
    MISSING = "missing"
    """Thiếu."""


class HandOverMethod(StrEnum):
    """Hình thức trả kết quả."""

    COUNTER = "counter"
    POST = "post"
    ONLINE = "online"


class HandOverProof(StrEnum):
    """What proves the hand-over: ký nhận, mã một lần, biên nhận bưu chính."""

    SIGNATURE = "signature"
    ONE_TIME_CODE = "one_time_code"
    POSTAL_RECEIPT = "postal_receipt"


class IdentityCheck(StrEnum):
    """How the receiver's identity was checked (NĐ 118/2025 Art 6; at kiosks NĐ 309/2026 Art 17.2a)."""

    CITIZEN_CARD = "citizen_card"
    """Căn cước / CCCD."""
    VNEID = "vneid"
    """Ứng dụng VNeID."""
    PASSPORT = "passport"
    RECEIPT = "receipt"
    """Giấy tiếp nhận hồ sơ và hẹn trả kết quả."""
    LETTER_OF_INTRODUCTION = "letter_of_introduction"
    """Giấy giới thiệu (organisations)."""
    POSTAL_SERVICE = "postal_service"
    """The postal service checks at the door."""
    ONLINE_ACCOUNT = "online_account"


class CodePurpose(StrEnum):
    """What a one-time code is for."""

    HAND_OVER = "hand_over"
    TRACKING = "tracking"


class ReceivedBy(StrEnum):
    """Who took the result (người nhận kết quả), as a role, never a name."""

    OWNER = "owner"
    REPRESENTATIVE = "representative"
    POSTAL_SERVICE = "postal_service"


class NoticeChannel(StrEnum):
    """Kênh thông báo."""

    ZALO = "zalo"
    SMS = "sms"
    CALL_LIST = "call_list"
    """Danh sách gọi điện: no message can reach the phone, the counter calls."""


class NoticeKind(StrEnum):
    """What a notice tells (loại thông báo)."""

    FILED = "filed"
    """Online filing arrived, waits for a clerk."""
    RECEIVED = "received"
    SUPPLEMENT = "supplement"
    REFUSED = "refused"
    PAYMENT = "payment"
    """Nghĩa vụ tài chính is to be done."""
    HALTED = "halted"
    """The clock stands still for a consultation or by decision."""
    DUE_CHANGED = "due_changed"
    """A new return date without fault: counted anew, or going on after a stop."""
    EXTENDED = "extended"
    RESOLVED = "resolved"
    TERMINATED = "terminated"
    """Dừng giải quyết by decision (TT 03/2025 form 05)."""
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    ONE_TIME_CODE = "one_time_code"
    DUE_SOON = "due_soon"
    """To officers: a step or a dossier is due soon (sắp đến hạn)."""
    OVERDUE = "overdue"
    """To officers: a step or a dossier is overdue, or a hand-over waits unanswered (quá hạn)."""


class NoticeEnd(StrEnum):
    """How a notice ended when it was not delivered."""

    UNDELIVERABLE = "undeliverable"
    """The phone cannot be reached on any channel: it is on the counter's call list."""
    FAILED = "failed"
    """Our fault or the gateway's (template, account, payload): an operator must act."""
    EXPIRED = "expired"
    """Not handed over before it stopped being of use."""
    CANCELLED = "cancelled"
    """No longer true (for example the result was already collected)."""
