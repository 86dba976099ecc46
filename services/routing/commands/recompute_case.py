"""A case's turn in the job that counts open dossiers anew, and the job's own beginning, progress and end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.problems import Missing
from services.kit.store import Ref
from services.kit.work import Work
from services.kit.worktime import table_of
from services.routing.commands.recompute_due import Recomputed, RecomputeDue
from services.routing.commands.reschedule_timers import RescheduleTimers
from services.routing.deadlines import explained
from services.routing.domain import recomputation
from services.routing.domain.recomputation import Place, Recomputation
from services.routing.store import CALENDARS, RECOMPUTATIONS, RECOMPUTED, THE_CALENDAR


@dataclass(frozen=True)
class RecomputeCase:
    """Count a case anew and write down what that did to it, in one transaction; else let its timers follow the
    calendar."""

    code: str
    job: Recomputation

    def needs(self) -> Iterable[Ref]:
        return self._recompute.needs()

    @property
    def _recompute(self) -> RecomputeDue:
        return RecomputeDue(self.code, self.job.by, self.job.id)

    def decide(self, work: Work, now: datetime) -> Recomputed | None:
        """Returns: None where the date stays."""
        found = self._recompute.decide(work, now)
        if found is None:
            RescheduleTimers(self.code).decide(work, now)
        else:
            work.mirror(RECOMPUTED, row_id(self.job, self.code), row(self.code, found) | {"at": now})
        return found


@dataclass(frozen=True)
class BeginRecomputation:
    """A new run."""

    id: str
    by: str
    reason: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(CALENDARS, THE_CALENDAR)

    def decide(self, work: Work, now: datetime) -> Recomputation:
        """Raises: Invalid `account-malformed`, `reason-missing`."""
        job = recomputation.begin(self.id, self.by, self.reason, _version(work), now)
        work.put(RECOMPUTATIONS, self.id, job)
        return job


@dataclass(frozen=True)
class ResumeRecomputation:
    """Go on with a run that was interrupted."""

    id: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(RECOMPUTATIONS, self.id)
        yield Ref(CALENDARS, THE_CALENDAR)

    def decide(self, work: Work, now: datetime) -> Recomputation:
        """Raises: Missing `recomputation-unknown`; Conflict `recomputation-ended`."""
        found = work.get(RECOMPUTATIONS, self.id)
        if found is None:
            raise Missing("recomputation-unknown", "Không có lần tính lại nào với mã này.")
        job = recomputation.resume(found, _version(work))
        if job != found:
            work.put(RECOMPUTATIONS, self.id, job)
        return job


@dataclass(frozen=True)
class NoteRecomputed:
    """A page of cases is done: the run goes on behind it, whatever happens to this process."""

    job: Recomputation
    place: Place
    looked_at: int
    changed: int
    failures: Mapping[str, str]
    """Name of the error by dossier code."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(RECOMPUTATIONS, self.job.id)

    def decide(self, work: Work, now: datetime) -> Recomputation:
        job = replace(
            self.job,
            place=self.place,
            looked_at=self.job.looked_at + self.looked_at,
            changed=self.job.changed + self.changed,
            failed=self.job.failed + len(self.failures),
        )
        work.put(RECOMPUTATIONS, job.id, job)
        for code, error in self.failures.items():
            work.mirror(RECOMPUTED, row_id(job, code), {"code": code, "error": error, "at": now})
        return job


@dataclass(frozen=True)
class EndRecomputation:
    """All open cases were looked at."""

    job: Recomputation
    changed: int
    """As the rows say, which a crash between a page and its note does not confuse."""
    failed: int

    def needs(self) -> Iterable[Ref]:
        yield Ref(RECOMPUTATIONS, self.job.id)
        yield Ref(CALENDARS, THE_CALENDAR)

    def decide(self, work: Work, now: datetime) -> Recomputation:
        """Returns: the run, not ended when the calendar changed under it: those at the beginning know the old one."""
        version = _version(work)
        if version != self.job.calendar_version:
            job = recomputation.resume(self.job, version)
        else:
            job = replace(self.job, ended_at=now, changed=self.changed, failed=self.failed)
        work.put(RECOMPUTATIONS, job.id, job)
        return job


def row(code: str, found: Recomputed) -> dict[str, object]:
    """Before and after, with the reasons."""
    return {"code": code, "before": found.before, "after": found.after, "explained": explained(found.trail)}


def row_id(job: Recomputation, code: str) -> str:
    """When the calendar changes under a run, a dossier may change twice: neither row replaces the other."""
    return f"{job.id}/{code}@{job.calendar_version}"


def _version(work: Work) -> int:
    return table_of(work.get(CALENDARS, THE_CALENDAR)).version
