"""Required papers (thành phần hồ sơ) from a table, or from JSON Lines with one procedure a line.

A list with a refused row is not taken at all: a hole would renumber the papers behind it, and a citizen would be told
less than the law asks. The procedure keeps the papers it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.problems import Invalid
from services.intake.catalogue.entries import RefusedRow
from services.intake.catalogue.procedures import procedure_code
from services.intake.domain.procedure import MOST_PAPERS, Paper
from services.intake.search_words import folded
from services.intake.tables import MOST_ROWS, Row, Table, clean, cut

MOST_SETS = 99
"""Originals or copies of one paper; above it stand years and form numbers that slipped into the column."""


@dataclass(frozen=True)
class PaperList:
    """The papers of one procedure."""

    line: int
    code: str
    papers: tuple[Paper, ...]


@dataclass
class PaperFile:
    """What a list of papers holds."""

    lists: list[PaperList] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    doubtful: list[RefusedRow] = field(default_factory=list)

    def refuse(self, line: int, error: Invalid, code: str) -> None:
        self.refused.append(RefusedRow(line, error.slug, error.message, "papers", code[:40]))


@dataclass
class _Listed:
    """The rows of one procedure, as they come."""

    line: int
    papers: dict[int, Paper] = field(default_factory=dict)
    broken: bool = False


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore")

    group: str | None = None
    name: str | None = None
    originals: int | None = Field(default=None, ge=0, le=1_000_000)
    copies: int | None = Field(default=None, ge=0, le=1_000_000)
    form: str | None = None


class _Documents(BaseModel):
    model_config = ConfigDict(extra="ignore")

    code: str
    documents: list[_Document]


def read_paper_table(table: Table) -> PaperFile:
    """Columns `code`, `number`, `name`, `originals`, `copies`, `form`, `case`; the numbers give the order.

    Raises: Invalid `column-missing`.
    """
    table.require("code", "name", "number")
    file = PaperFile()
    found: dict[str, _Listed] = {}
    for row in table.rows:
        code = row["code"]
        try:
            code = procedure_code(code)
            listed = found.setdefault(code, _Listed(row.line))
            try:
                _add(listed, code, row, file)
            except Invalid:
                listed.broken = True
                raise
        except Invalid as error:
            file.refuse(row.line, error, code)
    for code, listed in found.items():
        if not listed.broken:
            papers = tuple(paper for _, paper in sorted(listed.papers.items()))
            file.lists.append(PaperList(listed.line, code, papers))
    return file


def read_paper_lines(text: str) -> PaperFile:
    """JSON Lines: `{"code": …, "documents": [{"group", "name", "originals", "copies", "form"}]}`; `group` is the case.

    No documents at all means that nothing is required.

    Raises: Invalid `file-too-long`.
    """
    file = PaperFile()
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if number > MOST_ROWS:
            raise Invalid("file-too-long", f"Tệp có hơn {MOST_ROWS} dòng. Hãy chia thành nhiều tệp.")
        if not line.strip():
            continue
        code = ""
        try:
            stated = _documents(line)
            code = procedure_code(clean(stated.code))
            if code in seen:
                raise Invalid("code-repeated", f"Mã {code} đã có ở dòng {seen[code]}.")
            seen[code] = number
            _require_few(len(stated.documents))
            papers = tuple(_of_document(document, number, code, file) for document in stated.documents)
            file.lists.append(PaperList(number, code, papers))
        except Invalid as error:
            file.refuse(number, error, code)
    return file


def _documents(line: str) -> _Documents:
    try:
        return _Documents.model_validate_json(line)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) or item["type"] for item in error.errors()[:3])
        raise Invalid("line-malformed", f"Dòng JSON không đúng dạng ({places[:100]}).") from None


def _of_document(document: _Document, line: int, code: str, file: PaperFile) -> Paper:
    def count(value: int | None) -> int:
        return _known(str(value or 0), line, code, file)

    return _paper(
        clean(document.name or ""),
        count(document.originals),
        count(document.copies),
        clean(document.form or ""),
        clean(document.group or ""),
    )


def _add(listed: _Listed, code: str, row: Row, file: PaperFile) -> None:
    number = row["number"] or str(max(listed.papers, default=0) + 1)
    if not re.fullmatch(r"[0-9]{1,4}", number) or int(number) < 1:
        raise Invalid("paper-number-malformed", f"Số thứ tự giấy tờ phải là số nguyên từ 1: {number[:20]}.")
    if int(number) in listed.papers:
        raise Invalid("paper-number-repeated", f"Giấy tờ số {int(number)} của thủ tục này đã có ở dòng trên.")
    _require_few(len(listed.papers) + 1)
    originals, copies = (_known(row[column], row.line, code, file) for column in ("originals", "copies"))
    listed.papers[int(number)] = _paper(row["name"], originals, copies, row["form"], row["case"])


def _require_few(papers: int) -> None:
    if papers > MOST_PAPERS:
        raise Invalid("papers-too-many", f"Thủ tục này có hơn {MOST_PAPERS} giấy tờ.")


def _paper(name: str, originals: int, copies: int, form: str, case: str) -> Paper:
    if not name:
        raise Invalid("paper-name-missing", "Thiếu tên giấy tờ.")
    return Paper(cut(name), originals, copies, cut(form), cut(case))


def _known(text: str, line: int, code: str, file: PaperFile) -> int:
    """How many originals or copies; 0 and a doubt when that cannot be read."""
    if not text:
        return 0
    if re.fullmatch(r"[0-9]{1,6}", text) and int(text) <= MOST_SETS:
        return int(text)
    words = f"Số bản giấy tờ không đọc được: “{text[:20]}”."
    file.doubtful.append(RefusedRow(line, "paper-count-unknown", words, "papers", code))
    return 0


def is_paper_sheet(table: Table) -> bool:
    """Whether a sheet is named `papers` or `Thành phần hồ sơ`, however it is written."""
    return folded(table.name) in ("papers", "thanh phan ho so")
