"""What a workflow file holds: texts with their lines as read, then workflows, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from services.routing.domain.workflow import WorkflowStep

T = TypeVar("T")

OF_WORKFLOW = ("procedure", "version")
ONE = ("id", "name", "agency", "role", "share", "join", "accept_hours")
"""Keys of a step with one value."""
MANY = ("after", "channels", "units", "cases")
"""Keys of a step with several."""
COLUMNS = (*OF_WORKFLOW, *ONE[:5], "after", *ONE[5:], *MANY[1:])
"""Of a CSV, in the order of the sample."""


@dataclass(frozen=True)
class Cell:
    """A text and the line it stands in."""

    text: str
    line: int


@dataclass(frozen=True)
class RawStep:
    """A step as it is written. A key that is not there says nothing; an empty list says "none"."""

    line: int
    one: Mapping[str, Cell] = field(default_factory=dict)
    many: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class RawWorkflow:
    """A workflow as it is written."""

    line: int
    one: Mapping[str, Cell]
    steps: tuple[RawStep, ...]


@dataclass(frozen=True)
class RefusedRow:
    """What is wrong, and where. One is enough: the file is refused whole."""

    line: int
    slug: str
    reason: str
    """For a person."""
    procedure: str = ""


@dataclass(frozen=True)
class Draft:
    """A workflow without a fault of its own."""

    steps: tuple[WorkflowStep, ...]
    in_hours: bool
    """The shares are hours, which only the published limit can tell to be right."""


@dataclass(frozen=True)
class Entry:
    """What a file says of one procedure version."""

    line: int
    code: str
    """Empty: it cannot be read, and was refused."""
    version: int | None
    """None: the version in use."""
    version_line: int
    agencies: tuple[Cell, ...]
    units: tuple[Cell, ...]
    """Of guards."""
    draft: Draft | None
    """None: refused already."""


@dataclass(frozen=True)
class WorkflowFile:
    """Taken whole or not at all."""

    entries: tuple[Entry, ...]
    refused: tuple[RefusedRow, ...]


def ids_of(steps: Sequence[WorkflowStep]) -> list[str]:
    """What people call the steps: their ids, else their numbers."""
    return [step.id or str(number) for number, step in enumerate(steps, start=1)]
