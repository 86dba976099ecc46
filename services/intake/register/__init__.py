"""Old registers of dossiers (sổ theo dõi hồ sơ) as files bring them, and what became of each row."""

from __future__ import annotations

from services.intake.register.entries import Entry, RegisterFile
from services.intake.register.read import read_register
from services.intake.register.report import RegisterReport, ReportRow

__all__ = ["Entry", "RegisterFile", "RegisterReport", "ReportRow", "read_register"]
