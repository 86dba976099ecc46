"""What the checker knows before anything is judged: journals, states, the event log, the phone networks. Codes and ids
only, nothing personal.

Every rule looks at one dossier, one series of numbers or one command alone. So the rules may be given the facts of all
of them, or of some; what they say about one is the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from motcua.check.fences import Fences, Place


@dataclass(slots=True)
class Row:
    """A journal row, and what the event log shows of it."""

    service: str
    id: str
    topic: str
    type: str
    subject: str
    aggregate: str
    sequence: int | None
    """None: it belongs to no aggregate (answers to commands)."""
    pending: bool
    created_at: datetime
    sent_at: datetime | None
    key: bytes | None = None
    logged: bool = False
    """Whether the event log has it."""
    back: bool = False
    """Whether it lies in the log behind a later one of its stream."""
    at: Place | None = None
    """Where in the log it is, as long as a consumer has yet to apply it."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A record of the event log."""

    topic: str
    key: bytes | None
    id: str
    source: str
    type: str
    subject: str = ""
    causation: str | None = None
    written_ms: int = 0
    """When it was handed to the broker, wall clock."""
    at: Place = (0, 0)


@dataclass(slots=True)
class Command:
    """A command on the counters' topic, and its answers."""

    sent_ms: dict[str, int] = field(default_factory=dict)
    """By source, when: two partners may have used the same id."""
    answers: dict[str, bool] = field(default_factory=dict)
    """By event id, whether it says that it is done."""
    at: dict[str, Place] = field(default_factory=dict)
    """By source, where in the log it is, as long as intake has yet to apply it."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked key."""

    service: str
    key: str
    slug: str
    since: datetime | None = None

    @property
    def subject(self) -> str:
        return self.key.rpartition("|")[2]


@dataclass
class Facts:
    """Everything read, before anything is judged."""

    began_ms: float = field(default_factory=lambda: time.time() * 1000)
    """When reading began: what is written later may be in one place read and not yet in another."""
    fences: Fences = field(default_factory=Fences)
    journal: list[Row] = field(default_factory=list)
    numbers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By series: the last number given out, and those beyond it that came with a code of their own."""
    numbered: dict[str, set[int]] = field(default_factory=dict)
    """By series: numbers that are known to have their dossier, beside the dossiers here."""
    dossiers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    cases: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    notices: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    recipients: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By dossier code, only those who want notices."""
    unreadable: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By `collection/id`, documents that nobody can read: what they are about, and what is wrong with them."""
    parked: list[Parked] = field(default_factory=list)
    parked_before: list[Parked] = field(default_factory=list)
    """Keys that were parked before the states were read: what waited there may have been applied since."""
    dead_letters: dict[str, int] = field(default_factory=dict)
    log_was_read: bool = False
    newest_ms: dict[tuple[str, bytes | None], int] = field(default_factory=dict)
    """By topic and key of compacted topics: when the newest record there was written."""
    records: int = 0
    strays: dict[str, Logged] = field(default_factory=dict)
    """By id: records of ours that no journal knows."""
    commands: dict[str, Command] = field(default_factory=dict)
    """By id."""
    answers_began_ms: int | None = None
    """When the first answer of all was written; None: none ever was."""
    messages: list[Mapping[str, Any]] | None = None
    """None: no phone networks of ours."""
