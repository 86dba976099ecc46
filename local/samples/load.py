"""The project's own sample data: a district's procedures, agencies and counters."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from services.intake.catalogue import CatalogueFile, read_catalogue
from services.intake.domain.procedure import Procedure

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Samples:
    """What the files hold."""

    counter_codes: tuple[str, ...]
    counter_names: dict[str, str]
    agency_codes: tuple[str, ...]
    agency_names: dict[str, str]
    procedures_file: Path = FOLDER / "procedures.csv"
    papers_file: Path = FOLDER / "papers.csv"
    agencies_file: Path = FOLDER / "agencies.csv"
    workflows_file: Path = FOLDER / "workflows.yaml"

    def catalogue(self) -> CatalogueFile:
        """The procedures with the papers they require."""
        return read_catalogue(self.procedures_file.read_bytes(), self.papers_file.read_bytes())


def read_samples() -> Samples:
    counters, agencies = _rows("counters.csv"), _rows("agencies.csv")
    return Samples(
        counter_codes=tuple(row["code"] for row in counters),
        counter_names={row["code"]: row["name"] for row in counters},
        agency_codes=tuple(row["code"] for row in agencies),
        agency_names={row["code"]: row["name"] for row in agencies},
    )


def handed_in(procedure: Procedure) -> list[dict[str, Any]]:
    """A checklist on which nothing lacks: what is asked for in every case, as original where one is wanted."""
    return [
        {"paper": number, "state": "original" if paper.originals else "copy"}
        for number, paper in enumerate(procedure.papers, start=1)
        if paper.always
    ]


def handed_in_by_code(code: str) -> list[dict[str, Any]]:
    """The same for a procedure of the samples; of others nothing is known, and nothing asked for."""
    procedure = _procedures().get(code)
    return handed_in(procedure) if procedure else []


@cache
def _procedures() -> dict[str, Procedure]:
    return {procedure.code: procedure for procedure in read_samples().catalogue().procedures}


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
