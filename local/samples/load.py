"""The project's own sample data: a district's procedures, agencies and counters."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Samples:
    """What the files hold."""

    counter_codes: tuple[str, ...]
    counter_names: dict[str, str]
    agency_codes: tuple[str, ...]
    procedures_file: Path = FOLDER / "procedures.csv"
    agencies_file: Path = FOLDER / "agencies.csv"


def read_samples() -> Samples:
    counters = _rows("counters.csv")
    return Samples(
        counter_codes=tuple(row["code"] for row in counters),
        counter_names={row["code"]: row["name"] for row in counters},
        agency_codes=tuple(row["code"] for row in _rows("agencies.csv")),
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
