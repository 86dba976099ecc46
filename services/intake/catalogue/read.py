"""Files to a catalogue: which table lists procedures, which lists papers, and how they meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from contracts.problems import Invalid
from services.intake.catalogue.entries import CatalogueFile, Entry
from services.intake.catalogue.papers import PaperFile, is_paper_sheet, read_paper_lines, read_paper_table
from services.intake.catalogue.procedures import MOST_PROCEDURES, read_procedures
from services.intake.tables import Kind, Table, decoded, kind_of, read_tables

_DECIMALS = {"code": 6}


def read_catalogue(
    content: bytes, papers: bytes | None = None, *, says: Kind | None = None, papers_say: Kind | None = None
) -> CatalogueFile:
    """Read a catalogue of procedures, and the papers they require where those are given.

    Args:
        content: CSV, or XLSX whose first sheet lists procedures; a sheet named `papers` or `Thành phần hồ sơ` in it
            lists papers.
        papers: a second file with papers, as for `read_papers`. A procedure that no list of papers names keeps those
            it has; a list may also name procedures that are in use and not in this file.
        says: what the sender says that `content` is; `papers_say` likewise.

    Raises: Invalid, when a file cannot be read as a whole; a bad row is in the result.
    """
    tables = read_tables(content, says=says, decimals=_DECIMALS)
    sheets = [table for table in tables if is_paper_sheet(table)]
    file = CatalogueFile()
    read_procedures(_first_of(table for table in tables if table not in sheets), file)
    if sheets and papers is not None:
        raise Invalid("papers-twice", "Thành phần hồ sơ có cả trong bảng tính và trong tệp riêng. Hãy chỉ giữ một.")
    if sheets:
        _add_papers(file, read_paper_table(sheets[0]))
    elif papers is not None:
        _add_papers(file, _paper_file(papers, papers_say))
    return file


def read_papers(content: bytes, *, says: Kind | None = None) -> CatalogueFile:
    """Read a list of papers alone, for procedures in use: CSV, XLSX or JSON Lines.

    Raises: Invalid, when the file cannot be read as a whole; a bad row is in the result.
    """
    file = CatalogueFile()
    _add_papers(file, _paper_file(content, says))
    return file


def _paper_file(content: bytes, says: Kind | None) -> PaperFile:
    if kind_of(content, says) is Kind.JSON_LINES:
        return read_paper_lines(decoded(content))
    tables = read_tables(content, decimals=_DECIMALS)
    return read_paper_table(next(filter(is_paper_sheet, tables), tables[0]))


def _add_papers(file: CatalogueFile, papers: PaperFile) -> None:
    if len(papers.lists) > MOST_PROCEDURES:
        raise Invalid("file-too-long", f"Tệp có giấy tờ của hơn {MOST_PROCEDURES} thủ tục. Hãy chia thành nhiều tệp.")
    by_code = {listed.code: listed for listed in papers.lists}
    for place, entry in enumerate(file.entries):
        listed = by_code.pop(entry.code, None)
        if listed is not None:
            file.entries[place] = replace(entry, papers=listed.papers)
    file.entries += (Entry(listed.line, listed.code, None, listed.papers) for listed in by_code.values())
    file.refused += papers.refused
    taken = {listed.code for listed in papers.lists}
    file.doubtful += (doubt for doubt in papers.doubtful if doubt.code in taken)


def _first_of(tables: Iterable[Table]) -> Table:
    table = next(iter(tables), None)
    if table is None:
        raise Invalid("file-holds-papers", "Tệp chỉ có thành phần hồ sơ, không có danh mục thủ tục.")
    return table
