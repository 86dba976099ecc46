"""The register of dossiers (Sổ theo dõi hồ sơ): a counter's book of a year, one for each field or group of fields.

It is read in the order of receipt and numbered on the way: it needs no second copy of the dossiers, and numbers can
neither repeat nor be left out. Hence an index of its own (counter, received_at): by `desk` the parts of each status
would be read one after the other, and a dossier that changes its status meanwhile be missed or come twice. Neither key
ever changes once a dossier is received, so the index costs a write only when a dossier is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from contracts.problems import Invalid
from contracts.types import HandOverMethod, HandOverProof
from services.intake.domain.dossier import Dossier
from services.intake.store import DOSSIERS
from services.kit.clock import VIETNAM
from services.kit.mongo import Mongo

BATCH = 500
_NOT_NEEDED = {"requests": 0, "checklist": 0, "contact": 0}


@dataclass(frozen=True)
class Book:
    """Which rows are wanted. Numbers are those of the whole year's book, also where only some days are shown."""

    counter: str
    year: int
    fields: tuple[str, ...] = ()
    """Lĩnh vực; none: one book for all."""
    since: date | None = None
    until: date | None = None
    """Both inclusive."""

    def __post_init__(self) -> None:
        first, last = self.days
        if first > last or first.year != self.year or last.year != self.year:
            raise Invalid("register-period-invalid", "Khoảng ngày phải nằm trong năm của sổ, ngày đầu trước ngày cuối.")

    @property
    def days(self) -> tuple[date, date]:
        """First and last day that are shown."""
        return self.since or date(self.year, 1, 1), self.until or date(self.year, 12, 31)

    def pipeline(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Dossiers of the book received from `start` until before `end`.

        Two stages that MongoDB makes one of; the embedded engine uses an index only for what names nothing else.
        """
        others: dict[str, Any] = {"due_at": {"$ne": None}}  # what was never accepted was never received
        if self.fields:
            others["field"] = {"$in": list(self.fields)}
        return [{"$match": {"counter": self.counter, "received_at": {"$gte": start, "$lt": end}}}, {"$match": others}]


@dataclass(frozen=True)
class RegisterRow:
    """One line of the book."""

    number: int
    code: str
    procedure_name: str
    person: str
    address: str | None
    phone: str | None
    agency: str | None
    received_at: datetime
    due_at: datetime | None
    returned_at: datetime | None
    return_by: HandOverMethod
    proof: HandOverProof | None
    """What stands for the signature of who took the result."""


async def register_rows(
    mongo: Mongo, book: Book, after: Dossier | None = None
) -> AsyncIterator[tuple[RegisterRow, ...]]:
    """The rows in batches, of which only one is held at a time.

    Args:
        after: the dossier of the last row that is known already.
    """
    first, last = book.days
    start, end = _midnight(first), _midnight(last + timedelta(days=1))
    if after is not None:
        start = max(start, after.received_at)
    number = await _rows_before(mongo, book, start)
    async for documents in _documents(mongo, book, start, end):
        rows = await asyncio.to_thread(_rows, documents, number)
        number += len(rows)
        if after is not None:
            rows = tuple(row for row in rows if (row.received_at, row.code) > (after.received_at, after.code))
        yield rows


async def _rows_before(mongo: Mongo, book: Book, moment: datetime) -> int:
    pipeline = book.pipeline(_midnight(date(book.year, 1, 1)), moment)
    counted = await mongo.aggregate(DOSSIERS.collection, [*pipeline, {"$count": "rows"}])
    return counted[0]["rows"] if counted else 0


async def _documents(mongo: Mongo, book: Book, start: datetime, end: datetime) -> AsyncIterator[list[dict[str, Any]]]:
    """By moment of receipt, then by code; some days at a time, about as many as make a batch."""
    span = timedelta(days=1)
    while start < end:
        until = min(end, start + span)
        pipeline = [*book.pipeline(start, until), {"$project": _NOT_NEEDED}]
        found = await mongo.aggregate(DOSSIERS.collection, pipeline)
        if found:
            yield sorted(found, key=lambda document: (document["received_at"], document["_id"]))
        if len(found) < BATCH // 2:
            span *= 2
        elif len(found) > 2 * BATCH:
            span = max(span / 2, timedelta(hours=1))
        start = until


def _rows(documents: list[dict[str, Any]], number: int) -> tuple[RegisterRow, ...]:
    return tuple(_numbered(map(DOSSIERS.to_state, documents), number))


def _numbered(dossiers: Iterator[Dossier], number: int) -> Iterator[RegisterRow]:
    for place, dossier in enumerate(dossiers, start=number + 1):
        handed_over = dossier.hand_over if dossier.returned_at is not None else None
        agencies = (entry.agency for entry in dossier.timeline if entry.kind == "transferred")
        yield RegisterRow(
            number=place,
            code=dossier.code,
            procedure_name=dossier.procedure_name,
            person=dossier.applicant.full_name,
            address=dossier.applicant.address,
            phone=dossier.applicant.phone,
            agency=dossier.competent_agency or next(agencies, None),
            received_at=dossier.received_at,
            due_at=dossier.due_at,
            returned_at=dossier.returned_at,
            return_by=handed_over.method if handed_over else dossier.return_by,
            proof=handed_over.proof if handed_over else None,
        )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)
