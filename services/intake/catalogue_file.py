"""Reading a catalogue file (CSV): every row is accepted, or refused with its line and a reason; nothing is guessed."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.problems import Invalid
from contracts.types import PROCEDURE_CODE_PATTERN, LimitUnit
from services.intake.domain.procedure import Procedure
from services.kit import worktime

REQUIRED = ("name",)
DISTRICT = "Ủy ban nhân dân cấp huyện"
MAX_CODE, MAX_LIMIT = 32, 10_000
"""As the contract of `procedure.published` has them: a row beyond could be read here and never be published."""
_CODE = re.compile(PROCEDURE_CODE_PATTERN)
_AGENCY_COLUMNS = ("agencies_in_steps", "implementing_agency", "deciding_agency")


@dataclass(frozen=True)
class RefusedRow:
    """A row that is not taken, or not whole."""

    line: int
    slug: str
    reason: str


@dataclass
class CatalogueFile:
    """What a file holds."""

    procedures: list[Procedure] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    doubtful: list[RefusedRow] = field(default_factory=list)
    """Rows taken without their time limit, because it cannot be read ("0 giờ" occurs); a person must look."""
    without_limit: int = 0
    """Rows whose source states no single limit: published, but no dossier can be promised a date under them."""


def read_catalogue(content: bytes) -> CatalogueFile:
    """Read a UTF-8 CSV with the columns of the public procedure lists; order free, unknown columns ignored.

    Raises: Invalid `file-not-utf8`, `file-empty`, `column-missing`, `file-malformed`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            "file-not-utf8", f"Tệp không phải UTF-8 (byte thứ {error.start + 1}). Hãy lưu lại dưới dạng CSV UTF-8."
        ) from None
    result = CatalogueFile()
    seen: dict[str, int] = {}
    for line, row in _rows(unicodedata.normalize("NFC", text)):
        try:
            limit = _limit(row, line, result)
            procedure = _procedure(row, limit)
        except Invalid as error:
            result.refused.append(RefusedRow(line, error.slug, error.message))
            continue
        if procedure.code in seen:
            words = f"Mã {procedure.code} đã có ở dòng {seen[procedure.code]}."
            result.refused.append(RefusedRow(line, "code-repeated", words))
            continue
        seen[procedure.code] = line
        result.without_limit += procedure.limit_value is None
        result.procedures.append(procedure)
    return result


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    if not text.strip():
        raise Invalid("file-empty", "Tệp không có nội dung.")
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        columns = [name.strip().lower() for name in reader.fieldnames or []]
        missing = [name for name in REQUIRED if name not in columns]
        if missing:
            raise Invalid("column-missing", f"Thiếu cột bắt buộc: {', '.join(missing)}.")
        reader.fieldnames = columns
        for row in reader:
            yield reader.line_num, {name: (value or "").strip() for name, value in row.items() if name}
    except csv.Error as error:
        raise Invalid("file-malformed", f"Dòng {reader.line_num}: tệp CSV bị hỏng ({error}).") from None


def _procedure(row: dict[str, str], limit: worktime.TimeLimit | None) -> Procedure:
    name = row["name"][:500]
    if not name:
        raise Invalid("name-missing", "Thiếu tên thủ tục.")
    return Procedure(
        code=_procedure_code(row.get("code", ""), name),
        version=0,
        name=name,
        field=row.get("field", "")[:500] or "Lĩnh vực khác",
        level=row.get("level", ""),
        agencies=_agencies(row),
        limit_value=None if limit is None else float(limit.amount),
        limit_unit=None if limit is None else LimitUnit(limit.unit.value),
        fee_vnd=_fee(row.get("fee_vnd", "")),
        result=row.get("result", "")[:500],
    )


def _procedure_code(code: str, name: str) -> str:
    """The national code with stray spaces removed; a source without codes gets a stable one from the name."""
    code = re.sub(r"\s+", "", code).upper()
    if not code:
        return "X." + hashlib.sha256(name.encode()).hexdigest()[:8].upper()
    if len(code) > MAX_CODE or not _CODE.fullmatch(code):
        raise Invalid("code-malformed", f"Mã thủ tục không đúng dạng d.dddddd: {code[:40]}.")
    return code


def _limit(row: dict[str, str], line: int, result: CatalogueFile) -> worktime.TimeLimit | None:
    try:
        limit = worktime.TimeLimit.from_columns(row.get("time_limit_value", ""), row.get("time_limit_unit", ""))
        if limit is not None and not 0 < float(limit.amount) <= MAX_LIMIT:
            raise worktime.LimitError(f"{limit.label_vi}")
        return limit
    except worktime.LimitError as error:
        result.doubtful.append(RefusedRow(line, "limit-unknown", f"Thời hạn không đọc được: {error}."))
        return None


def _agencies(row: dict[str, str]) -> tuple[str, ...]:
    """Agencies in order: those the steps name, else who implements, else who decides, else the district."""
    for column in _AGENCY_COLUMNS:
        names = [name.strip()[:500] for name in row.get(column, "").split(";")]
        unique = tuple(dict.fromkeys(name for name in names if name))
        if unique:
            return unique[:20]
    return (DISTRICT,)


def _fee(value: str) -> int | None:
    digits = value.replace(".", "").replace(",", "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None
