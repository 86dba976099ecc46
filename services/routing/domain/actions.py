"""What can happen to a case. Every action answers with the new state and the events that tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.events import routing
from contracts.events.base import DossierEvent
from contracts.problems import Conflict, Denied, Invalid
from contracts.types import Outcome, Timeliness
from services.routing.domain.case import Action, Case, CaseState, Step, StepState, Wanted

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
LONGEST_EXTENSION = timedelta(days=366)
"""A date beyond it is a slip of the pen (or year 9999, which no calendar can compare), and could never be mended."""

Decided = tuple[Case, tuple[DossierEvent, ...]]


def open_case(case: Case, now: datetime) -> Decided:
    """Begin with the first agency."""
    return _offer(case, now)


def open_resolved(case: Case, outcome: Outcome, timeliness: Timeliness, at: datetime) -> Decided:
    """Resolved before we heard of it, on the spot (NĐ 61/2018 Art 17.4) or in an old register: nobody is handed
    anything, and every step was done at that moment."""
    steps = tuple(replace(step, state=StepState.DONE, done_at=at) for step in case.steps)
    return _resolve(replace(case, steps=steps, current=len(steps)), outcome, timeliness, at)


def accept(case: Case, agency: str, step: int, at: datetime) -> Decided:
    """The agency takes the step (nhận hồ sơ). Once more by the same agency changes nothing."""
    _turn_of(case, agency, step)
    if case.step.state is StepState.ACCEPTED and case.current == step:
        return case, ()
    _check(case, Action.ACCEPT, step)
    event = routing.DossierTransferAccepted(
        code=case.code, occurred_at=at, backfill=case.backfill, step=step, agency=agency
    )
    return _with_step(case, replace(case.step, state=StepState.ACCEPTED, accepted_at=at)), (event,)


def decline(case: Case, agency: str, step: int, reason: str, parent: str | None, at: datetime) -> Decided:
    """The agency gives the step back; it is offered to the agency above, which may decline in turn."""
    _turn_of(case, agency, step)
    _check(case, Action.DECLINE, step)
    event = routing.DossierTransferDeclined(
        code=case.code, occurred_at=at, backfill=case.backfill, step=step, agency=agency, reason=reason
    )
    declined = (*case.step.declined_by, agency)
    if parent is None or parent in declined:
        changed = replace(case.step, state=StepState.WAITING, declined_by=declined)
        return replace(_with_step(case, changed), state=CaseState.UNPLACED), (event,)
    moved = _with_step(case, replace(case.step, agency=parent, state=StepState.WAITING, declined_by=declined))
    offered, events = _offer(moved, at)
    return offered, (event, *events)


def place(case: Case, agency: str, at: datetime) -> Decided:
    """An operator hands a case that nobody above would take to an agency, which may decline in turn."""
    if case.state is not CaseState.UNPLACED:
        raise Conflict("case-not-unplaced", "Hồ sơ này không đang chờ xếp cơ quan giải quyết.", state=case.state.value)
    placed = replace(case.step, agency=agency, state=StepState.WAITING, declined_by=())
    return _offer(replace(_with_step(case, placed), state=CaseState.OPEN), at)


def complete(
    case: Case,
    agency: str,
    step: int,
    outcome: Outcome,
    timeliness: Timeliness,
    at: datetime,
    ground: str | None = None,
) -> Decided:
    """The step is done; a denial or the last step resolves the dossier.

    Args:
        timeliness: of `at` against the current promise; used when this resolves the dossier.
        ground: coded legal ground, which every denial has (NĐ 61/2018 Art 19.8).
    """
    _turn_of(case, agency, step)
    if step < case.current or case.state is CaseState.RESOLVED:
        return case, ()  # said before: steps are done once
    _check(case, Action.COMPLETE, step)
    if outcome is Outcome.DENIED and ground is None:
        raise Invalid("ground-missing", "Từ chối giải quyết thì phải nêu căn cứ (NĐ 61/2018 Điều 19 khoản 8).")
    done = _with_step(case, replace(case.step, state=StepState.DONE, done_at=at))
    if outcome is Outcome.GRANTED and case.current < len(case.steps):
        return _offer(replace(done, current=case.current + 1), at)
    return _resolve(done, outcome, timeliness, at, ground)


def request_supplement(
    case: Case, agency: str, step: int, wanted: Wanted, at: datetime, *, supervisor: bool = False
) -> Decided:
    """One complete request for missing papers; the clock stops (NĐ 61/2018 Art 11, Art 19.4).

    A second one of the same dossier is a supervisor's, and states the legal basis that allows it.
    """
    _turn_of(case, agency, step)
    if case.supplements and case.state is CaseState.OPEN:
        _check_once_more(case, wanted, supervisor)
    _check(case, Action.REQUEST_SUPPLEMENT, step, supervisor=supervisor)
    event = routing.DossierSupplementRequested(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        step=step,
        agency=agency,
        reason=wanted.reason,
        items=wanted.items,
        legal_basis=wanted.legal_basis,
    )
    return replace(case, state=CaseState.SUPPLEMENT, supplements=case.supplements + 1), (event,)


def resume(case: Case, due_at: datetime, dues: Sequence[datetime], at: datetime) -> Decided:
    """The papers came: new promise, new budgets for this step and those after it, offered anew."""
    if case.state is not CaseState.SUPPLEMENT:
        return case, ()
    remaining = [replace(step, due_at=due) for step, due in zip(case.steps[case.current - 1 :], dues, strict=True)]
    steps = (*case.steps[: case.current - 1], *remaining)
    return _offer(replace(case, state=CaseState.OPEN, due_at=due_at, steps=steps), at)


def extend(case: Case, agency: str, step: int, reason: str, due_at: datetime, at: datetime) -> Decided:
    """Apology and new date, at most once; the first promise stays (NĐ 61/2018 Art 19.9).

    The law wants it a day before the date at the latest. Later is better than never, and is marked.
    """
    _turn_of(case, agency, step)
    if case.extended:
        raise Conflict(
            "already-extended", "Chỉ được hẹn lại một lần (NĐ 61/2018 Điều 19 khoản 9).", allowed=_words(case)
        )
    _check(case, Action.EXTEND, step)
    if due_at <= at:
        raise Invalid("due-date-in-past", "Ngày hẹn lại phải ở tương lai.")
    if due_at <= case.due_at:
        raise Invalid("due-date-not-later", "Ngày hẹn lại phải sau ngày hẹn hiện tại.")
    if due_at > case.due_at + LONGEST_EXTENSION:
        raise Invalid("due-date-too-far", "Ngày hẹn lại không được quá một năm sau ngày hẹn hiện tại.")
    event = routing.DossierExtended(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        reason=reason,
        due_at=due_at,
        first_due_at=case.first_due_at,
    )
    last = replace(case.steps[-1], due_at=due_at)
    late = _date(at) >= _date(case.due_at)
    extended = replace(case, due_at=due_at, extended=True, late_notice=late, steps=(*case.steps[:-1], last))
    return extended, (event,)


def withdraw(case: Case) -> Case:
    """The citizen took the dossier back; nothing is left to do for any agency. Not once it is resolved: the decision
    came first (TT 03/2025/TT-VPCP Art 7)."""
    return case if case.state is CaseState.RESOLVED else replace(case, state=CaseState.WITHDRAWN)


def _resolve(case: Case, outcome: Outcome, timeliness: Timeliness, at: datetime, ground: str | None = None) -> Decided:
    event = routing.DossierResolved(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=case.step.agency,
        mechanism=case.mechanism,
        procedure_code=case.procedure_code,
        outcome=outcome,
        ground=ground if outcome is Outcome.DENIED else None,
        timeliness=timeliness,
        due_at=case.due_at,
        first_due_at=case.first_due_at,
    )
    return replace(case, state=CaseState.RESOLVED, outcome=outcome, timeliness=timeliness, resolved_at=at), (event,)


def _offer(case: Case, at: datetime) -> Decided:
    step = replace(case.step, state=StepState.OFFERED, offered_at=at, accepted_at=None)
    transferred = routing.DossierTransferred(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        step=case.current,
        steps=len(case.steps),
        agency=step.agency,
        step_due_at=step.due_at,
        due_at=case.due_at,
    )
    opened = routing.AgencyTransferOpened(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=step.agency,
        step=case.current,
        steps=len(case.steps),
        procedure_code=case.procedure_code,
        step_due_at=step.due_at,
        due_at=case.due_at,
    )
    return _with_step(case, step), (transferred, opened)


def _with_step(case: Case, step: Step) -> Case:
    steps = list(case.steps)
    steps[case.current - 1] = step
    return replace(case, steps=tuple(steps))


def _turn_of(case: Case, agency: str, step: int) -> None:
    if not 1 <= step <= len(case.steps):
        raise Conflict("step-unknown", f"Hồ sơ này có {len(case.steps)} bước.", allowed=_words(case))
    if case.steps[step - 1].agency != agency:
        raise Denied("wrong-agency", "Bước này không được giao cho cơ quan của ông/bà.")
    if case.state is CaseState.WITHDRAWN:
        raise Conflict("case-withdrawn", "Người nộp đã rút hồ sơ này; dừng giải quyết.", allowed=[])


def _check_once_more(case: Case, wanted: Wanted, supervisor: bool) -> None:
    if wanted.legal_basis is None:
        raise Conflict(
            "supplement-already-requested",
            "Chỉ được yêu cầu bổ sung một lần (NĐ 61/2018 Điều 11); lần nữa phải có căn cứ pháp lý.",
            allowed=_words(case, supervisor=supervisor),
        )
    if not supervisor:
        raise Denied("supervisor-needed", "Yêu cầu bổ sung lần nữa là việc của người phụ trách.", needs=["supervisor"])


def _check(case: Case, action: Action, step: int, *, supervisor: bool = False) -> None:
    if step != case.current:
        raise Conflict(
            "step-not-current", f"Hồ sơ đang ở bước {case.current}.", current=case.current, allowed=_words(case)
        )
    if action not in case.allowed(supervisor=supervisor):
        raise Conflict(
            "action-not-allowed",
            "Việc này không thực hiện được ở trạng thái hiện tại của hồ sơ.",
            state=case.state.value,
            step_state=case.step.state.value,
            allowed=_words(case, supervisor=supervisor),
        )


def _date(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()


def _words(case: Case, *, supervisor: bool = False) -> list[str]:
    return sorted(action.value for action in case.allowed(supervisor=supervisor))
