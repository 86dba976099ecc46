"""A table: named columns, rows of text with their line in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from contracts.problems import Invalid
from services.intake.tables.text import clean

MOST_ROWS = 50_000
MOST_COLUMNS = 200
MOST_TITLE_LINES = 20
"""Above the header, where the caller can tell one."""

IsHeader = Callable[[Sequence[str]], bool]
"""Whether these column names are the header."""


@dataclass(frozen=True)
class Row:
    """A row that has at least one cell with something in it."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell's text; empty where cell or column is missing."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """One CSV file, or one sheet."""

    name: str
    """The sheet's name; empty for a CSV."""
    columns: frozenset[str]
    rows: tuple[Row, ...]

    def require(self, *columns: str) -> None:
        """Raises: Invalid `column-missing`."""
        missing = [column for column in columns if column not in self.columns]
        if missing:
            raise Invalid("column-missing", f"{self.said}Thiếu cột bắt buộc: {', '.join(missing)}.", columns=missing)

    @property
    def said(self) -> str:
        """The beginning of a sentence about this table."""
        return f"Trang tính “{self.name[:40]}”: " if self.name else ""


def column_name(header: str) -> str:
    """`Time Limit Value ` -> `time_limit_value`."""
    return re.sub(r"[\s_]+", "_", clean(header).lower()).strip("_")


def table_of(name: str, lines: Iterable[tuple[int, Sequence[str]]], is_header: IsHeader | None = None) -> Table | None:
    """The first line with content names the columns; lines without content are passed over. None: no content.

    Args:
        is_header: tells the header from the title above it (books have one); None: there is no title.

    Raises: Invalid `column-repeated`, `file-too-wide`, `file-too-long`.
    """
    columns: list[str] = []
    rows: list[Row] = []
    for number, (line, raw) in enumerate(lines if is_header is None else _from_header(lines, is_header)):
        if number > MOST_ROWS:
            raise Invalid("file-too-long", f"Tệp có hơn {MOST_ROWS} dòng. Hãy chia thành nhiều tệp.")
        texts = [clean(text) for text in raw[: MOST_COLUMNS + 1]]
        if not any(texts):
            continue
        if not columns:
            columns = _columns(texts)
            continue
        rows.append(Row(line, {column: text for column, text in zip(columns, texts, strict=False) if column and text}))
    return Table(name, frozenset(filter(None, columns)), tuple(row for row in rows if row.cells)) if columns else None


def _from_header(
    lines: Iterable[tuple[int, Sequence[str]]], is_header: IsHeader
) -> Iterator[tuple[int, Sequence[str]]]:
    """Without the lines above the header; all of them where none is found."""
    rest = iter(lines)
    first = list(islice(rest, MOST_TITLE_LINES))
    found = (place for place, (_, raw) in enumerate(first) if is_header([column_name(text) for text in raw]))
    return chain(first[next(found, 0) :], rest)


def _columns(headers: Sequence[str]) -> list[str]:
    columns = [column_name(header) for header in headers]
    if len(columns) > MOST_COLUMNS and any(columns[MOST_COLUMNS:]):
        raise Invalid("file-too-wide", f"Tệp có hơn {MOST_COLUMNS} cột. Hãy bỏ các cột không dùng.")
    named = [column for column in columns if column]
    repeated = sorted({column for column in named if named.count(column) > 1})
    if repeated:
        words = f"Cột bị lặp: {', '.join(repeated)[:200]}. Mỗi tên cột chỉ được có một lần."
        raise Invalid("column-repeated", words)
    return columns
