"""What codes say to people."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.reasons import DELAY_REASONS, HAND_BACK_REASONS, REFUSAL_GROUNDS, STOP_REASONS, SUPPLEMENT_REASONS
from services.routing.domain.directory import unit_of
from services.routing.queries.history import Happening
from services.routing.queries.horizon import Left

STEP_STATES: Mapping[str, tuple[str, str]] = {
    "waiting": ("Chưa đến lượt", ""),
    "offered": ("Chờ nhận", "warn"),
    "accepted": ("Đang xử lý", ""),
    "unplaced": ("Chưa có nơi giải quyết", "bad"),
    "done": ("Đã xong", "good"),
    "recalled": ("Không cần nữa", ""),
    "cut-off": ("Không thực hiện", ""),
}
"""Words and kind of badge."""
CASE_STATES: Mapping[str, tuple[str, str]] = {
    "open": ("Đang giải quyết", ""),
    "supplement": ("Chờ công dân bổ sung", "warn"),
    "payment": ("Chờ nghĩa vụ tài chính", "warn"),
    "halted": ("Tạm dừng giải quyết", "warn"),
    "resolved": ("Đã giải quyết xong", "good"),
    "withdrawn": ("Người nộp đã rút", ""),
}
OUTCOMES: Mapping[str, str] = {
    "granted": "Đồng ý, có kết quả",
    "denied": "Từ chối giải quyết",
    "terminated": "Dừng giải quyết (đình chỉ)",
}
STOPS: Mapping[str, str] = {
    "supplement": "chờ công dân bổ sung giấy tờ",
    "payment": "chờ thực hiện nghĩa vụ tài chính",
    "consultation": "lấy ý kiến, xác minh",
    "decision": "theo quyết định tạm dừng",
}
CAUSES: Mapping[str, str] = {
    "received": "khi tiếp nhận",
    "clock-started": "khi cơ quan có thẩm quyền nhận hồ sơ",
    "supplemented": "sau khi bổ sung đủ, tính lại từ đầu",
    "resumed": "sau khi tạm dừng",
    "extended": "xin lỗi và hẹn lại",
    "calendar-changed": "do lịch làm việc thay đổi",
}
CHANNELS: Mapping[str, str] = {"counter": "Trực tiếp", "online": "Trực tuyến", "post": "Bưu chính công ích"}
MECHANISMS: Mapping[str, str] = {"one_stop": "Một cửa", "interlinked": "Một cửa liên thông"}
REASONS: Mapping[str, str] = {
    **{code: ground.words for code, ground in REFUSAL_GROUNDS.items()},
    **SUPPLEMENT_REASONS,
    **STOP_REASONS,
    **DELAY_REASONS,
    **HAND_BACK_REASONS,
}
_HAPPENED: Mapping[str, str] = {
    "offered": "Chuyển đến {agency} (bước {step})",
    "accepted": "{agency} nhận (bước {step})",
    "done": "{agency} hoàn thành bước {step}",
    "declined": "{agency} trả lại, không nhận (bước {step})",
    "sent-back": "Bước {step} được trả lại ({agency})",
    "recalled": "Bước {step} không cần nữa ({agency})",
    "stopped": "Đồng hồ dừng: {what}",
    "resumed": "Đồng hồ chạy tiếp",
    "promise": "Hẹn trả kết quả ({what})",
    "resolved": "Giải quyết xong: {what}",
    "withdrawn": "Người nộp rút hồ sơ",
    "assigned": "Phân công cán bộ bước {step}: {what}",
    "placed": "Người vận hành xếp cơ quan cho bước {step}",
    "reopened": "{agency} lấy lại bước {step} đã hoàn thành",
}


def happened(line: Happening, agencies: Mapping[str, str]) -> str:
    """One line of the story."""
    named = {"stopped": STOPS, "promise": CAUSES, "resolved": OUTCOMES}.get(line.kind, {})
    agency = agencies.get(line.agency or "", line.agency or "")
    words = _HAPPENED.get(line.kind, line.kind).format(
        agency=agency, step=line.step, what=named.get(line.what, line.what)
    )
    if line.kind == "done" and line.what in ("denied", "terminated"):
        words += f": {OUTCOMES[line.what].lower()}"
    return words


def counter_words(code: str, agencies: Mapping[str, str]) -> str:
    """A counter is named after the unit whose desk it is."""
    unit = unit_of(code)
    return f"Bộ phận Một cửa {agencies[unit]}" if unit in agencies else code


def left_words(left: Left | None) -> str:
    """`còn 2 ngày làm việc (11 giờ 30 phút)`, `quá hạn 3 giờ làm việc`."""
    if left is None:
        return ""
    begin = "quá hạn" if left.over else "còn"
    if left.minutes is None:
        return "quá hạn" if left.over else ""
    if left.days == 0:
        return f"{begin} {_hours(left.minutes)} làm việc"
    words = f"{begin} {left.days} ngày làm việc"
    return words if left.over or left.days > 2 else f"{words} ({_hours(left.minutes)})"


def left_kind(left: Left | None) -> str:
    """Of the badge."""
    if left is None:
        return ""
    return "bad" if left.over else "warn" if left.soon else "good"


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} giờ"] if hours else []
    parts += [f"{rest} phút"] if rest or not hours else []
    return " ".join(parts)
