"""CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet_csv(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """With a byte order mark: spreadsheets take a CSV without one for windows-1258."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_inert(value) for value in row] for row in rows)
    return "\ufeff" + out.getvalue()


def _inert(value: object) -> object:
    """A name that begins like a formula is text all the same: a spreadsheet would run it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
