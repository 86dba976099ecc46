"""Where intake keeps its aggregates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.intake.domain.attachment import Attachments
from services.intake.domain.dossier import Dossier
from services.intake.domain.draft import Draft
from services.intake.domain.feedback import Feedback
from services.intake.domain.informed import Informed
from services.intake.domain.numbering import DailyNumber
from services.intake.domain.procedure import Procedure
from services.intake.domain.rating import Invitation, Rating
from services.intake.domain.slip import Slips
from services.intake.domain.status import Status
from services.kit import files, limiter
from services.kit.store import Store
from services.kit.worktime import CalendarEdition

THE_CALENDAR = "current"


@dataclass(frozen=True)
class Request:
    """A registration that was answered: the same key again gets the same dossier."""

    fingerprint: str
    code: str
    at: datetime


@dataclass(frozen=True)
class CatalogueEdition:
    """Grows with every publication, so that who keeps a copy of the catalogue sees in one small read that it is old."""

    number: int = 0


@dataclass(frozen=True)
class FilingsOfAPerson:
    """Codes of a person's dossiers of one procedure, the newest last."""

    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OneTimeCode:
    """A code that was sent to a phone; only its salted hash is kept."""

    hash: str
    salt: str
    issued_at: datetime
    expires_at: datetime
    used: bool = False


@dataclass(frozen=True)
class Download:
    """The right to fetch the result documents of a dossier, for a while."""

    code: str
    expires_at: datetime


def _waits_for_answer(dossier: Dossier) -> Mapping[str, Any]:
    """When the desk's time to answer is over; absent when nothing is to be flagged."""
    waits = dossier.status is Status.REGISTERED and not dossier.overdue_told
    return {"answer_watch": dossier.answer_due_at} if waits else {}


def _open_follow_up(rating: Rating) -> Mapping[str, Any]:
    """The counter that must follow up; absent when there is nothing to do."""
    is_open = rating.follow_up is not None and rating.follow_up.closed_at is None
    return {"follow_up_open": rating.counter} if is_open else {}


DOSSIERS: Store[Dossier] = Store(
    "dossiers",
    Dossier,
    # Each index costs every write; the last holds only filings that wait. The desk's lists ask by counter and status.
    # The register must not: a dossier that changes its status while it is read would be missed or come twice.
    indexes=(
        IndexModel([("counter", ASCENDING), ("status", ASCENDING), ("received_at", ASCENDING)], name="desk"),
        IndexModel([("counter", ASCENDING), ("received_at", ASCENDING)], name="register"),
        IndexModel([("answer_watch", ASCENDING)], name="answer_watch", sparse=True),
    ),
    derived=_waits_for_answer,
)
PROCEDURES: Store[Procedure] = Store("procedures", Procedure)
"""The version in use, by code."""
PROCEDURE_VERSIONS: Store[Procedure] = Store("procedure_versions", Procedure)
"""Every version ever published, by `code@version`."""
CATALOGUE: Store[CatalogueEdition] = Store("catalogue", CatalogueEdition)
"""One, by the id `edition`."""
CALENDAR: Store[CalendarEdition] = Store("calendar", CalendarEdition, reference=True)
"""One, by the id `THE_CALENDAR`: the working calendar as routing published it last."""
NUMBERS: Store[DailyNumber] = Store("numbers", DailyNumber)
REQUESTS: Store[Request] = Store("requests", Request)
INFORMED: Store[Informed] = Store("informed", Informed)
"""By dossier code."""

FILINGS_OF_A_PERSON: Store[FilingsOfAPerson] = Store("filings_of_a_person", FilingsOfAPerson)
"""By hash of person and procedure."""
ONE_TIME_CODES: Store[OneTimeCode] = Store("one_time_codes", OneTimeCode)
"""By dossier code and purpose."""
SLIPS: Store[Slips] = Store("slips", Slips)
"""By dossier code."""
DOWNLOADS: Store[Download] = Store("downloads", Download)
"""By hash of the token."""
INVITATIONS: Store[Invitation] = Store("invitations", Invitation)
"""By hash of the token."""
RATINGS: Store[Rating] = Store(
    "ratings",
    Rating,
    indexes=(
        IndexModel([("counter", ASCENDING), ("rated_at", ASCENDING)], name="counter"),
        IndexModel([("follow_up_open", ASCENDING)], name="follow_up_open", sparse=True),
    ),
    derived=_open_follow_up,
)
"""By dossier code."""
FEEDBACK: Store[Feedback] = Store(
    "feedback",
    Feedback,
    indexes=(IndexModel([("open", ASCENDING), ("counter", ASCENDING)], name="desk"),),
    derived=lambda feedback: {"open": feedback.answered_at is None},
)
"""By reference."""
ATTACHMENTS: Store[Attachments] = Store(
    "attachments", Attachments, indexes=(IndexModel([("files.id", ASCENDING)], name="files"),)
)
"""By dossier code."""
DRAFTS: Store[Draft] = Store(
    "drafts",
    Draft,
    indexes=(
        IndexModel([("attachments.files.id", ASCENDING)], name="files"),
        # No TTL index: that goes by the server's clock, and expiry here by the one clock of the house.
        IndexModel([("expires_at", ASCENDING)], name="expires_at"),
    ),
)
"""By draft id."""

STORES = (
    DOSSIERS,
    PROCEDURES,
    PROCEDURE_VERSIONS,
    CATALOGUE,
    CALENDAR,
    NUMBERS,
    REQUESTS,
    INFORMED,
    FILINGS_OF_A_PERSON,
    ONE_TIME_CODES,
    SLIPS,
    DOWNLOADS,
    INVITATIONS,
    RATINGS,
    FEEDBACK,
    ATTACHMENTS,
    DRAFTS,
)
CATALOGUE_FILES = "catalogue_files"
"""Catalogue files that operators uploaded, and what became of each."""
MORE: Mapping[str, Sequence[IndexModel]] = {**files.INDEXES, **limiter.INDEXES, CATALOGUE_FILES: ()}
"""Collections that hold no aggregates."""


def version_id(procedure_code: str, version: int) -> str:
    return f"{procedure_code}@{version}"
