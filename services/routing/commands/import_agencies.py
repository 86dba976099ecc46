"""Load the directory of agencies from a CSV file (code, name, level, parent, kind)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Invalid
from contracts.types import UNIT_CODE_PATTERN
from services.kit.store import Ref
from services.kit.work import Work
from services.routing.domain.directory import Agency, Directory
from services.routing.store import DIRECTORY, THE_DIRECTORY

_CODE = re.compile(UNIT_CODE_PATTERN)


def read_agencies(content: bytes) -> Directory:
    """Read the file whole or not at all.

    Raises: Invalid `file-not-utf8`, `file-malformed`, `column-missing`, `agency-code-malformed`,
        `agency-name-missing`, `agency-repeated`, `agency-parent-unknown`, `agency-circle`, with the line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("file-not-utf8", "Tệp không phải UTF-8.") from None
    agencies: dict[str, Agency] = {}
    lines: dict[str, int] = {}
    for line, row in _rows(text):
        code = row["code"]
        if not _CODE.fullmatch(code):
            raise Invalid("agency-code-malformed", f"Dòng {line}: mã cơ quan không đúng dạng: {code[:40]}.")
        if not row["name"]:
            raise Invalid("agency-name-missing", f"Dòng {line}: thiếu tên cơ quan.")
        if code in agencies:
            raise Invalid("agency-repeated", f"Dòng {line}: mã {code} đã có ở dòng {lines[code]}.")
        parent = row.get("parent") or None
        agencies[code] = Agency(code, row["name"], row.get("level", ""), parent, row.get("kind", ""))
        lines[code] = line
    for agency in agencies.values():
        _check_line_of_parents(agency, agencies, lines[agency.code])
    return Directory(tuple(agencies.values()))


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        if not {"code", "name"} <= set(reader.fieldnames or ()):
            raise Invalid("column-missing", "Tệp cơ quan cần có cột code và name.")
        for row in reader:
            yield reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}
    except csv.Error as error:
        raise Invalid("file-malformed", f"Dòng {reader.line_num}: tệp CSV bị hỏng ({error}).") from None


def _check_line_of_parents(agency: Agency, agencies: dict[str, Agency], line: int) -> None:
    seen = {agency.code}
    parent = agency.parent
    while parent is not None:
        if parent not in agencies:
            raise Invalid("agency-parent-unknown", f"Dòng {line}: không có cơ quan cấp trên {parent}.")
        if parent in seen:
            raise Invalid("agency-circle", f"Dòng {line}: {agency.code} là cấp trên của chính mình.")
        seen.add(parent)
        parent = agencies[parent].parent


@dataclass(frozen=True)
class ReplaceDirectory:
    """Put a read directory in place."""

    directory: Directory

    def needs(self) -> Iterable[Ref]:
        yield Ref(DIRECTORY, THE_DIRECTORY)

    def decide(self, work: Work, now: datetime) -> bool:
        """Returns: whether anything changed."""
        if work.get(DIRECTORY, THE_DIRECTORY) == self.directory:
            return False
        work.put(DIRECTORY, THE_DIRECTORY, self.directory)
        return True
