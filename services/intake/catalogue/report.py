"""What became of each row of a catalogue file: as data, and as a CSV for a spreadsheet."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from services.intake.catalogue.entries import Part
from services.intake.tables import spreadsheet_csv

Outcome = Literal["added", "changed", "unchanged", "refused", "doubtful"]
"""`doubtful` stands beside the row's own outcome: it is taken without a fact that cannot be read."""


@dataclass(frozen=True)
class ReportRow:
    """One row, or one doubt about it."""

    part: Part
    line: int
    code: str
    name: str
    outcome: Outcome
    fields: tuple[str, ...] = ()
    """Which facts changed."""
    slug: str = ""
    reason: str = ""
    """Why it is refused or doubtful, for a person."""


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do."""

    rows: tuple[ReportRow, ...]
    without_limit: int
    """Procedures published without a time limit: no dossier can be promised a date under them."""
    dry_run: bool
    stored: bool
    """False after a dry run, and when refused rows stopped the import."""

    def count(self, outcome: Outcome) -> int:
        return self._counts[outcome]

    @property
    def _counts(self) -> Counter[Outcome]:
        return Counter(row.outcome for row in self.rows)

    @property
    def added(self) -> int:
        return self.count("added")

    @property
    def changed(self) -> int:
        return self.count("changed")

    @property
    def unchanged(self) -> int:
        return self.count("unchanged")

    @property
    def refused(self) -> int:
        return self.count("refused")

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        counts = self._counts
        return {
            "dry_run": self.dry_run,
            "stored": self.stored,
            **{outcome: counts[outcome] for outcome in get_args(Outcome)},
            "without_limit": self.without_limit,
            "rows": [asdict(row) for row in self.rows],
        }

    def as_csv(self) -> str:
        names = [field.name for field in fields(ReportRow)]
        rows = ((asdict(row) | {"fields": "; ".join(row.fields)}).values() for row in self.rows)
        return spreadsheet_csv(names, rows)
