"""What became of each row of a register: as data, and as a CSV for a spreadsheet. Codes and lines, nobody's name."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from services.intake.tables import spreadsheet_csv

Became = Literal["registered", "repeated", "refused", "doubtful"]
"""`repeated`: it was imported before; `doubtful` stands beside the row's own fate: one fact of it was left out."""


@dataclass(frozen=True)
class ReportRow:
    """One row, or one doubt about it."""

    sheet: str
    line: int
    became: Became
    code: str = ""
    """Mã hồ sơ; empty where a dry run gives none out."""
    slug: str = ""
    reason: str = ""
    """Why it is refused or doubtful, for a person."""


@dataclass(frozen=True)
class RegisterReport:
    """What an import did, or would do."""

    rows: tuple[ReportRow, ...]
    dry_run: bool

    def count(self, became: Became) -> int:
        return self._counts[became]

    @property
    def _counts(self) -> Counter[Became]:
        return Counter(row.became for row in self.rows)

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        counts = self._counts
        return {
            "dry_run": self.dry_run,
            **{became: counts[became] for became in get_args(Became)},
            "rows": [asdict(row) for row in self.rows],
        }

    def as_csv(self) -> str:
        names = [field.name for field in fields(ReportRow)]
        return spreadsheet_csv(names, (asdict(row).values() for row in self.rows))
