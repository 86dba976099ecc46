"""Coded reasons in the citizen's words. A code that is not here is taken too; the notice then says the general word."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.reasons import DELAY_REASONS, REFUSAL_GROUNDS, STOP_REASONS, SUPPLEMENT_REASONS
from contracts.types import NoticeKind
from services.notify.domain.notice import Notice

REASONS: Mapping[str, str] = {
    **SUPPLEMENT_REASONS,
    **DELAY_REASONS,
    **STOP_REASONS,
    **{code: ground.words for code, ground in REFUSAL_GROUNDS.items()},
}
NO_REASON: Mapping[NoticeKind, str] = {
    NoticeKind.SUPPLEMENT: "Hồ sơ chưa đầy đủ",
    NoticeKind.HALTED: "Theo quyết định của cơ quan giải quyết",
    NoticeKind.EXTENDED: "Cần thêm thời gian giải quyết",
    NoticeKind.REFUSED: "Không đủ điều kiện tiếp nhận",
}


def reason_of(notice: Notice) -> str:
    """The papers wanted, the reasons in words, or the general word of the kind."""
    words = notice.items or tuple(REASONS[code] for code in notice.reasons if code in REASONS)
    return "; ".join(words) or NO_REASON.get(notice.kind, "")
