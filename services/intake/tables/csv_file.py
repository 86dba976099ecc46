"""CSV: comma, semicolon (spreadsheets under Vietnamese settings write it) or tab, whichever its header shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from contracts.problems import Invalid
from services.intake.tables.table import IsHeader, Table, table_of
from services.intake.tables.text import decoded

_DELIMITERS = ",;\t"


def read_csv(content: bytes, is_header: IsHeader | None = None) -> Table | None:
    """Raises: Invalid `file-not-utf8`, `file-malformed` and those of `table_of`."""
    text = decoded(content)
    return table_of("", _lines(text, _delimiter(text)), is_header)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise Invalid("file-malformed", f"Dòng {reader.line_num}: tệp CSV bị hỏng ({error}).") from None


def _delimiter(text: str) -> str:
    """The sign that occurs most in the first line with content."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=header.count)
