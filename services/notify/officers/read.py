"""A CSV file of officers' contacts: taken whole, or refused whole with every faulty line named, never with a phone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.problems import Invalid
from contracts.types import UNIT_CODE_PATTERN, NoticeChannel, NoticeKind
from services.kit.file_text import SPREADSHEET, csv_rows, utf8
from services.notify.officers.entries import OfficerEntry, officer_entry
from services.notify.officers.officer import MOST_OFFICERS, OFFICER_KINDS

MOST_BYTES: Final = 1024 * 1024
MOST_ROWS: Final = 10_000
MOST_FAULTS: Final = 50
LONGEST_UNIT: Final = 35
_UNIT = re.compile(UNIT_CODE_PATTERN)
COLUMNS: Final[Mapping[str, str]] = {
    "unit": "unit", "don vi": "unit", "ma don vi": "unit", "co quan": "unit",
    "label": "label", "chuc danh": "label", "chuc vu": "label", "vai tro": "label",
    "phone": "phone", "dien thoai": "phone", "so dien thoai": "phone",
    "channel": "channel", "kenh": "channel",
    "kinds": "kinds", "loai": "kinds", "loai thong bao": "kinds",
}  # fmt: skip
REQUIRED: Final = ("unit", "label", "phone")
COLUMNS_SHOWN: Final = (*REQUIRED, "channel", "kinds")
CHANNELS: Final[Mapping[str, NoticeChannel]] = {
    "": NoticeChannel.ZALO, "zalo": NoticeChannel.ZALO, "sms": NoticeChannel.SMS, "tin nhan": NoticeChannel.SMS,
}  # fmt: skip
KINDS: Final[Mapping[str, NoticeKind]] = {
    "due soon": NoticeKind.DUE_SOON, "sap den han": NoticeKind.DUE_SOON,
    "overdue": NoticeKind.OVERDUE, "qua han": NoticeKind.OVERDUE,
}  # fmt: skip
Units = Mapping[str, tuple[OfficerEntry, ...]]


@dataclass
class _Found:
    units: dict[str, list[OfficerEntry]] = field(default_factory=dict)
    faults: list[dict[str, object]] = field(default_factory=list)


def read_officers(content: bytes) -> Units:
    """The contacts by unit, in the order of the file.

    Raises:
        Invalid `file-too-big`, `file-not-utf8`, `file-malformed`, `file-empty`, `file-too-long`, `column-missing`,
            `column-unknown`, `column-repeated`.
        Invalid `officers-refused`: `faults` names every line with its slug: `unit-code-malformed`, `cell-unexpected`,
            `officer-label-missing`, `officer-label-unfit`, `phone-not-mobile`, `officer-channel-unknown`,
            `officer-kind-unknown`, `officer-phone-repeated`, `officers-too-many`.
    """
    found = _Found()
    for number, (line, cells) in enumerate(csv_rows(_text(content), _columns, quoting=False)):
        if number >= MOST_ROWS:
            raise Invalid("file-too-long", f"Tệp có hơn {MOST_ROWS} dòng. Hãy chia thành nhiều tệp theo đơn vị.")
        try:
            _take(cells, found)
        except Invalid as error:
            found.faults.append({"line": line, "slug": error.slug, "reason": error.message})
    if found.faults:
        first, more = found.faults[0], len(found.faults) - 1
        words = f"Tệp bị từ chối cả tệp. Dòng {first['line']}: {first['reason']}"
        words += f" Còn {more} dòng khác." if more else ""
        raise Invalid("officers-refused", words, faults=found.faults[:MOST_FAULTS], count=len(found.faults))
    if not found.units:
        raise Invalid("file-empty", "Tệp không có dòng nào.")
    return {unit: tuple(entries) for unit, entries in found.units.items()}


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise Invalid("file-too-big", f"Tệp quá lớn (tối đa {MOST_BYTES // 1024**2} MB). Hãy chia thành nhiều tệp.")
    return utf8(content, SPREADSHEET)


def _columns(headers: list[str]) -> list[str]:
    while headers and not headers[-1]:
        headers.pop()
    columns = [COLUMNS.get(_plain(header), "") for header in headers]
    unknown = [place for place, column in enumerate(columns, start=1) if not column]
    if unknown:  # by place: without a line of names the first contact would be quoted
        words = f"Cột thứ {unknown[0]} có tên không hiểu được. Dòng đầu cần là: {', '.join(COLUMNS_SHOWN)}."
        raise Invalid("column-unknown", words, columns=unknown[:20])
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise Invalid("column-repeated", f"Cột bị lặp: {', '.join(repeated)}. Mỗi cột chỉ được có một lần.")
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        raise Invalid("column-missing", f"Tệp thiếu cột bắt buộc: {', '.join(missing)}.", columns=missing)
    return columns


def _take(cells: Mapping[str, str], found: _Found) -> None:
    if cells.get(""):
        raise Invalid("cell-unexpected", "Dòng này có nhiều ô hơn số cột.")
    unit = cells.get("unit", "").upper()
    if len(unit) > LONGEST_UNIT or not _UNIT.fullmatch(unit):
        raise Invalid("unit-code-malformed", "Mã đơn vị không đúng dạng, ví dụ H12.970.")
    channel = CHANNELS.get(_plain(cells.get("channel", "")))
    if channel is None:
        raise Invalid("officer-channel-unknown", "Kênh phải là zalo hoặc sms.")
    entry = officer_entry(cells.get("label", ""), cells.get("phone", ""), channel, _kinds(cells.get("kinds", "")))
    others = found.units.setdefault(unit, [])
    if any(entry.phone == other.phone for other in others):
        raise Invalid("officer-phone-repeated", "Số điện thoại này đã có ở một dòng khác của đơn vị.")
    if len(others) >= MOST_OFFICERS:
        raise Invalid("officers-too-many", f"Mỗi đơn vị có tối đa {MOST_OFFICERS} đầu mối nhận thông báo.")
    others.append(entry)


def _kinds(text: str) -> tuple[NoticeKind, ...]:
    """All of them where nothing is said."""
    words = [_plain(part) for part in re.split(r"[,;|+]", text) if _plain(part)]
    if any(word not in KINDS for word in words):
        raise Invalid("officer-kind-unknown", "Loại thông báo phải là due_soon (sắp đến hạn), overdue (quá hạn).")
    return tuple(KINDS[word] for word in words) or tuple(sorted(OFFICER_KINDS))


def _plain(text: str) -> str:
    """`Số  điện thoại` -> `so dien thoai`; `due_soon` -> `due soon`."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign)).lower()
    return " ".join(re.findall(r"[a-z0-9]+", bare))
