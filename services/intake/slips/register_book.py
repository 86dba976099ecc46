"""The register as a file: an XLSX workbook or a page to print, written row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font

from services.intake.queries.register import Book, RegisterRow
from services.intake.slips import words
from services.intake.slips.form_spec import FormSet, FormSpec
from services.intake.slips.letterhead import Letterhead
from services.intake.slips.page import TEMPLATES
from services.kit.clock import VIETNAM

CellValue = str | int | datetime | None
_CLASSES = {"number": "number", **dict.fromkeys(("code", "received_at", "due_at", "returned_at"), "whole")}
_WIDTHS = {"number": 6, "procedure_name": 48, "person": 28, "address_phone": 36, "agency": 30}
_LONGEST_HEADER = 120
"""Each sign may count double, and a code goes before them."""
_ROWS_HERE = "<!--rows-->"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""openpyxl lets the last two through, and one of them in a name would make the whole workbook unreadable."""


@dataclass(frozen=True)
class Heading:
    """What stands above the rows."""

    book: Book
    spec: FormSpec
    form_set: FormSet
    letterhead: Letterhead
    printed_at: datetime

    @property
    def office(self) -> str:
        return self.letterhead.counter(self.book.counter)

    @property
    def title(self) -> str:
        """Year, fields and days."""
        first, last = self.book.days
        fields = ", ".join(self.book.fields) or "tất cả các lĩnh vực"
        return f"Năm {self.book.year}; lĩnh vực: {fields}; từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}"

    def data(self) -> dict[str, Any]:
        """For programs."""
        first, last = self.book.days
        return {
            "form": self.spec.form.value,
            "form_set": self.form_set.id,
            "basis": self.form_set.basis,
            "number": self.spec.number,
            "title": self.spec.title,
            "counter": self.book.counter,
            "office": self.office,
            "year": self.book.year,
            "fields": list(self.book.fields),
            "from": first,
            "to": last,
            "columns": [asdict(column) for column in self.spec.columns],
        }


class BookFile(Protocol):
    """A register file that is being written."""

    def add(self, rows: Sequence[RegisterRow]) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None:
        """Leave nothing behind when it will not be finished."""


def cells(row: RegisterRow, letterhead: Letterhead) -> Mapping[str, CellValue]:
    """A row by the keys of the form's columns."""
    return {
        "number": row.number,
        "code": row.code,
        "procedure_name": row.procedure_name,
        "person": row.person,
        "address_phone": "; ".join(part for part in (row.address, row.phone) if part),
        "agency": letterhead.agency(row.agency) if row.agency else "",
        "received_at": row.received_at,
        "due_at": row.due_at,
        "returned_at": row.returned_at,
        "return_by": words.RETURN_METHODS[row.return_by],
        "signed": words.PROOFS[row.proof] if row.proof else "",
    }


class XlsxBook:
    """A workbook of one sheet; each row goes to disk at once, so that a book of any length takes little memory."""

    def __init__(self, file: IO[bytes], heading: Heading) -> None:
        self._file, self._heading = file, heading
        self._workbook = Workbook(write_only=True)
        self._sheet = self._workbook.create_sheet("Sổ theo dõi hồ sơ")
        self._sheet.freeze_panes = "A2"
        self._sheet.print_title_rows = "1:1"
        self._sheet.page_setup.orientation = "landscape"
        self._sheet.page_setup.paperSize = 9  # A4
        self._sheet.page_setup.fitToHeight = 0
        self._sheet.sheet_properties.pageSetUpPr.fitToPage = True
        # In the page header, not in rows: the sheet stays a plain table that other programs read.
        self._sheet.oddHeader.center.text = _page_header(f"{heading.spec.title} - {heading.office}. {heading.title}")
        for place, column in enumerate(heading.spec.columns):
            self._sheet.column_dimensions[chr(ord("A") + place)].width = _WIDTHS.get(column.key, 18)
        self._sheet.append([self._head(column.label) for column in heading.spec.columns])

    def add(self, rows: Sequence[RegisterRow]) -> None:
        for row in rows:
            values = cells(row, self._heading.letterhead)
            self._sheet.append([self._cell(values[column.key]) for column in self._heading.spec.columns])

    def finish(self) -> None:
        self._workbook.save(self._file)

    def abandon(self) -> None:
        """openpyxl keeps rows in a file of its own until they are saved, otherwise until the process ends."""
        self._sheet.close()
        self._sheet._writer.cleanup()

    def _head(self, label: str) -> Cell:
        cell = self._cell(label)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
        return cell

    def _cell(self, value: CellValue) -> Cell:
        if isinstance(value, datetime):
            local = value.astimezone(VIETNAM).replace(tzinfo=None, microsecond=0)  # a workbook knows no time zones
            cell = WriteOnlyCell(self._sheet, local)
            cell.number_format = "hh:mm dd/mm/yyyy"
            return cell
        if not isinstance(value, str):
            return WriteOnlyCell(self._sheet, value)
        # What people typed stays text: a name that begins with `=` must not be calculated, here or after editing.
        cell = WriteOnlyCell(self._sheet, _NOT_XML.sub("\ufffd", value))
        cell.data_type = "s"
        cell.quotePrefix = True
        return cell


class HtmlBook:
    """A page to print."""

    def __init__(self, file: IO[bytes], heading: Heading) -> None:
        self._file, self._heading = file, heading
        template = TEMPLATES.get("register.html")
        whole = template.render(
            spec=heading.spec,
            letterhead=heading.letterhead,
            office=heading.office,
            symbol=heading.spec.symbol_of(None),
            dated_text=heading.letterhead.dated(heading.printed_at),
            book_title=heading.title,
            grouped=[column for column in heading.spec.columns if column.group],
        )
        before, self._after = whole.split(_ROWS_HERE)
        self._rows = TEMPLATES.get("register_rows.html")
        self._file.write(before.encode())

    def add(self, rows: Sequence[RegisterRow]) -> None:
        keys = [column.key for column in self._heading.spec.columns]
        letterhead = self._heading.letterhead
        shown = [
            [(_CLASSES.get(key, ""), _text(values[key])) for key in keys]
            for values in (cells(row, letterhead) for row in rows)
        ]
        self._file.write(self._rows.render(rows=shown).encode())

    def finish(self) -> None:
        self._file.write(self._after.encode())

    def abandon(self) -> None:
        """Nothing is kept outside the file."""


def _page_header(text: str) -> str:
    """`&` begins a code there; beyond 255 signs Excel takes the whole workbook for damaged."""
    cut = text if len(text) <= _LONGEST_HEADER else f"{text[:_LONGEST_HEADER]}…"
    return _NOT_XML.sub("\ufffd", cut).replace("&", "&&")


def _text(value: CellValue) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:02d}"
    return words.short_moment(value) if isinstance(value, datetime) else value
