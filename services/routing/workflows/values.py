"""The single values of a file: codes, ids, shares, joins, hours, guards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.types import PROCEDURE_CODE_PATTERN, UNIT_CODE_PATTERN, Channel
from services.routing.domain.workflow import Guard
from services.routing.workflows.entries import Cell, RawStep, RefusedRow
from services.routing.workflows.shares import FORMS, Share, read_share
from services.routing.workflows.text import meant, quoted

MOST_CHARACTERS = 200
LONGEST_CODE, LONGEST_UNIT = 32, 35
"""As the contracts have them."""
LONGEST_ACCEPTANCE = 400
ALL, ANY = "all", "any"
_PROCEDURE, _UNIT = re.compile(PROCEDURE_CODE_PATTERN), re.compile(UNIT_CODE_PATTERN)
_ID = re.compile(r"\w[\w.-]{0,39}")
_VERSION = re.compile(r"[1-9][0-9]{0,5}")
_HOURS = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,2})?)\s*(?:giờ)?")


@dataclass
class Values:
    """Reads values and notes those that cannot be."""

    refused: list[RefusedRow] = field(default_factory=list)
    procedure: str = ""
    """Whose workflow it is, for the notes."""

    def refuse(self, row: RefusedRow) -> None:
        self.refused.append(RefusedRow(row.line, row.slug, row.reason, self.procedure))

    def procedure_code(self, cell: Cell | None, line: int) -> str:
        """Empty: there is none that can be read."""
        if cell is None:
            self.refuse(RefusedRow(line, "workflow-key-missing", f"Dòng {line}: thiếu mã thủ tục (procedure)."))
            return ""
        code = re.sub(r"\s+", "", cell.text).upper()
        if len(code) <= LONGEST_CODE and _PROCEDURE.fullmatch(code):
            return code
        words = f"Dòng {cell.line}: mã thủ tục không đúng dạng d.dddddd: {quoted(cell.text)}."
        self.refuse(RefusedRow(cell.line, "code-malformed", words))
        return ""

    def version(self, cell: Cell | None) -> int | None:
        if cell is None or _VERSION.fullmatch(cell.text):
            return None if cell is None else int(cell.text)
        self._malformed("version", cell, "số nguyên từ 1")
        return None

    def id(self, cell: Cell | None) -> str:
        if cell is None or _ID.fullmatch(cell.text):
            return "" if cell is None else cell.text
        self._malformed("id", cell, "tối đa 40 chữ, số, dấu chấm, gạch nối, không có khoảng trắng")
        return ""

    def text(self, raw: RawStep, key: str) -> str:
        cell = raw.one.get(key)
        if cell is not None and len(cell.text) > MOST_CHARACTERS:
            self._malformed(key, cell, f"tối đa {MOST_CHARACTERS} ký tự")
        return cell.text if cell else ""

    def required(self, raw: RawStep, key: str) -> Cell | None:
        if key not in raw.one:
            self.refuse(RefusedRow(raw.line, "workflow-key-missing", f"Dòng {raw.line}: bước thiếu {quoted(key)}."))
        return raw.one.get(key)

    def share(self, cell: Cell | None) -> Share | None:
        share = read_share(cell.text) if cell else None
        if cell is not None and share is None:
            words = f"Dòng {cell.line}: share phải là {FORMS}; không đọc được {quoted(cell.text)}."
            self.refuse(RefusedRow(cell.line, "workflow-share-malformed", words))
        return share

    def needs(self, cell: Cell | None, branches: int) -> int:
        """How many of the branches a step needs: 0 all of them."""
        if cell is None or cell.text.casefold() == ALL:
            return 0
        if cell.text.casefold() == ANY:
            return 1 if branches > 1 else 0
        if not re.fullmatch(r"[1-9][0-9]?", cell.text):
            self._malformed("join", cell, f"{ALL}, {ANY} hoặc một số từ 1")
            return 0
        if int(cell.text) > branches:
            words = f"Dòng {cell.line}: join đòi {cell.text} nhánh nhưng bước chỉ đi sau {branches} bước."
            self.refuse(RefusedRow(cell.line, "workflow-quorum-too-large", words))
            return 0
        return int(cell.text) % branches

    def accept_hours(self, cell: Cell | None) -> float | None:
        if cell is None:
            return None
        found = _HOURS.fullmatch(cell.text.casefold())
        hours = float(found[1].replace(",", ".")) if found else 0.0
        if 0 < hours <= LONGEST_ACCEPTANCE:
            return hours
        self._malformed("accept_hours", cell, f"số giờ làm việc trên 0, tối đa {LONGEST_ACCEPTANCE}")
        return None

    def guard(self, raw: RawStep) -> Guard:
        channels = self._listed(raw, "channels")
        for cell in channels:
            if cell.text not in list(Channel):
                near = meant(cell.text, list(Channel))
                words = f"Dòng {cell.line}: không có kênh {quoted(cell.text)}; có {', '.join(Channel)}.{near}"
                self.refuse(RefusedRow(cell.line, "workflow-channel-unknown", words))
        for cell in self._listed(raw, "units"):
            if len(cell.text) > LONGEST_UNIT or not _UNIT.fullmatch(cell.text):
                self._malformed("units", cell, "mã định danh đơn vị, ví dụ H12.970")
        for cell in self._listed(raw, "cases"):
            if len(cell.text) > 2 * MOST_CHARACTERS:
                self._malformed("cases", cell, f"tối đa {2 * MOST_CHARACTERS} ký tự")
        return Guard(*(tuple(cell.text for cell in self._listed(raw, key)) for key in ("channels", "units", "cases")))

    def _listed(self, raw: RawStep, key: str) -> Sequence[Cell]:
        return raw.many.get(key, ())

    def _malformed(self, key: str, cell: Cell, wanted: str) -> None:
        words = f"Dòng {cell.line}: {key} phải là {wanted}; không nhận {quoted(cell.text)}."
        self.refuse(RefusedRow(cell.line, "workflow-value-malformed", words))
