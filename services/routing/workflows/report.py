"""What became of each workflow of a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["changed", "unchanged", "refused"]
MOST_ERRORS = 50


@dataclass(frozen=True)
class ReportRow:
    """One workflow, or one fault."""

    line: int
    procedure: str
    version: int | None
    outcome: Outcome
    steps: int = 0
    revision: int = 0
    """As it stands afterwards."""
    slug: str = ""
    reason: str = ""
    """Why it is refused, for a person."""


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do."""

    rows: tuple[ReportRow, ...]
    """Faults alone when there is one; at most 50 of them."""
    refused: int
    """How many faults there are."""
    dry_run: bool
    stored: bool

    def count(self, outcome: Outcome) -> int:
        return self.refused if outcome == "refused" else sum(row.outcome == outcome for row in self.rows)

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "dry_run": self.dry_run,
            "stored": self.stored,
            "changed": self.count("changed"),
            "unchanged": self.count("unchanged"),
            "refused": self.refused,
            "rows": [asdict(row) for row in self.rows],
        }
