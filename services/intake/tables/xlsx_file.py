"""XLSX, read in streams. openpyxl parses with defusedxml; size is judged here, before it parses anything."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from openpyxl import load_workbook

from contracts.problems import Invalid
from services.intake.tables.table import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TITLE_LINES,
    IsHeader,
    Table,
    column_name,
    table_of,
)

MOST_UNPACKED = 64 * 1024 * 1024
MOST_TAGS = 4_000_000
"""XML tags in all parts together: each costs memory a hundred times its length, and a million pack into a kilobyte."""
MOST_PARTS = 500
MOST_SHEETS = 20
MOST_TAGS_IN_A_ROW = 20_000
"""Also between the parts of a sheet that are no rows (column widths, merged cells, links)."""
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_LONG_TAG = re.compile(rb"<[^<>]{65536}")
"""A tag with so many attributes costs the parser time by their square."""
_WORKBOOK = "xl/workbook.xml"
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"})


def read_xlsx(content: bytes, decimals: Mapping[str, int], is_header: IsHeader | None = None) -> list[Table]:
    """The visible sheets that have content.

    Args:
        decimals: how many decimals a column's numbers have: the code `2.001040` typed into a sheet is the number
            2.00104, and only the column tells that its last zero is meant.

    Raises: Invalid `file-malformed`, `file-type-unknown`, `file-too-big` and those of `table_of`.
    """
    try:
        _judge_size(content)
        return list(_tables(content, decimals, is_header))
    except Invalid:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl lets out whatever a damaged part makes it meet
        raise Invalid(
            "file-malformed",
            f"Tệp XLSX bị hỏng hoặc chưa tải lên hết ({type(error).__name__}). Hãy mở bằng Excel, lưu lại rồi gửi lại.",
        ) from None


def _judge_size(content: bytes) -> None:
    """Unpack once without keeping: what headers say of sizes is not believed, and a damaged part shows."""
    size = tags = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if _WORKBOOK not in {part.filename for part in parts}:
            raise Invalid("file-type-unknown", "Tệp nén này không phải là bảng tính XLSX.")
        if len(parts) > MOST_PARTS:
            raise _too_large()
        for part in parts:
            with archive.open(part) as stream:
                unpacked = stream.read(MOST_UNPACKED - size + 1)
            size += len(unpacked)
            tags += unpacked.count(b"<")
            if size > MOST_UNPACKED or tags > MOST_TAGS or _LONG_TAG.search(unpacked):
                raise _too_large()
            if "worksheets/" in part.filename:
                _judge_rows(unpacked)


def _judge_rows(sheet: bytes) -> None:
    """The reader keeps a row whole, with a hundred times its length: a row of a million empty cells is a kilobyte."""
    begins = 0
    for found in _ROW.finditer(sheet):
        if sheet.count(b"<", begins, found.start()) > MOST_TAGS_IN_A_ROW:
            raise _too_large()
        begins = found.start()
    if sheet.count(b"<", begins) > MOST_TAGS_IN_A_ROW:
        raise _too_large()


def _too_large() -> Invalid:
    words = "Tệp XLSX giải nén ra quá lớn. Hãy chỉ giữ các trang tính cần nạp, hoặc chia thành nhiều tệp."
    return Invalid("file-too-big", words)


def _tables(content: bytes, decimals: Mapping[str, int], is_header: IsHeader | None) -> Iterator[Table]:
    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        if len(sheets) > MOST_SHEETS:
            raise _too_large()
        for sheet in sheets:
            # The bounds are given: a sheet may state a million rows, or a single cell in the last of them.
            rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1, values_only=True)
            table = table_of(sheet.title, _lines(rows, decimals), is_header)
            if table is not None:
                yield table
    finally:
        workbook.close()


def _lines(rows: Iterable[Sequence[object]], decimals: Mapping[str, int]) -> Iterator[tuple[int, list[str]]]:
    places: dict[int, int] | None = None
    for line, values in enumerate(rows, start=1):
        texts = [_text(value, (places or {}).get(place)) for place, value in enumerate(_trimmed(values))]
        if not places and any(texts) and (places is None or line <= MOST_TITLE_LINES):  # a title may come first
            names = [column_name(text) for text in texts]
            places = {place: decimals[name] for place, name in enumerate(names) if name in decimals}
        yield line, texts


def _trimmed(values: Sequence[object]) -> Sequence[object]:
    """Without the empty cells at the end, with which every row is filled up to the bounds."""
    end = len(values)
    while end and values[end - 1] is None:
        end -= 1
    return values[:end]


def _text(value: object, decimals: int | None) -> str:
    """A cell as a person reads it."""
    if value is None or (isinstance(value, str) and value in _ERRORS):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(float(value), decimals)
    return str(value)  # dates too: where a number is expected, the column's reader names them


def _number(value: float, decimals: int | None) -> str:
    if decimals is not None and not value.is_integer() and round(value, decimals) == value:
        return f"{value:.{decimals}f}"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
