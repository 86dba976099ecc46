"""The desk answers a filing: accept it, ask for papers, or refuse it. Each is a use case of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.problems import Invalid
from contracts.topics import DOSSIER_EVENTS
from services.intake.commands.access import dossier_of
from services.intake.commands.application import case_of, papers_of, procedure_in_use, version_of
from services.intake.commands.moments import business_time
from services.intake.domain import receiving
from services.intake.domain.checklist import Line, check, merge, require_complete
from services.intake.domain.dossier import Dossier, Wanted
from services.intake.domain.procedure import Paper
from services.intake.promise import THE_CALENDAR_REF, calendar_of_promise, promise
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class AcceptFiling:
    """Complete and correct: received, the limit runs. `counters`: those the caller acts for; None: all (operator)."""

    code: str
    counters: frozenset[str] | None
    checklist: tuple[Line, ...] = ()
    """As the clerk found it; lines that are not named stay as they were filed."""
    fee_paid_vnd: int | None = None
    clerk: str | None = None
    occurred_at: datetime | None = None
    said_at: datetime | None = None
    case: str | None = None
    """The case that the clerk found it to be; None: as it was filed."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield THE_CALENDAR_REF

    def decide(self, work: Work, now: datetime) -> Dossier:
        """
        Raises: Missing `dossier-unknown`, Conflict `filing-not-waiting`, `checklist-incomplete`,
            Missing `procedure-unknown`, Invalid `procedure-limit-unknown`, `case-not-published`, `paper-…`, `moment-…`.
        """
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        at = business_time(self.occurred_at, now, backfill=False, said_at=self.said_at, after=dossier.received_at)
        dossier = _flagged(work, dossier, at)
        papers = papers_of(work, dossier)
        checklist, _ = merge(dossier.checklist, check(papers, self.checklist))
        looked_at = replace(
            dossier,
            checklist=checklist,
            clerk=self.clerk or dossier.clerk,
            fee_paid_vnd=dossier.fee_paid_vnd if self.fee_paid_vnd is None else self.fee_paid_vnd,
        )
        looked_at = _with_limit(work, looked_at, self.case)
        elsewhere = dossier.competent_agency is not None
        calendar = calendar_of_promise(work, dossier.counter, dossier.competent_agency)
        promised = promise(at, looked_at.limit_value, looked_at.limit_unit, calendar, provisional=elsewhere)
        changed, event = receiving.accept(looked_at, at, promised.due_at, promised.explained, promised.trail)
        require_complete(papers, checklist)
        work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, event))
        return changed


@dataclass(frozen=True)
class Asked:
    """One paper to ask for, as the clerk chose it."""

    reason: str
    paper: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class RequestCompletion:
    """Ask once and completely for what lacks (form 02)."""

    code: str
    counters: frozenset[str] | None
    items: tuple[Asked, ...]
    legal_basis: str | None = None
    supervisor: bool = False
    occurred_at: datetime | None = None
    said_at: datetime | None = None

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)

    def decide(self, work: Work, now: datetime) -> Dossier:
        """
        Raises: Missing `dossier-unknown`, Conflict `filing-not-waiting`, `supplement-already-requested`,
            Invalid `items-missing`, `paper-unknown`, `reason-unknown`, `moment-…`.
        """
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        at = business_time(self.occurred_at, now, backfill=False, said_at=self.said_at, after=dossier.received_at)
        dossier = _flagged(work, dossier, at)
        wanted = _wanted(papers_of(work, dossier), self.items)
        changed, event = receiving.request_completion(dossier, at, wanted, self.legal_basis, supervisor=self.supervisor)
        work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, event))
        return changed


@dataclass(frozen=True)
class RefuseDossier:
    """Do not accept a filing, with coded legal grounds (form 03)."""

    code: str
    counters: frozenset[str] | None
    grounds: tuple[str, ...]
    occurred_at: datetime | None = None
    said_at: datetime | None = None

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)

    def decide(self, work: Work, now: datetime) -> Dossier:
        """
        Raises: Missing `dossier-unknown`, Conflict `refusal-not-possible`,
            Invalid `ground-missing`, `ground-unknown`, `moment-…`.
        """
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        at = business_time(self.occurred_at, now, backfill=False, said_at=self.said_at, after=dossier.received_at)
        dossier = _flagged(work, dossier, at)
        changed, event = receiving.refuse(dossier, at, self.grounds)
        work.put(DOSSIERS, self.code, changed, (DOSSIER_EVENTS, self.code, event))
        return changed


def _with_limit(work: Work, dossier: Dossier, case: str | None) -> Dossier:
    """With the limit of the case that the clerk found, in the version under which it was filed."""
    if case is not None:
        procedure = version_of(work, dossier) or procedure_in_use(work, dossier.procedure_code)
        case = case_of(procedure, case)
        limit = procedure.limit_for(dossier.channel, case)
        dossier = replace(
            dossier, case=case, limit_value=limit.value if limit else None, limit_unit=limit.unit if limit else None
        )
    if dossier.limit_value is not None:
        return dossier
    # A limit published since then: the filing could never be accepted without it.
    limit = procedure_in_use(work, dossier.procedure_code).limit_for(dossier.channel, dossier.case)
    return dossier if limit is None else replace(dossier, limit_value=limit.value, limit_unit=limit.unit)


def _flagged(work: Work, dossier: Dossier, at: datetime) -> Dossier:
    """A late answer that comes before the timer has looked: that it was late is told first."""
    found = receiving.flag_overdue(dossier, at)
    if found is None:
        return dossier
    changed, event = found
    work.put(DOSSIERS, dossier.code, changed, (DOSSIER_EVENTS, dossier.code, event))
    return changed


def _wanted(papers: Sequence[Paper], items: Iterable[Asked]) -> tuple[Wanted, ...]:
    wanted = []
    for item in items:
        if item.paper is None:
            if papers or item.name is None:
                words = "Hãy chọn giấy tờ theo danh mục của thủ tục."
                raise Invalid("paper-unknown", words)
            wanted.append(Wanted(item.name, item.reason))
        elif 1 <= item.paper <= len(papers):
            wanted.append(Wanted(papers[item.paper - 1].name, item.reason, item.paper))
        else:
            raise Invalid("paper-unknown", f"Thủ tục này không có giấy tờ số {item.paper}.", paper=item.paper)
    return tuple(wanted)
