"""What the checker can find."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["lost", "duplicated", "orphan", "out_of_order", "stuck", "statistics"]
KINDS: tuple[Kind, ...] = ("lost", "duplicated", "orphan", "out_of_order", "stuck", "statistics")
SHOWN = 50


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be."""

    kind: Kind
    rule: str
    """Which rule found it, a stable word."""
    subject: str
    """Dossier code, event id or place; never personal."""
    detail: str = ""


@dataclass
class Report:
    """The verdict."""

    findings: list[Finding] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """How much was compared: dossiers, events, records, notices, messages."""
    notes: list[str] = field(default_factory=list)
    """What was not compared, and why; dead letters that wait for an operator."""

    def add(self, kind: Kind, rule: str, subject: str, detail: str = "") -> None:
        self.findings.append(Finding(kind, rule, subject, detail))

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
        """Machine-readable form."""
        return {
            "clean": self.clean,
            "counts": {kind: self.count(kind) for kind in KINDS},
            "seen": dict(self.seen),
            "notes": self.notes,
            "findings": [asdict(finding) for finding in self.findings],
        }
