"""The codes behind `reason` and `ground`: what each says to a citizen, and what law stands behind it.

Part of the language between services: intake prints them on slips, notify texts them, agencies send them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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

STOP_REASONS: Mapping[str, str] = {
    "legal-dispute": "Đang có tranh chấp",
    "opinion-asked": "Chờ ý kiến của cơ quan khác",
    "under-verification": "Chờ kết quả xác minh",
    "court-decision": "Chờ quyết định của tòa án hoặc cơ quan có thẩm quyền",
}
"""Lý do tạm dừng (a stop whose time the law leaves out of the limit)."""

DELAY_REASONS: Mapping[str, str] = {
    "more-time-needed": "Cần thêm thời gian giải quyết",
    "field-check": "Cần kiểm tra thực địa",
    "waiting-for-survey": "Chờ kết quả đo đạc, khảo sát",
    "opinion-pending": "Chờ ý kiến của cơ quan phối hợp",
    "overload": "Số lượng hồ sơ lớn",
}
"""Lý do hẹn lại (form 04)."""

HAND_BACK_REASONS: Mapping[str, str] = {
    "not-ours": "Không thuộc thẩm quyền của cơ quan này",
    "wrong-transfer": "Chuyển nhầm cơ quan",
    "paper-file-missing": "Chưa nhận được hồ sơ giấy",
    "papers-mismatch": "Hồ sơ giấy không khớp với hồ sơ điện tử",
    "step-incomplete": "Bước trước chưa làm đủ",
    "wrong-information": "Thông tin trong hồ sơ chưa đúng",
}
"""Lý do trả lại: a transfer that is declined, or a step that goes back to the one before."""
