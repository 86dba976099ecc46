"""States, commands and outcomes in the words of an operator, beside the codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.kit.failures import LetterState
from services.kit.operations.operation import Command, OperationState

COMMAND_WORDS: Mapping[str, str] = {
    Command.PARKED_READ: "Xem nội dung bản ghi đang chờ",
    Command.PARKED_RETRY: "Thử lại hồ sơ bị giữ",
    Command.PARKED_SKIP: "Bỏ qua bản ghi đứng đầu",
    Command.LETTER_READ: "Xem nội dung thư chết",
    Command.LETTER_REPLAY: "Làm lại thư chết",
    Command.LETTER_EDIT: "Sửa thư chết",
    Command.LETTER_CLOSE: "Đóng thư chết",
    Command.LETTER_REOPEN: "Mở lại thư chết",
    Command.CONSUMER_PAUSE: "Tạm dừng bộ đọc",
    Command.CONSUMER_RESUME: "Cho bộ đọc chạy tiếp",
}
OPERATION_WORDS: Mapping[str, tuple[str, str]] = {
    OperationState.REQUESTED: ("chờ tiến trình xử lý", "warn"),
    OperationState.WAITING: ("đang chờ lượt", "warn"),
    OperationState.DONE: ("đã xong", "good"),
    OperationState.REFUSED: ("không làm được", "bad"),
}
"""With the colour."""
LETTER_WORDS: Mapping[str, tuple[str, str]] = {
    LetterState.OPEN: ("chờ xử lý", "bad"),
    LetterState.REPLAYING: ("đang làm lại", "warn"),
    LetterState.APPLIED: ("đã làm lại xong", "good"),
    LetterState.CLOSED: ("đã đóng", ""),
}
OUTCOME_WORDS: Mapping[str, str] = {
    "still-parked": "vẫn chưa làm được",
    "empty": "không còn gì phải chờ",
    "skipped": "đã bỏ qua, nay là thư chết",
    "applied": "đã có hiệu lực",
    "nothing-to-do": "không có gì phải làm",
    "refused": "bị từ chối lần nữa",
    "waits": "chờ một sự kiện khác",
    "behind": "xếp sau các bản ghi đang chờ",
}
MINUTE, HOUR, DAY = 60, 3600, 86_400


def lasting(seconds: float | None) -> str:
    """`12 giây`, `3 phút`, `2 giờ`, `5 ngày`."""
    if seconds is None:
        return ""
    for unit, words in ((DAY, "ngày"), (HOUR, "giờ"), (MINUTE, "phút")):
        if seconds >= 2 * unit or (unit == MINUTE and seconds >= unit):
            return f"{int(seconds // unit)} {words}"
    return f"{max(0, int(seconds))} giây"


def since(then: datetime | None, now: datetime) -> str:
    """How long ago."""
    return "" if then is None else lasting((now - then).total_seconds())


def number(value: int | None) -> str:
    """`1.234`."""
    return "" if value is None else f"{value:,}".replace(",", ".")


WORDS = {
    "commands": COMMAND_WORDS, "operation_states": OPERATION_WORDS, "letter_states": LETTER_WORDS,
    "outcomes": OUTCOME_WORDS, "lasting": lasting, "number": number,
}  # fmt: skip
"""For templates."""
