"""Bytes to tables, whichever kind they are."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.problems import Invalid
from services.intake.tables.csv_file import read_csv
from services.intake.tables.kinds import Kind, kind_of
from services.intake.tables.table import IsHeader, Table
from services.intake.tables.xlsx_file import read_xlsx


def read_tables(
    content: bytes,
    *,
    says: Kind | None = None,
    decimals: Mapping[str, int] | None = None,
    is_header: IsHeader | None = None,
) -> list[Table]:
    """The tables of a CSV (one) or an XLSX (one a sheet), at least one.

    Args:
        says: what the sender says it is; None: not said.
        decimals: see `read_xlsx`.
        is_header: see `table_of`.

    Raises: Invalid, with a slug that begins with `file-` or `column-`.
    """
    kind = kind_of(content, says)
    if kind is Kind.JSON_LINES:
        raise Invalid("file-type-unknown", "Đây là tệp JSON. Hãy gửi bảng dữ liệu CSV UTF-8 hoặc XLSX.")
    tables = read_xlsx(content, decimals or {}, is_header) if kind is Kind.XLSX else [read_csv(content, is_header)]
    found = [table for table in tables if table is not None]
    if not found:
        raise Invalid("file-empty", "Tệp không có nội dung.")
    return found
