"""What a catalogue file holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from services.intake.domain.procedure import Paper, Procedure

Part = Literal["procedures", "papers"]
"""Which list a line number belongs to."""


@dataclass(frozen=True)
class RefusedRow:
    """A row that is not taken, or not whole."""

    line: int
    slug: str
    reason: str
    part: Part = "procedures"
    code: str = ""


@dataclass(frozen=True)
class Entry:
    """What a file says of one procedure."""

    line: int
    code: str
    procedure: Procedure | None
    """Without its papers; None: only papers are listed, for a procedure in use."""
    papers: tuple[Paper, ...] | None = None
    """None: the file does not say, and those in use stay."""

    @property
    def part(self) -> Part:
        return "papers" if self.procedure is None else "procedures"


@dataclass
class CatalogueFile:
    """Every row is an entry, or refused with its line and a reason; nothing is guessed."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    doubtful: list[RefusedRow] = field(default_factory=list)
    """Rows taken without a fact that cannot be read (a limit of "0 giờ" occurs); a person must look."""

    @property
    def procedures(self) -> list[Procedure]:
        """The procedures with the papers that the file lists."""
        return [replace(e.procedure, papers=e.papers or ()) for e in self.entries if e.procedure is not None]

    @property
    def without_limit(self) -> int:
        """Procedures whose source states no single limit: published, but no dossier can be promised a date."""
        return sum(procedure.limit_value is None for procedure in self.procedures)
