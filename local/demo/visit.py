"""One citizen with one dossier: how it comes in, what becomes of it, what papers it has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.types import HandOverProof
from services.intake.domain.procedure import Procedure


class Door(StrEnum):
    """How a dossier comes in."""

    DESK = "desk"
    SOFTWARE = "software"
    """The counter's own, over Kafka."""
    PORTAL = "portal"
    FORM = "form"


class Course(StrEnum):
    """What becomes of it before an agency has it."""

    COMPLETE = "complete"
    MISSING = "missing"
    """A paper is missing and comes later."""
    ON_THE_SPOT = "on_the_spot"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """Received, and taken back while an agency has it."""
    TAKEN_BACK = "taken_back"
    """Filed, and taken back before the desk answered."""
    FORGOTTEN = "forgotten"
    """Nobody answered in time; then it goes its way."""


class Turn(StrEnum):
    """What an agency does beside accepting and finishing, once for the dossier."""

    PLAIN = "plain"
    PAPERS = "papers"
    """It asks for more; the limit begins anew."""
    PAYMENT = "payment"
    """It asks for a financial duty; the limit goes on after it."""
    OPINION = "opinion"
    """It asks somebody else; the limit goes on after that."""
    NEW_DATE = "new_date"
    """Its head apologises and signs a new date."""
    SENT_BACK = "sent_back"
    """The second agency sends it back to the first."""


@dataclass(frozen=True)
class Visit:
    """One citizen with one dossier."""

    number: int
    person: int
    """Number of the visit in which this person came first."""
    counter: str
    procedure: Procedure
    phone: str
    door: Door
    course: Course
    turn: Turn
    proof: HandOverProof
    score: int | None
    """What the citizen answers to the invitation; None: nothing."""
    tracks: bool
    batch: int | None = None
    """Number of the visit with which it was brought, when one person brought several."""

    @property
    def reference(self) -> str:
        return f"demo-{self.number:06d}"

    @property
    def online(self) -> bool:
        return self.door in (Door.PORTAL, Door.FORM)

    @property
    def by_post(self) -> bool:
        return self.proof is HandOverProof.POSTAL_RECEIPT

    @property
    def lacking(self) -> int | None:
        """The paper that can be missing: the last of those that are always required."""
        numbers = [n for n, paper in enumerate(self.procedure.papers, start=1) if paper.always]
        return numbers[-1] if numbers else None

    def checklist(self, *, complete: bool) -> list[dict[str, Any]]:
        """The papers as they are handed in."""
        lines: list[dict[str, Any]] = []
        for number, paper in enumerate(self.procedure.papers, start=1):
            if not paper.always:
                lines.append({"paper": number, "state": "not_applicable", "reason": "other-case"})
            elif number == self.lacking and not complete:
                lines.append({"paper": number, "state": "missing", "reason": "missing-papers"})
            else:
                lines.append({"paper": number, "state": self._state(paper.originals)})
        return lines

    def brought(self) -> list[dict[str, Any]]:
        """The paper that was missing."""
        return [line for line in self.checklist(complete=True) if line["paper"] == self.lacking]

    def wanted(self) -> list[dict[str, Any]]:
        """What the desk asks for. A procedure that publishes no list is asked by name."""
        if self.lacking is not None:
            return [{"paper": self.lacking, "reason": "missing-papers"}]
        return [{"name": "Bản sao giấy tờ liên quan", "reason": "missing-papers"}]

    def _state(self, originals: int) -> str:
        if self.online:
            return "digital"
        return "original" if originals else "copy"
