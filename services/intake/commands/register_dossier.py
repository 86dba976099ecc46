"""Register a complete dossier (tiếp nhận hồ sơ và hẹn trả kết quả)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from contracts.problems import Invalid
from contracts.topics import DOSSIER_EVENTS
from contracts.types import LimitUnit, Outcome
from services.intake.commands.application import Application, procedure_in_use
from services.intake.commands.duplicates import warn_of_duplicates
from services.intake.commands.moments import business_time, check_history
from services.intake.commands.new_dossier import NewDossier
from services.intake.domain import receiving
from services.intake.domain.checklist import require_complete
from services.intake.domain.dossier import Dossier, HandOver
from services.intake.domain.procedure import solvable_on_the_spot
from services.intake.promise import Promise, calendar_of_promise, promise
from services.intake.store import DOSSIERS
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class Registered:
    """The answer: the dossier's code, and whether it was given before."""

    code: str
    repeated: bool
    dossier: Dossier | None
    """None when repeated: it is read from the store, as it was then registered."""


@dataclass(frozen=True)
class History:
    """What an old register says of a dossier (backfill), beside its content."""

    code: str | None = None
    due_at: datetime | None = None
    """The date that was promised then; without it the limit decides."""
    resolved_at: datetime | None = None
    outcome: Outcome | None = None
    hand_over: HandOver | None = None


@dataclass(frozen=True)
class RegisterDossier:
    """The command. `request_id` is the caller's idempotency key within its own scope."""

    request_id: str
    fingerprint: str
    application: Application
    received_at: datetime
    backfill: bool = False
    said_at: datetime | None = None
    """When the command was sent, for those that came by Kafka."""
    duplicate_confirmed: bool = False
    on_the_spot: HandOver | None = None
    """Solved and handed over at once (NĐ 61/2018 Art 17.4); `at` is the moment of receipt."""
    history: History = History()

    @cached_property
    def _new(self) -> NewDossier:
        return NewDossier(self.request_id, self.fingerprint, self.application, self.received_at, self.history.code)

    def needs(self) -> Iterable[Ref]:
        return self._new.needs()

    def decide(self, work: Work, now: datetime) -> Registered:
        """
        Raises:
            Conflict `idempotency-key-reused`, `external-ref-reused`, `code-taken`, `duplicate-suspected`,
                `checklist-incomplete`.
            Missing `procedure-unknown`, Invalid `procedure-limit-unknown`, `on-the-spot-not-allowed`,
                `case-not-published`, `moment-…`, `paper-…`.
        """
        new = self._new
        known = new.once.answered(work)
        if known is not None:
            return Registered(known, True, None)
        procedure = procedure_in_use(work, self.application.procedure_code)
        at = business_time(self.received_at, now, backfill=self.backfill, said_at=self.said_at)
        handed_over = self.history.hand_over
        check_history(at, self.history.resolved_at, handed_over.at if handed_over else None, now)
        state = self.application.dossier("", procedure, at)
        if not self.backfill:
            require_complete(procedure.papers, state.checklist)
            warn_of_duplicates(work, new.person, confirmed=self.duplicate_confirmed)
        promised = self._promise(work, state, at)
        code = new.code(work)
        state = replace(
            state,
            code=code,
            backfill=self.backfill,
            due_at=promised.due_at,
            first_due_at=promised.due_at,
            due_explained=promised.explained,
            first_due_explained=promised.explained,
        )
        state = self._resolved(state, at)
        outcome = Outcome.GRANTED if self.on_the_spot else self.history.outcome
        dossier, event = receiving.submit(state, self.application.contact, outcome, promised.trail)
        new.remember(work, code, now)
        work.put(DOSSIERS, code, dossier, (DOSSIER_EVENTS, code, event))
        return Registered(code, False, dossier)

    def _promise(self, work: Work, dossier: Dossier, at: datetime) -> Promise:
        calendar = calendar_of_promise(work, dossier.counter, dossier.competent_agency)
        if self.on_the_spot is not None:
            if not solvable_on_the_spot(dossier.limit_value, dossier.limit_unit):
                raise Invalid("on-the-spot-not-allowed", "Thủ tục này không giải quyết ngay tại quầy được.")
            return promise(at, 1, LimitUnit.SAME_DAY, calendar)
        if self.history.due_at is not None:
            return Promise(self.history.due_at, "theo sổ theo dõi hồ sơ cũ")
        elsewhere = dossier.competent_agency is not None
        return promise(at, dossier.limit_value, dossier.limit_unit, calendar, provisional=elsewhere)

    def _resolved(self, dossier: Dossier, at: datetime) -> Dossier:
        if self.on_the_spot is not None:
            return replace(dossier, on_the_spot=True, resolved_at=at, hand_over=replace(self.on_the_spot, at=at))
        return replace(dossier, resolved_at=self.history.resolved_at, hand_over=self.history.hand_over)


@dataclass(frozen=True)
class RegisterMany:
    """Many dossiers of one applicant in one go: all or none."""

    commands: tuple[RegisterDossier, ...]

    def needs(self) -> Iterable[Ref]:
        for command in self.commands:
            yield from command.needs()

    def decide(self, work: Work, now: datetime) -> tuple[Registered, ...]:
        """Raises: as `RegisterDossier`; then none of them is registered."""
        return tuple(command.decide(work, now) for command in self.commands)
