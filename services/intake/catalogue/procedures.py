"""Rows to procedures: the columns of the public procedure lists."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from contracts.problems import Invalid
from contracts.types import PROCEDURE_CODE_PATTERN, LimitUnit
from services.intake.catalogue.entries import CatalogueFile, Entry, RefusedRow
from services.intake.catalogue.limits import MAX_LIMIT, read_limits
from services.intake.domain.procedure import Procedure
from services.intake.tables import Row, Table, cut
from services.kit import worktime

DISTRICT = "Ủy ban nhân dân cấp huyện"
MOST_PROCEDURES = 5_000
"""They are published in one transaction, and the national list of a province's procedures has about two thousand."""
MAX_CODE = 32
"""As the contract of `procedure.published` has it: a row beyond could be read here and never be published."""
_CODE = re.compile(PROCEDURE_CODE_PATTERN)
_MONEY = re.compile(r"[0-9]{1,12}|[0-9]{1,3}([.,][0-9]{3}){1,3}")
"""`8000`, `8.000`, `8,000`: whole đồng."""
_AGENCY_COLUMNS = ("agencies_in_steps", "implementing_agency", "deciding_agency")
_OF_PAPERS = frozenset({"originals", "copies"})
_OF_PROCEDURES = frozenset({"field", "level", "time_limit_value", "result", *_AGENCY_COLUMNS})


def read_procedures(table: Table, file: CatalogueFile) -> None:
    """Add the rows of `table` to `file`. Only the column `name` is required; unknown columns are ignored.

    Raises: Invalid `column-missing`, `file-holds-papers`, `file-too-long`.
    """
    table.require("name")
    if table.columns & _OF_PAPERS and not table.columns & _OF_PROCEDURES:
        words = "Tệp này là danh sách thành phần hồ sơ, không phải danh mục thủ tục."
        raise Invalid("file-holds-papers", words)
    if len(table.rows) > MOST_PROCEDURES:
        raise Invalid("file-too-long", f"Tệp có hơn {MOST_PROCEDURES} thủ tục. Hãy chia thành nhiều tệp.")
    seen: dict[str, int] = {}
    for row in table.rows:
        doubts: list[RefusedRow] = []
        try:
            procedure = _procedure(row, doubts)
            if procedure.code in seen:
                raise Invalid("code-repeated", f"Mã {procedure.code} đã có ở dòng {seen[procedure.code]}.")
        except Invalid as error:
            file.refused.append(RefusedRow(row.line, error.slug, error.message, code=row["code"][:40]))
            continue
        seen[procedure.code] = row.line
        file.entries.append(Entry(row.line, procedure.code, procedure))
        file.doubtful += (replace(doubt, code=procedure.code) for doubt in doubts)


def procedure_code(text: str) -> str:
    """The national code with stray spaces removed. Raises: Invalid `code-malformed`."""
    code = re.sub(r"\s+", "", text).upper()
    if len(code) > MAX_CODE or not _CODE.fullmatch(code):
        raise Invalid("code-malformed", f"Mã thủ tục không đúng dạng d.dddddd: {code[:40]}.")
    return code


def _procedure(row: Row, doubts: list[RefusedRow]) -> Procedure:
    name = cut(row["name"])
    if not name:
        raise Invalid("name-missing", "Thiếu tên thủ tục.")
    # A source without codes gets a stable one from the name.
    code = procedure_code(row["code"]) if row["code"] else f"X.{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
    statutory = _limit(row, "time_limit", doubts)
    reduced = _reduced(_limit(row, "reduced_limit", doubts), statutory)
    return Procedure(
        code=code,
        version=0,
        name=name,
        field=cut(row["field"]) or "Lĩnh vực khác",
        level=cut(row["level"]),
        agencies=_agencies(row),
        limit_value=_value(reduced or statutory),
        limit_unit=_unit(reduced or statutory),
        fee_vnd=_fee(row, doubts),
        result=cut(row["result"]),
        statutory_limit_value=_value(statutory) if reduced else None,
        statutory_limit_unit=_unit(statutory) if reduced else None,
        limits=read_limits(row["limits"]),
    )


def _limit(row: Row, column: str, doubts: list[RefusedRow]) -> worktime.TimeLimit | None:
    """The limit in `<column>_value` and `<column>_unit`; one that cannot be read is left out and named."""
    value, unit = row[f"{column}_value"], row[f"{column}_unit"]
    try:
        limit = worktime.TimeLimit.from_columns(value, unit)
        if limit is None or 0 < float(limit.amount) <= MAX_LIMIT:
            return limit
    except worktime.LimitError:
        pass
    words = f"Thời hạn không đọc được: “{value[:40]} {unit[:40]}”."
    doubts.append(RefusedRow(row.line, "limit-unknown", words))
    return None


def _reduced(reduced: worktime.TimeLimit | None, statutory: worktime.TimeLimit | None) -> worktime.TimeLimit | None:
    """The locally reduced limit (cắt giảm thời gian giải quyết); None: nothing is reduced.

    Raises:
        Invalid `reduced-limit-alone`: the statutory limit that it reduces is not stated.
        Invalid `reduced-limit-longer`: a province may shorten the law's limit, never extend it. Days against working
            days or months have no fixed measure: refused is what is certain, the same unit.
    """
    if reduced is None:
        return None
    if statutory is None:
        raise Invalid("reduced-limit-alone", "Có thời hạn đã cắt giảm nhưng thiếu thời hạn theo quy định.")
    if reduced.unit is statutory.unit and reduced.amount > statutory.amount:
        words = f"Thời hạn đã cắt giảm ({reduced.label_vi}) dài hơn thời hạn theo quy định ({statutory.label_vi})."
        raise Invalid("reduced-limit-longer", words)
    return None if reduced == statutory else reduced


def _value(limit: worktime.TimeLimit | None) -> float | None:
    return None if limit is None else float(limit.amount)


def _unit(limit: worktime.TimeLimit | None) -> LimitUnit | None:
    return None if limit is None else LimitUnit(limit.unit.value)


def _agencies(row: Row) -> tuple[str, ...]:
    """Agencies in order: those the steps name, else who implements, else who decides, else the district."""
    for column in _AGENCY_COLUMNS:
        names = [cut(name.strip()) for name in row[column].split(";")]
        unique = tuple(dict.fromkeys(name for name in names if name))
        if unique:
            return unique[:20]
    return (DISTRICT,)


def _fee(row: Row, doubts: list[RefusedRow]) -> int | None:
    text = row["fee_vnd"]
    if not text:
        return None
    if _MONEY.fullmatch(text):
        return int(re.sub("[.,]", "", text))
    doubts.append(RefusedRow(row.line, "fee-unknown", f"Phí, lệ phí không đọc được: “{text[:40]}”."))
    return None
