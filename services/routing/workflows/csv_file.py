"""CSV to texts with their lines: one row a step, the columns named as the keys of a YAML file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from contracts.problems import Invalid
from services.routing.workflows.entries import COLUMNS, MANY, OF_WORKFLOW, ONE, Cell, RawStep, RawWorkflow, RefusedRow
from services.routing.workflows.text import clean, meant, quoted

MOST_ROWS = 20_000
AT_ONCE = "-"
"""In `after`: the step begins with the dossier. An empty cell means that it follows the row above."""
_REQUIRED = ("procedure", "agency", "share")
_DELIMITERS = ",;\t"


def read_csv(text: str) -> tuple[list[RawWorkflow], list[RefusedRow]]:
    """
    Raises: Invalid `file-malformed`, `file-too-long`, `column-missing`, `column-repeated`.
    """
    refused: list[RefusedRow] = []
    rows = _rows(text)
    columns: list[str] = []
    groups: dict[tuple[str, str], tuple[int, dict[str, Cell], list[RawStep]]] = {}
    above = ("", "")
    for line, cells in rows:
        texts = [clean(cell) for cell in cells]
        if not any(texts):
            continue
        if not columns:
            columns = _columns(texts, line, refused)
            if not set(_REQUIRED) <= set(columns):
                break  # every row would lack the same
            continue
        row = {name: Cell(value, line) for name, value in zip(columns, texts, strict=False) if name and value}
        if len(texts) > len(columns) and any(texts[len(columns) :]):
            words = f"Dòng {line}: có nhiều ô hơn số cột. Ô có dấu phân cách bên trong phải đặt trong dấu nháy kép."
            refused.append(RefusedRow(line, "workflow-type-wrong", words))
        above = _whose(row, above)
        one = {key: row[key] for key in OF_WORKFLOW if key in row}
        _, _, steps = groups.setdefault(above, (line, one, []))
        steps.append(_step(row, line))
    return [RawWorkflow(line, one, tuple(steps)) for line, one, steps in groups.values()], refused


def _whose(row: dict[str, Cell], above: tuple[str, str]) -> tuple[str, str]:
    """Empty cells repeat the row above, as people leave them in spreadsheets."""
    procedure, version = (row[key].text if key in row else "" for key in OF_WORKFLOW)
    if procedure in ("", above[0]):
        return above[0], version or above[1]
    return procedure, version


def _step(row: dict[str, Cell], line: int) -> RawStep:
    many = {key: _split(row[key], key) for key in MANY if key in row}
    return RawStep(line, {key: row[key] for key in ONE if key in row}, many)


def _split(cell: Cell, key: str) -> tuple[Cell, ...]:
    if key == "after" and cell.text == AT_ONCE:
        return ()
    # The name of a case may hold a comma, an id or a code cannot.
    parts = cell.text.split(";") if key == "cases" else re.split("[;,]", cell.text)
    return tuple(Cell(part.strip(), cell.line) for part in parts if part.strip())


def _rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Each row with the line in which it begins."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=header.count), strict=True)
    begins = 1
    try:
        for number, cells in enumerate(reader):
            if number > MOST_ROWS:
                raise Invalid("file-too-long", f"Tệp có hơn {MOST_ROWS} dòng. Hãy chia thành nhiều tệp.")
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        words = f"Dòng {begins}: tệp CSV bị hỏng ({error})."
        raise Invalid("file-malformed", words, line=begins) from None


def _columns(headers: Sequence[str], line: int, refused: list[RefusedRow]) -> list[str]:
    names = [re.sub(r"[\s_]+", "_", header.casefold()).strip("_") for header in headers]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise Invalid("column-repeated", f"Dòng {line}: cột bị lặp: {', '.join(repeated)[:200]}.", line=line)
    for name in names:
        if name and name not in COLUMNS:
            words = f"Dòng {line}: không có cột {quoted(name)}.{meant(name, COLUMNS)}"
            refused.append(RefusedRow(line, "workflow-key-unknown", words))
    missing = [name for name in _REQUIRED if name not in names]
    if missing and not refused:  # a misspelled column is named above, and is the one that is missing
        raise Invalid("column-missing", f"Dòng {line}: thiếu cột bắt buộc: {', '.join(missing)}.", columns=missing)
    return names
