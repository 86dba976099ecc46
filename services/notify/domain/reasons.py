"""Coded reasons in the citizen's words. A code that is not here is taken too; the notice then says the general word."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.types import NoticeKind
from services.notify.domain.notice import Notice

REASONS: Mapping[str, str] = {
    # What an agency or the desk misses in a dossier.
    "missing-papers": "Thiếu giấy tờ trong thành phần hồ sơ",
    "wrong-information": "Thông tin trong hồ sơ chưa đúng",
    "paper-unreadable": "Giấy tờ không đọc được",
    "paper-expired": "Giấy tờ hết hiệu lực",
    "not-certified": "Bản sao chưa được chứng thực",
    "signature-missing": "Thiếu chữ ký",
    # Why a date is put off.
    "more-time-needed": "Cần thêm thời gian giải quyết",
    "field-check": "Cần kiểm tra thực địa",
    "opinion-pending": "Chờ ý kiến của cơ quan phối hợp",
    "overload": "Số lượng hồ sơ lớn",
    # Grounds of a refusal; the law behind each is intake's to know.
    "not-competent-agency": "Không thuộc thẩm quyền giải quyết",
    "not-eligible": "Không đủ điều kiện theo quy định",
    "forged-papers": "Giấy tờ có dấu hiệu giả mạo",
    "papers-not-completed": "Không bổ sung đủ giấy tờ trong thời hạn",
    "applicant-not-entitled": "Người nộp không có quyền hoặc không được ủy quyền",
    "already-resolved": "Việc này đã được giải quyết",
    "procedure-suspended": "Thủ tục đang tạm dừng thực hiện",
}
NO_REASON: Mapping[NoticeKind, str] = {
    NoticeKind.SUPPLEMENT: "Hồ sơ chưa đầy đủ",
    NoticeKind.EXTENDED: "Cần thêm thời gian giải quyết",
    NoticeKind.REFUSED: "Không đủ điều kiện tiếp nhận",
}


def reason_of(notice: Notice) -> str:
    """The papers wanted, the reasons in words, or the general word of the kind."""
    words = notice.items or tuple(REASONS[code] for code in notice.reasons if code in REASONS)
    return "; ".join(words) or NO_REASON.get(notice.kind, "")
