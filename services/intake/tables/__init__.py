"""Tables that people send: CSV and XLSX, judged by what is in them, read as text cells under named columns."""

from __future__ import annotations

from services.intake.tables.csv_out import spreadsheet_csv
from services.intake.tables.kinds import MOST_BYTES, Kind, kind_of, kind_of_media_type, kind_of_suffix
from services.intake.tables.read import read_tables
from services.intake.tables.table import MOST_ROWS, Row, Table
from services.intake.tables.text import clean, cut, decoded

__all__ = [
    "MOST_BYTES", "MOST_ROWS", "Kind", "Row", "Table", "clean", "cut", "decoded", "kind_of", "kind_of_media_type",
    "kind_of_suffix", "read_tables", "spreadsheet_csv",
]  # fmt: skip
