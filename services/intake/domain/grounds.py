"""Coded legal grounds and reasons: what a clerk chooses from, what a slip prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.problems import Invalid


@dataclass(frozen=True)
class Ground:
    """Why a filing is not accepted, and what law says so."""

    words: str
    basis: str


REFUSAL_GROUNDS: Mapping[str, Ground] = {
    "not-competent-agency": Ground(
        "Không thuộc thẩm quyền giải quyết", "NĐ 61/2018/NĐ-CP Điều 17 khoản 1 điểm b; NĐ 118/2025/NĐ-CP"
    ),
    "not-eligible": Ground("Không đủ điều kiện theo quy định", "NĐ 61/2018/NĐ-CP Điều 17 khoản 1 điểm b"),
    "forged-papers": Ground("Giấy tờ có dấu hiệu giả mạo", "NĐ 61/2018/NĐ-CP Điều 6"),
    "papers-not-completed": Ground(
        "Không bổ sung đủ giấy tờ trong thời hạn", "NĐ 61/2018/NĐ-CP Điều 17 khoản 1 điểm a, b"
    ),
    "applicant-not-entitled": Ground("Người nộp không có quyền hoặc không được ủy quyền", "NĐ 61/2018/NĐ-CP Điều 6"),
    "already-resolved": Ground("Việc này đã được giải quyết", "NĐ 61/2018/NĐ-CP Điều 17 khoản 1 điểm b"),
    "procedure-suspended": Ground(
        "Thủ tục đang tạm dừng thực hiện", "Quyết định công bố thủ tục hành chính đang có hiệu lực"
    ),
}
"""Căn cứ từ chối tiếp nhận (refusal slip, form 03)."""

SUPPLEMENT_REASONS: Mapping[str, str] = {
    "missing-papers": "Thiếu giấy tờ trong thành phần hồ sơ",
    "wrong-information": "Thông tin trong hồ sơ chưa đúng",
    "paper-unreadable": "Giấy tờ không đọc được",
    "paper-expired": "Giấy tờ hết hiệu lực",
    "not-certified": "Bản sao chưa được chứng thực",
    "signature-missing": "Thiếu chữ ký",
}
"""Lý do yêu cầu bổ sung, hoàn thiện (form 02)."""


def check_grounds(grounds: Iterable[str]) -> None:
    """Raises: Invalid `ground-unknown`: a refusal without a coded ground is no refusal (NĐ 61/2018 Art 17.1.b)."""
    for ground in grounds:
        if ground not in REFUSAL_GROUNDS:
            raise Invalid("ground-unknown", f"Không có căn cứ từ chối `{ground}`.", known=sorted(REFUSAL_GROUNDS))


def check_reasons(reasons: Iterable[str]) -> None:
    """Raises: Invalid `reason-unknown`."""
    for reason in reasons:
        if reason not in SUPPLEMENT_REASONS:
            raise Invalid("reason-unknown", f"Không có lý do bổ sung `{reason}`.", known=sorted(SUPPLEMENT_REASONS))
