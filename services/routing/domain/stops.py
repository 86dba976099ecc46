"""When the clock stands still, and how it goes on.

Papers that are missing start the limit anew from zero (NĐ 61/2018 Art 19.4). A financial duty, a consultation or a
decision stops it, and it goes on afterwards: a stop never shortens the time that is left. While one branch waits, the
others may accept and finish; not after a decision to stop.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from contracts.events import routing
from contracts.problems import Invalid
from contracts.types import DueCause, StopKind
from services.routing.domain.case import STOPPED, TO_COME, Action, Case, StepState, TransferState, Wanted
from services.routing.domain.checks import check, check_once_more, turn_of
from services.routing.domain.clock import Line, Stop, Tick, TickKind, told, without_end
from services.routing.domain.flow import Decided, end_transfer, lift, offer
from services.routing.domain.promises import budget, promise
from services.routing.domain.setting import Setting

HALTS = (StopKind.CONSULTATION, StopKind.DECISION)
"""For what an agency may halt by itself."""


def request_supplement(
    case: Case, agency: str, number: int, wanted: Wanted, at: datetime, *, supervisor: bool = False
) -> Decided:
    """One complete request for missing papers; the clock stops (NĐ 61/2018 Art 11, Art 19.4).

    A second one of the same dossier is a supervisor's, and states the legal basis that allows it.
    """
    turn_of(case, agency, number)
    if case.supplements and case.open and case.stop is None:
        check_once_more(case, wanted, number, supervisor)
    check(case, Action.REQUEST_SUPPLEMENT, number, supervisor=supervisor)
    event = routing.DossierSupplementRequested(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        step=number,
        agency=agency,
        reason=wanted.reason,
        items=wanted.items,
        legal_basis=wanted.legal_basis,
    )
    stopped = _stopped(case, StopKind.SUPPLEMENT, number, at, wanted.legal_basis)
    return replace(stopped, supplements=case.supplements + 1), (event,)


def supplemented(
    case: Case,
    due_at: datetime,
    lines: tuple[Line, ...],
    at: datetime,
    setting: Setting,
    since: datetime | None = None,
) -> Decided:
    """The papers came: the limit from zero under a new promise, new budgets for what is left, the step offered anew.

    Args:
        due_at, lines: as the desk promised them.
        since: when the papers came, from which the desk counted; absent: now.
    """
    since = since or at
    if not _ends(case, StopKind.SUPPLEMENT, since):
        return case, ()
    assert case.stop is not None
    number = case.stop.step
    case = replace(lift(case, at), clock=(*case.clock, Tick(TickKind.STARTED, since)), apology=None)
    case = budget(promise(case, DueCause.SUPPLEMENTED, at, due_at, lines), at, setting, remaining=True)
    case = end_transfer(case, number, TransferState.SENT_BACK, at)
    return offer(case, number, at, setting)


def request_payment(case: Case, agency: str, number: int, amount_vnd: int, legal_basis: str, at: datetime) -> Decided:
    """A financial duty first (nghĩa vụ tài chính, portal status 6)."""
    turn_of(case, agency, number)
    check(case, Action.REQUEST_PAYMENT, number)
    event = routing.DossierPaymentRequested(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        amount_vnd=amount_vnd,
        step=number,
        legal_basis=legal_basis,
    )
    return _stopped(case, StopKind.PAYMENT, number, at, legal_basis), (event,)


def halt(case: Case, agency: str, number: int, kind: StopKind, reason: str, legal_basis: str, at: datetime) -> Decided:
    """A consultation whose time does not count, or a decision to stop for a while (portal status 8)."""
    turn_of(case, agency, number)
    if kind not in HALTS:
        raise Invalid("stop-kind-unknown", "Chỉ tạm dừng để lấy ý kiến hoặc theo quyết định.")
    check(case, Action.HALT, number)
    event = routing.DossierHalted(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        reason=reason,
        step=number,
        kind=kind,
        legal_basis=legal_basis,
    )
    return _stopped(case, kind, number, at, legal_basis), (event,)


def resume(case: Case, agency: str, number: int, at: datetime, setting: Setting) -> Decided:
    """The agency says that its stop is over; once more changes nothing."""
    turn_of(case, agency, number)
    if case.open and case.stop is None and case.step(number).state is StepState.ACCEPTED:
        return case, ()
    check(case, Action.RESUME, number)
    return go_on(case, at, setting)


def paid(case: Case, at: datetime, setting: Setting, since: datetime | None = None) -> Decided:
    """The desk recorded the payment.

    Args:
        since: when it was made; absent: now.
    """
    return go_on(case, at, setting) if _ends(case, StopKind.PAYMENT, since or at) else (case, ())


def _ends(case: Case, kind: StopKind, since: datetime) -> bool:
    """Whether the news is of this stop: what happened before it was asked for belongs to an earlier one."""
    return case.stop is not None and case.stop.kind is kind and since >= case.stop.since


def go_on(case: Case, at: datetime, setting: Setting) -> Decided:
    """Lift a stop whose time does not count: the promise and the due times of what is left move on by it."""
    stop = case.stop
    assert stop is not None
    agency = case.step(stop.step).agency
    case = lift(case, at)
    lines: tuple[Line, ...] = ()
    if case.limit is not None and not case.backfill:
        reckoning = setting.calendar(case.counted_on)
        # From the promise as it stands: a calendar that changed meanwhile is the audited job's to apply.
        due = reckoning.resumed(case.due_at, stop.since, at, case.limit, stop.legal_basis)
        new = max(case.due_at, due.at)
        lines = (*without_end(case.promises[-1].trail), *due.lines)
        shifted = tuple(
            replace(
                step,
                due_at=min(new, reckoning.resumed(step.due_at, stop.since, at, case.limit, stop.legal_basis).at)
                if case.followers(place)
                else new,
            )
            if step.state in TO_COME
            else step
            for place, step in enumerate(case.steps, start=1)
        )
        case = replace(promise(case, DueCause.RESUMED, at, new, lines), steps=shifted, apology=None)
    event = routing.DossierResumed(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        step=stop.step,
        kind=stop.kind,
        due_at=case.due_at,
        first_due_at=case.first_due_at,
        trail=told(lines),
    )
    return case, (event,)


def end_idle_stop(case: Case, at: datetime, setting: Setting) -> Decided:
    """A stop ends with the step that asked for it, once another branch has made that step needless."""
    if case.stop is None or case.step(case.stop.step).state is StepState.ACCEPTED:
        return case, ()
    return go_on(case, at, setting)


def _stopped(case: Case, kind: StopKind, number: int, at: datetime, legal_basis: str | None) -> Case:
    tick = Tick(TickKind.STOPPED, at, stop=kind, legal_basis=legal_basis)
    stop = Stop(kind, at, number, legal_basis)
    return replace(case, state=STOPPED[kind], stop=stop, clock=(*case.clock, tick), apology=None)
