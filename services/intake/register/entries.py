"""What a register file holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from contracts.types import HandOverMethod, Outcome
from services.intake.domain.people import Applicant


@dataclass(frozen=True)
class Place:
    """A row of the file, for a person who looks for it."""

    sheet: str
    """Empty for a CSV."""
    line: int


@dataclass(frozen=True)
class Note:
    """Why a row is refused, or what of it could not be taken; a sentence without personal data."""

    place: Place
    slug: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """One dossier of an old register."""

    place: Place
    reference: str
    """The counter's own reference: the old code, or year, book and number. It makes a repeated import harmless."""
    code: str | None
    """Mã hồ sơ, which it keeps; None: the book has none, and it gets one of the day it was received."""
    procedure_code: str
    """Empty: only the name is known."""
    procedure_name: str
    applicant: Applicant
    received_at: datetime
    due_at: datetime | None = None
    resolved_at: datetime | None = None
    outcome: Outcome | None = None
    returned_at: datetime | None = None
    method: HandOverMethod = HandOverMethod.COUNTER


@dataclass
class RegisterFile:
    """Every row is an entry, or refused with its line and a reason; nothing is guessed."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[Note] = field(default_factory=list)
    doubtful: list[Note] = field(default_factory=list)
    """Rows taken without a fact that cannot be used (a phone that is none)."""
