"""Coded reasons in the citizen's words.

A code that is not here is taken too: then the general word of its kind is said, never the code itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.reasons import DELAY_REASONS, REFUSAL_GROUNDS, STOP_REASONS, SUPPLEMENT_REASONS

WITHDRAWAL_REASONS: Mapping[str, str] = {
    "citizen-request": "Theo yêu cầu của ông/bà",
    "no-longer-needed": "Ông/bà không còn nhu cầu",
    "wrong-procedure": "Ông/bà nộp nhầm thủ tục",
    "will-file-again": "Ông/bà sẽ nộp lại",
}
"""What a citizen chooses from who takes a dossier back."""
_REASONS: Mapping[str, str] = {
    **SUPPLEMENT_REASONS,
    **WITHDRAWAL_REASONS,
    **{code: ground.words for code, ground in REFUSAL_GROUNDS.items()},
    **DELAY_REASONS,
    **STOP_REASONS,
    # Why an agency gives a dossier back.
    "wrong-authority": "Không thuộc thẩm quyền của cơ quan này",
    "completed-by-mistake": "Cơ quan sửa nhầm lẫn của mình",
    # Why a promise was counted anew (`DueCause`).
    "clock-started": "Cơ quan có thẩm quyền đã nhận hồ sơ",
    "calendar-changed": "Lịch làm việc đã thay đổi",
}
_GENERAL: Mapping[str, str] = {
    "completion-requested": "Hồ sơ chưa đầy đủ",
    "supplement-requested": "Hồ sơ chưa đầy đủ",
    "extended": "Cần thêm thời gian giải quyết",
    "refused": "Không đủ điều kiện tiếp nhận",
    "transfer-declined": "Không thuộc nhiệm vụ của cơ quan này",
    "halted": "Theo quyết định của cơ quan giải quyết",
    "terminated": "Theo quyết định của cơ quan giải quyết",
    "sent-back": "Cần xử lý lại ở bước trước",
    "withdrawn": "Theo yêu cầu của ông/bà",
}


def reason_words(kind: str, code: str) -> str:
    """The reason that came with an event, given its short name (`extended`)."""
    return _REASONS.get(code) or _GENERAL.get(kind, "Theo quy định")
