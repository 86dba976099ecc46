"""Why a field was refused, in words for a person. The rule's own name stays beside them, for programs."""

from __future__ import annotations

from typing import Any, Final

_EXACT: Final = {
    "missing": "Thiếu trường này.",
    "extra_forbidden": "Không có trường này.",
    "string_pattern_mismatch": "Không đúng dạng quy định.",
    "string_unicode": "Văn bản có ký tự không hợp lệ.",
    "enum": "Không có lựa chọn này.",
    "literal_error": "Không có lựa chọn này.",
    "timezone_aware": "Thời điểm phải kèm múi giờ.",
    "string_too_short": "Không được để trống hoặc quá ngắn.",
    "string_too_long": "Quá dài.",
    "too_short": "Cần nhiều mục hơn.",
    "too_long": "Quá nhiều mục.",
    "greater_than": "Số quá nhỏ.",
    "greater_than_equal": "Số quá nhỏ.",
    "less_than": "Số quá lớn.",
    "less_than_equal": "Số quá lớn.",
    "finite_number": "Phải là một số hữu hạn.",
    "value_error": "Giá trị không hợp lệ.",
    "json_invalid": "Không phải là JSON hợp lệ.",
}
_BY_BEGINNING: Final = (
    ("datetime", "Không phải là thời điểm có thật (ví dụ đúng: 2026-11-22T08:00:00+07:00)."),
    ("date", "Không phải là ngày có thật (ví dụ đúng: 2026-11-22)."),
    ("time", "Không phải là giờ có thật."),
    ("int", "Phải là số nguyên."),
    ("float", "Phải là số."),
    ("decimal", "Phải là số."),
    ("bool", "Phải là có hoặc không (true, false)."),
    ("string", "Phải là văn bản."),
    ("list", "Phải là danh sách."),
    ("tuple", "Phải là danh sách."),
    ("dict", "Phải là một đối tượng có các trường."),
    ("model", "Phải là một đối tượng có các trường."),
)


def rule_words(item: Any) -> str:
    """The sentence for one error of pydantic's; the project's own rules bring theirs, and no value is ever echoed."""
    rule: str = item["type"]
    if "-" in rule:  # a slug of ours
        return str(item["msg"])
    if rule in _EXACT:
        return _EXACT[rule]
    return next((words for begin, words in _BY_BEGINNING if rule.startswith(begin)), "Không đúng quy định.")
