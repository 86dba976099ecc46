"""Words for codes, as slips print them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from contracts.reasons import DELAY_REASONS, REFUSAL_GROUNDS, SUPPLEMENT_REASONS
from contracts.types import HandOverMethod, HandOverProof, PaperState
from services.kit.clock import VIETNAM

HANDED_IN: Mapping[PaperState, str] = {
    PaperState.ORIGINAL: "bản chính",
    PaperState.COPY: "bản sao",
    PaperState.DIGITAL: "bản điện tử",
    PaperState.REPLACED: "khai thác từ cơ sở dữ liệu",
}
"""States of papers that the receipt lists; a paper that lacks, or that the case does not need, was not handed in."""
RETURN_METHODS: Mapping[HandOverMethod, str] = {
    HandOverMethod.COUNTER: "trực tiếp",
    HandOverMethod.POST: "bưu chính",
    HandOverMethod.ONLINE: "trực tuyến",
}
PROOFS: Mapping[HandOverProof, str] = {
    HandOverProof.SIGNATURE: "đã ký nhận",
    HandOverProof.ONE_TIME_CODE: "xác nhận bằng mã một lần",
    HandOverProof.POSTAL_RECEIPT: "biên nhận bưu chính",
}


def supplement_reason(code: str) -> str:
    return SUPPLEMENT_REASONS.get(code) or _coded("Hồ sơ chưa đầy đủ", code)


def extension_reason(code: str | None) -> str:
    return DELAY_REASONS.get(code or "") or _coded("Cần thêm thời gian giải quyết", code)


def stop_reason(kind: str, code: str | None) -> str:
    """Why processing stopped for good. A code of an agency's own stands beside the general word."""
    general = "Theo yêu cầu rút hồ sơ của người nộp" if kind == "withdrawn" else "Cơ quan giải quyết quyết định dừng"
    ground = REFUSAL_GROUNDS.get(code or "")
    return _coded(general, code) if ground is None else f"{general}: {ground.words} ({ground.basis})"


def moment(at: datetime) -> str:
    """`09 giờ 00 phút, ngày 23 tháng 11 năm 2026`."""
    return f"{at.astimezone(VIETNAM):%H giờ %M phút}, {day(at.astimezone(VIETNAM).date())}"


def day(value: date) -> str:
    """`ngày 23 tháng 11 năm 2026`."""
    return f"ngày {value.day:02d} tháng {value.month:02d} năm {value.year}"


def short_moment(at: datetime) -> str:
    """For tables: `09:00 23/11/2026`."""
    return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def _coded(general: str, code: str | None) -> str:
    return f"{general} (mã lý do: {code})" if code else general
