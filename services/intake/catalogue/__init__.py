"""The catalogue as files bring it: procedures, the papers they require, and what became of each row."""

from __future__ import annotations

from services.intake.catalogue.entries import CatalogueFile, Entry, RefusedRow
from services.intake.catalogue.procedures import DISTRICT
from services.intake.catalogue.read import read_catalogue, read_papers
from services.intake.catalogue.report import ImportReport, Outcome, ReportRow

__all__ = [
    "DISTRICT", "CatalogueFile", "Entry", "ImportReport", "Outcome", "RefusedRow", "ReportRow", "read_catalogue",
    "read_papers",
]  # fmt: skip
