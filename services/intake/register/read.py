"""Files to registers: every row is an entry, or refused with its line and a reason."""

from __future__ import annotations

import re
from datetime import datetime, time

from pydantic_core import PydanticCustomError

from contracts.problems import Invalid
from contracts.types import DOSSIER_CODE_PATTERN, Outcome
from services.intake.applicants import mobile_phone
from services.intake.domain.people import Applicant
from services.intake.register.cells import (
    CLOSES,
    OPENS,
    Written,
    address_and_phone,
    identity,
    method,
    outcome,
    written,
)
from services.intake.register.columns import DECIMALS, Column, Columns, is_header
from services.intake.register.entries import Entry, Note, Place, RegisterFile
from services.intake.tables import Kind, Row, cut, read_tables
from services.kit.clock import VIETNAM

LONGEST_NAME = 200
LONGEST_CODE = 48
_CODE = re.compile(DOSSIER_CODE_PATTERN)
_NUMBER = re.compile(r"[0-9]{1,7}")
_BOOK = re.compile(r"[0-9A-Za-z.\-/]{1,20}")


def read_register(content: bytes, now: datetime, *, says: Kind | None = None) -> RegisterFile:
    """Read a CSV, or every visible sheet of an XLSX.

    Raises: Invalid, when the file cannot be read as a whole; a bad row is in the result.
    """
    file = RegisterFile()
    seen: dict[str, Place] = {}
    for table in read_tables(content, says=says, decimals=DECIMALS, is_header=is_header):
        reader = _Reader(Columns(table), now)
        for row in table.rows:
            place = Place(table.name, row.line)
            if reader.is_no_dossier(row):
                continue
            try:
                entry, doubts = reader.read(row, place)
                _once(entry, seen)
            except Invalid as error:
                file.refused.append(Note(place, error.slug, error.message))
                continue
            file.entries.append(entry)
            file.doubtful += doubts
    return file


def _once(entry: Entry, seen: dict[str, Place]) -> None:
    before = seen.setdefault(entry.reference, entry.place)
    if before is not entry.place:
        words = (
            f"Hồ sơ này đã có ở dòng {before.line}{f' của trang tính “{before.sheet[:40]}”' if before.sheet else ''}."
        )
        raise Invalid("row-repeated", words)


class _Reader:
    """Reads the rows of one table."""

    def __init__(self, columns: Columns, now: datetime) -> None:
        self._columns, self._now = columns, now

    def is_no_dossier(self, row: Row) -> bool:
        """Totals, remarks and signatures below the table, the numbers of its columns below the header."""
        told = (Column.CODE, Column.NAME, Column.RECEIVED)
        return not any(self._text(row, column) for column in told) or self._text(row, Column.NAME).strip("()").isdigit()

    def read(self, row: Row, place: Place) -> tuple[Entry, list[Note]]:
        """Raises: Invalid with the first thing that is wrong."""
        applicant, doubts = self._applicant(row, place)
        code = self._code(row)
        received = self._moment(row, Column.RECEIVED)
        if received is None:
            raise Invalid("date-missing", "Thiếu ngày nhận hồ sơ.")
        received_at = self._past(received, OPENS)
        due = self._moment(row, Column.DUE)
        returned, resolved = self._moment(row, Column.RETURNED), self._moment(row, Column.RESOLVED)
        # The forms have no column for it: what is handed over was resolved by then at the latest.
        resolved = resolved or returned
        resolved_at = None if resolved is None else self._past(resolved, CLOSES, received_at)
        returned_at = None if returned is None else self._past(returned, CLOSES, resolved_at)
        said = outcome(self._text(row, Column.OUTCOME))
        if said is not None and resolved_at is None:
            raise Invalid("date-missing", "Có kết quả nhưng thiếu ngày có kết quả.")
        entry = Entry(
            place=place,
            reference=self._reference(row, code, received),
            code=code,
            procedure_code=re.sub(r"\s", "", self._text(row, Column.PROCEDURE_CODE)).upper(),
            procedure_name=self._text(row, Column.PROCEDURE_NAME),
            applicant=applicant,
            received_at=received_at,
            due_at=None if due is None else due.at(CLOSES, received_at),
            resolved_at=resolved_at,
            outcome=None if resolved_at is None else said or Outcome.GRANTED,
            returned_at=returned_at,
            method=method(self._text(row, Column.METHOD)),
        )
        return entry, doubts

    def _applicant(self, row: Row, place: Place) -> tuple[Applicant, list[Note]]:
        name = cut(self._text(row, Column.NAME), LONGEST_NAME)
        if not name:
            raise Invalid("applicant-name-missing", "Thiếu tên tổ chức, cá nhân.")
        kind, number = identity(self._text(row, Column.ID_NUMBER))
        address, phone = self._text(row, Column.ADDRESS), self._text(row, Column.PHONE)
        if not address and not phone:
            address, phone = address_and_phone(self._text(row, Column.ADDRESS_AND_PHONE))
        doubts = []
        usable = None
        try:
            usable = mobile_phone(phone) if phone else None
        except PydanticCustomError as error:
            # Nobody is told of the past, and a book full of desk telephones must not stop the migration.
            words = f"{error.message()} Hồ sơ được nhập không kèm số điện thoại."
            doubts.append(Note(place, error.type, words))
        return Applicant(kind, name, number, usable, cut(address, LONGEST_NAME) or None), doubts

    def _code(self, row: Row) -> str | None:
        """Raises: Invalid `dossier-code-malformed`."""
        code = re.sub(r"\s", "", self._text(row, Column.CODE)).upper()
        if not code:
            return None
        if len(code) > LONGEST_CODE or not _CODE.fullmatch(code):
            words = "Mã hồ sơ không đúng dạng (mã đơn vị-yymmdd-số). Nếu sổ không có mã thì để trống và ghi STT."
            raise Invalid("dossier-code-malformed", words)
        return code

    def _reference(self, row: Row, code: str | None, received: Written) -> str:
        """Raises: Invalid `row-without-number`, `book-malformed`."""
        if code is not None:
            return f"register:{code}"
        number = self._text(row, Column.NUMBER).strip(".")
        if not _NUMBER.fullmatch(number):
            raise Invalid("row-without-number", "Dòng không có mã hồ sơ thì phải có số thứ tự trong sổ (STT).")
        book = re.sub(r"\s", "", self._text(row, Column.BOOK))
        if book and not _BOOK.fullmatch(book):
            raise Invalid("book-malformed", "Quyển số chỉ gồm chữ không dấu, chữ số và . - /")
        return f"register:{received.moment.year}:{book}:{int(number)}"

    def _moment(self, row: Row, column: Column) -> Written | None:
        return written(self._text(row, column), column.value)

    def _past(self, stated: Written, usual: time, after: datetime | None = None) -> datetime:
        """A day without a time is taken at its usual hour; for today that may still lie ahead."""
        at = stated.at(usual, after)
        today = self._now.astimezone(VIETNAM).date()
        if not stated.day_only or stated.moment.date() != today:
            return at
        past = min(at, self._now)
        return past if after is None else max(past, after)

    def _text(self, row: Row, column: Column) -> str:
        return self._columns.text(row, column)
