"""What a benchmark found: a table for people, figures as JSON, bars for the chart, and how it stands to its goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from motcua.check import Report


@dataclass(frozen=True)
class Goal:
    """What was to be reached."""

    words: str
    value: float
    bound: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def as_dict(self) -> dict[str, Any]:
        return {"words": self.words, "value": self.value, "bound": self.bound, "met": self.met}


@dataclass(frozen=True)
class Bars:
    """One panel of the chart."""

    title: str
    unit: str
    values: Mapping[str, float]


@dataclass
class Result:
    """Of one benchmark."""

    name: str
    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    bars: list[Bars] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    check: Report | None = None
    """None: nothing of the system was at work, so there is nothing to compare."""

    @property
    def valid(self) -> bool:
        return self.check is None or self.check.clean

    def show(self, console: Console) -> None:
        table = Table(title=self.title, title_justify="left")
        for place, column in enumerate(self.columns):
            table.add_column(column, justify="right" if place else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for goal in self.goals:
            sign = "≥" if goal.at_least else "≤"
            colour = "green" if goal.met else "yellow"
            console.print(f"  [{colour}]{goal.words}: {goal.value:.3g} (mục tiêu {sign} {goal.bound:g})[/]")
        for note in self.notes:
            console.print(f"  [dim]{note}[/]")
        if self.check is not None:
            console.print(f"  Đối chiếu: {self.check.verdict}")
            for finding in self.check.findings[:10]:
                console.print(f"  [red]{finding.kind} {finding.rule}: {finding.subject} {finding.detail}[/red]")

    def as_dict(self) -> dict[str, Any]:
        return {
            "valid": self.valid,
            "figures": self.figures,
            "goals": [goal.as_dict() for goal in self.goals],
            "checker": None if self.check is None else self.check.as_dict()["counts"],
        }


def middle(values: Sequence[float]) -> float:
    """The median; of no values 0."""
    return median(values) if values else 0.0


def number(value: float) -> str:
    """As a table shows it: three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}".replace(",", ".")
    return f"{value:.3g}".replace(".", ",")
