"""What the checker can find."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["lost", "duplicated", "orphan", "out_of_order", "stuck", "statistics"]
KINDS: tuple[Kind, ...] = ("lost", "duplicated", "orphan", "out_of_order", "stuck", "statistics")
Mode = Literal["full", "incremental"]
SHOWN = 50
VERSION = 1
"""Of the machine-readable form. Fields may be added under the same number; one that changes or goes raises it."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be."""

    kind: Kind
    rule: str
    """Which rule found it, a stable word."""
    subject: str
    """Dossier code, event id or place; never personal."""
    detail: str = ""
    about: str = ""
    """The dossier, series or command it belongs to, where that is not the subject."""

    @property
    def concerns(self) -> str:
        return self.about or self.subject


@dataclass
class Report:
    """The verdict."""

    findings: list[Finding] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """How much was compared: dossiers, events, records, notices, messages."""
    notes: list[str] = field(default_factory=list)
    """What was not compared, and why; dead letters that wait for an operator."""
    mode: Mode = "full"
    at: datetime | None = None
    """When it began, on the clock of the installation."""
    seconds: float = 0.0

    def add(self, kind: Kind, rule: str, subject: str, detail: str = "", about: str = "") -> None:
        self.findings.append(Finding(kind, rule, subject, detail, about))

    def count(self, kind: Kind) -> int:
        return sum(finding.kind == kind for finding in self.findings)

    @property
    def clean(self) -> bool:
        return not self.findings

    @property
    def verdict(self) -> str:
        """`lost 0, duplicated 0, orphan 0, ...`"""
        return ", ".join(f"{kind} {self.count(kind)}" for kind in KINDS)

    def as_dict(self) -> dict[str, Any]:
        """Machine-readable form, see docs/guarantees.md."""
        return {
            "version": VERSION,
            "mode": self.mode,
            "at": None if self.at is None else self.at.isoformat(),
            "seconds": round(self.seconds, 3),
            "clean": self.clean,
            "counts": {kind: self.count(kind) for kind in KINDS},
            "rules": dict(sorted(Counter(finding.rule for finding in self.findings).items())),
            "seen": dict(self.seen),
            "notes": self.notes,
            "findings": [asdict(finding) for finding in self.findings],
        }
