"""The sample catalogue of ``local/samples`` is well formed and its limits can be computed."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path

import pytest

from services.kit.worktime import VIET_NAM, LimitUnit, TimeLimit, WorkCalendar, due

SAMPLES = Path(__file__).resolve().parents[3] / "local" / "samples"
COLUMNS = [
    "code",
    "name",
    "field",
    "level",
    "time_limit_value",
    "time_limit_unit",
    "reduced_limit_value",
    "reduced_limit_unit",
    "fee_vnd",
    "fee_text",
    "deciding_agency",
    "implementing_agency",
    "coordinating_agencies",
    "agencies_in_steps",
    "result",
    "channels",
    "documents_count",
    "procedure_type",
]
#: Stand for the committee of that level responsible for the receiving counter.
GENERIC = {f"Ủy ban nhân dân cấp {level}" for level in ("tỉnh", "huyện", "xã")}
Rows = list[dict[str, str]]


def read(name: str) -> Rows:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def procedures() -> Rows:
    return read("procedures.csv")


@pytest.fixture(scope="module")
def agencies() -> Rows:
    return read("agencies.csv")


def test_procedures_have_the_columns_and_real_codes(procedures: Rows) -> None:
    """National codes are a digit, a dot and six digits; each procedure appears once."""
    assert list(procedures[0]) == COLUMNS
    assert all(re.fullmatch(r"\d\.\d{6}", row["code"]) for row in procedures)
    assert len({row["code"] for row in procedures}) == len(procedures) >= 48
    assert all(row["name"] and row["field"] and row["result"] and row["channels"] for row in procedures)
    assert all("huyện" in row["level"] or "xã" in row["level"] for row in procedures)
    assert all(row["fee_vnd"].isdigit() for row in procedures if row["fee_vnd"])


def test_catalogue_is_as_wide_as_a_district(procedures: Rows) -> None:
    """At least 41 fields, 10 procedures through several agencies, 12 due within the day or in hours."""
    limits = [TimeLimit.from_columns(row["time_limit_value"], row["time_limit_unit"]) for row in procedures]
    quick = [limit for limit in limits if limit and limit.unit in (LimitUnit.SAME_DAY, LimitUnit.WORKING_HOURS)]
    assert len({row["field"] for row in procedures}) >= 41
    assert sum("; " in row["agencies_in_steps"] for row in procedures) >= 10
    assert len(quick) >= 12


def test_every_limit_gives_a_due_date(procedures: Rows) -> None:
    """No row of the samples leaves the demonstration without a promise."""
    calendar = WorkCalendar()
    received = datetime(2025, 3, 3, 8, tzinfo=VIET_NAM)
    for row in procedures:
        limit = TimeLimit.from_columns(row["time_limit_value"], row["time_limit_unit"])
        assert limit is not None, row["code"]
        assert due(received, limit, calendar).due_at > received


def test_agencies_named_exist(procedures: Rows, agencies: Rows) -> None:
    """Every agency a procedure names is in the list, and every step has one."""
    known = {row["name"] for row in agencies} | GENERIC
    for row in procedures:
        for column in ("deciding_agency", "implementing_agency", "coordinating_agencies", "agencies_in_steps"):
            named = row[column].split("; ") if row[column] else []
            assert set(named) <= known, (row["code"], column)
            assert len(set(named)) == len(named), (row["code"], column)
        assert row["implementing_agency"], row["code"]
        assert row["agencies_in_steps"], row["code"]


def test_agency_codes_are_identifiers(agencies: Rows) -> None:
    """Dot groups below the province's code, at most 35 characters (QĐ 20/2020/QĐ-TTg); parents exist."""
    codes = [row["code"] for row in agencies]
    assert len(set(codes)) == len(codes)
    assert len({row["name"] for row in agencies}) == len(agencies)
    for row in agencies:
        assert re.fullmatch(r"H12(\.[0-9A-Z]{2,3})*", row["code"])
        assert len(row["code"]) <= 35
        assert row["parent"] in codes or row["code"] == "H12"
    assert sum(row["level"] == "xã" for row in agencies) == 16


def test_seventeen_counters_serve_existing_units(agencies: Rows) -> None:
    """The district's desk and one for each commune, each below its unit's code."""
    counters = read("counters.csv")
    units = {row["code"] for row in agencies if row["kind"] == "people_committee"}
    assert len(counters) == len({row["code"] for row in counters}) == 17
    assert len({row["unit"] for row in counters}) == 17
    assert all(row["unit"] in units and row["code"] == f"{row['unit']}.00" for row in counters)
    assert [row["code"] for row in counters if row["kind"] == "district_desk"] == ["H12.970.00"]
