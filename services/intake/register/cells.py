"""Cells of a register: dates as people write them, words for outcome and way of return, numbers that tell a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time

from contracts.problems import Invalid
from contracts.types import HandOverMethod, Outcome
from services.intake.search_words import folded
from services.kit.clock import VIETNAM

EARLIEST, LATEST = 1990, 2100
OPENS, CLOSES = time(7), time(17)
"""Where a book states only the day (office hours of the province: QĐ 01779/QĐ-UBND)."""
_TIME = r"(?P<hour>\d{1,2})\s*(?::|h|g|giờ)\s*(?P<minute>\d{1,2})?(?::\d{1,2}(?:\.\d+)?)?\s*(?:phút|p)?"
_DAY = r"(?P<day>\d{1,2})\s*[/.-]\s*(?P<month>\d{1,2})\s*[/.-]\s*(?P<year>\d{4})"
_ISO_DAY = r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
_SPELLINGS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"{_ISO_DAY}(?:[ t]{_TIME})?",
        rf"(?:ngày\s*)?{_DAY}(?:\s*,?\s*(?:lúc\s*)?{_TIME})?",
        rf"{_TIME}\s*,?\s*(?:ngày\s*)?{_DAY}",
    )
)
_PHONE = re.compile(r"(?<!\d)(?:\+?84|0)(?:[ .\-]?\d){9,10}(?!\d)", re.ASCII)
_CITIZEN, _ORGANISATION = re.compile(r"\d{12}|\d{9}", re.ASCII), re.compile(r"\d{10}(-\d{3})?", re.ASCII)
_GRANTED = frozenset({"dong y", "duoc giai quyet", "da giai quyet", "giai quyet", "co ket qua", "dat", "cap", "da cap"})
_DENIED = frozenset(
    {"tu choi", "tu choi giai quyet", "khong dong y", "khong giai quyet", "khong du dieu kien", "khong dat"}
)
_METHODS = {
    HandOverMethod.COUNTER: (
        "truc tiep",
        "tai quay",
        "tai bo phan mot cua",
        "bo phan mot cua",
        "mot cua",
        "tai trung tam",
    ),
    HandOverMethod.POST: ("buu chinh", "buu dien", "buu chinh cong ich", "bcci", "qua buu chinh", "qua buu dien"),
    HandOverMethod.ONLINE: ("truc tuyen", "dien tu", "online", "qua mang"),
}
_METHOD_OF = {word: method for method, words in _METHODS.items() for word in words}


@dataclass(frozen=True)
class Written:
    """A moment as the book has it."""

    moment: datetime
    """In Viet Nam."""
    day_only: bool

    def at(self, usual: time, after: datetime | None = None) -> datetime:
        """In UTC; where only the day is known, at the usual time of it, yet not before `after` on the same day."""
        if not self.day_only:
            return self.moment.astimezone(UTC)
        guess = datetime.combine(self.moment.date(), usual, VIETNAM).astimezone(UTC)
        same_day = after is not None and after.astimezone(VIETNAM).date() == self.moment.date()
        return max(guess, after) if after is not None and same_day else guess


def written(text: str, column: str) -> Written | None:
    """A date cell of a sheet, or `dd/mm/yyyy` with or without a time. None: nothing is written.

    Raises: Invalid `date-malformed`, `date-impossible`.
    """
    if not text:
        return None
    found = next((match for spelling in _SPELLINGS if (match := spelling.fullmatch(text.strip().lower()))), None)
    if found is None:
        words = f"Cột “{column}” không phải là ngày. Hãy ghi dd/mm/yyyy hoặc định dạng ô là ngày tháng."
        raise Invalid("date-malformed", words)
    parts = {name: int(value or 0) for name, value in found.groupdict().items()}
    try:
        moment = datetime(parts["year"], parts["month"], parts["day"], parts["hour"], parts["minute"], tzinfo=VIETNAM)
    except ValueError:
        raise Invalid("date-impossible", f"Cột “{column}” ghi một ngày không có thật.") from None
    if not EARLIEST <= moment.year <= LATEST:
        raise Invalid("date-impossible", f"Cột “{column}” ghi năm {moment.year}; hãy xem lại.")
    # A sheet writes a day without a time as its midnight; nobody is at a counter then.
    return Written(moment, moment.time() == time(0))


def outcome(text: str) -> Outcome | None:
    """None: nothing is written. Raises: Invalid `outcome-unknown`."""
    if not text:
        return None
    word = folded(text)
    if word in _GRANTED:
        return Outcome.GRANTED
    if word in _DENIED:
        return Outcome.DENIED
    raise Invalid("outcome-unknown", "Cột “Kết quả” chỉ nhận “Đồng ý” hoặc “Từ chối” (để trống là đồng ý).")


def method(text: str) -> HandOverMethod:
    """How the result was received; the counter where nothing is written. Raises: Invalid `return-method-unknown`."""
    if not text:
        return HandOverMethod.COUNTER
    found = _METHOD_OF.get(folded(text))
    if found is None:
        words = "Cột “Phương thức nhận” chỉ nhận “Trực tiếp”, “Bưu chính” hoặc “Trực tuyến”."
        raise Invalid("return-method-unknown", words)
    return found


def identity(text: str) -> tuple[str, str | None]:
    """Kind of applicant and number: số định danh or CCCD (12 digits), the old CMND (9), mã số thuế (10, or 10 and 3).

    Raises: Invalid `citizen-id-invalid`.
    """
    number = re.sub(r"[\s.]", "", text)
    if not number:
        return "citizen", None
    if _CITIZEN.fullmatch(number):
        return "citizen", number
    if _ORGANISATION.fullmatch(number):
        return "organisation", number
    words = (
        "Số định danh phải có 12 chữ số (CMND cũ: 9; mã số thuế: 10, hoặc 10 và 3). Nếu Excel đã bỏ số 0 ở đầu, "
        "hãy định dạng cột là Văn bản (Text) rồi nhập lại số."
    )
    raise Invalid("citizen-id-invalid", words)


def address_and_phone(text: str) -> tuple[str, str]:
    """A cell that holds both, as form 07 has it."""
    found = _PHONE.search(text)
    if found is None:
        return text, ""
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    rest = re.sub(r"(?i)\b(sđt|đt|điện thoại|tel)\b\s*[:.]?\s*$", "", rest.strip())
    return rest.strip(" ,;/-"), found.group()
