"""Text and rows of the files that people bring: UTF-8, with the line that is not; CSV as spreadsheets write it."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator

from contracts.problems import Invalid

SPREADSHEET = "Trong Excel hãy lưu thành “CSV UTF-8” rồi nạp lại."
"""What to do about a CSV file in another encoding."""
_DELIMITERS = ",;\t"


def utf8(content: bytes, cure: str) -> str:
    """The text of a file, with or without byte order mark, composed (NFC).

    Args:
        cure: what to do where it is not UTF-8, a sentence.

    Raises: Invalid `file-not-utf8`, with the line.
    """
    try:
        return unicodedata.normalize("NFC", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid("file-not-utf8", f"Dòng {line} có chữ không phải UTF-8. {cure}", line=line) from None


def csv_rows(
    text: str, columns_of: Callable[[list[str]], list[str]], *, name: str = "Tệp", quoting: bool = True
) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of each line that is not empty, after the line of column names.

    A line with more cells than columns has a cell without a name.

    Args:
        columns_of: the columns that the first line names; refuses what it does not know.
        name: what the file is called.
        quoting: whether the reader's own words, which may quote a cell, are told.

    Raises: Invalid `file-empty`, `file-malformed`.
    """
    header = next((line for line in text.splitlines() if line.strip()), "")
    if not header or "\0" in text:
        raise Invalid("file-empty", f"{name} không có nội dung, hoặc không phải là tệp CSV.")
    # Spreadsheets under Vietnamese settings write semicolons.
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=header.count), strict=True)
    columns: list[str] = []
    try:
        for cells in reader:
            texts = [" ".join(cell.split()) for cell in cells]
            if not any(texts):
                continue
            if not columns:
                columns = columns_of(texts)
                continue
            surplus = {"": "…"} if any(texts[len(columns) :]) else {}
            yield reader.line_num, dict(zip(columns, texts, strict=False)) | surplus
    except csv.Error as error:
        why = f" ({error})" if quoting else ""
        raise Invalid("file-malformed", f"Dòng {reader.line_num}: tệp CSV bị hỏng{why}.") from None
