"""What filing and registering share: one answer to one request, a code of its series, a place under its person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from services.intake.commands.application import Application
from services.intake.commands.codes import next_code, series_of, take_code
from services.intake.commands.duplicates import person_id, remember_filing
from services.intake.commands.requests import Once
from services.intake.domain.numbering import parts
from services.intake.promise import THE_CALENDAR_REF
from services.intake.store import DOSSIERS, FILINGS_OF_A_PERSON, NUMBERS, PROCEDURES
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class NewDossier:
    """A dossier that comes to be."""

    request_id: str
    fingerprint: str
    application: Application
    at: datetime
    """The day its code is of."""
    given_code: str | None
    """Of the national portal or an old register; None: the next one of the series."""

    @cached_property
    def once(self) -> Once:
        content = self.application
        return Once(self.request_id, self.fingerprint, content.counter, content.external_ref, content.content)

    @cached_property
    def person(self) -> str | None:
        return person_id(self.application.applicant, self.application.procedure_code)

    @property
    def _series(self) -> str:
        if self.given_code is not None:
            return parts(self.given_code)[0]
        return series_of(self.application.counter, self.at)

    def needs(self) -> Iterable[Ref]:
        yield from self.once.needs()
        yield THE_CALENDAR_REF
        yield Ref(PROCEDURES, self.application.procedure_code)
        yield Ref(NUMBERS, self._series)
        if self.person is not None:
            yield Ref(FILINGS_OF_A_PERSON, self.person)
        if self.given_code is not None:
            yield Ref(DOSSIERS, self.given_code)

    def code(self, work: Work) -> str:
        """Give it its code.

        Raises: Conflict `code-taken`.
        """
        if self.given_code is None:
            return next_code(work, self._series)
        take_code(work, self.given_code)
        return self.given_code

    def remember(self, work: Work, code: str, now: datetime) -> None:
        """Note it under its request and its person."""
        self.once.remember(work, code, now)
        remember_filing(work, self.person, code)
