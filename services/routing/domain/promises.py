"""What moves the promised return date. Each change keeps the reasons, and the budgets of the steps follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.events import routing
from contracts.problems import Conflict, Invalid
from contracts.types import DueCause
from services.routing.domain.case import TO_COME, Action, Apology, Case, CaseState
from services.routing.domain.checks import check, turn_of, words
from services.routing.domain.clock import Due, Line, Promise, Tick, TickKind, derive, told
from services.routing.domain.flow import Decided
from services.routing.domain.setting import Setting
from services.routing.domain.workflow import Turn, positions

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
LONGEST_EXTENSION = timedelta(days=366)
"""A date beyond it is a slip of the pen (or year 9999, which no calendar can compare), and could never be mended."""


def promise(case: Case, cause: DueCause, at: datetime, due_at: datetime, lines: Sequence[Line] = ()) -> Case:
    """A new current promise; the first one stays."""
    return replace(case, due_at=due_at, promises=(*case.promises, Promise(cause, at, due_at, tuple(lines))))


def budget(case: Case, start: datetime, setting: Setting, *, remaining: bool = False) -> Case:
    """Split the working time from `start` to the promise among the steps, along the longest way through them.

    Args:
        remaining: among the steps that are still to come only: after a supplement the limit is counted from zero.
    """
    turns = [
        Turn(step.agency, 0.0 if remaining and step.state not in TO_COME else step.share, step.after)
        for step in case.steps
    ]
    if not any(turn.share for turn in turns):
        turns = [replace(turn, share=1.0) for turn in turns]
    dues = setting.calendar(case.counted_on).parts(start, max(start, case.due_at), positions(turns))
    steps = [
        replace(step, due_at=due) if step.state in TO_COME else step for step, due in zip(case.steps, dues, strict=True)
    ]
    return replace(case, steps=tuple(steps))


def start_clock(case: Case, since: datetime, at: datetime, setting: Setting) -> Decided:
    """The competent agency has the dossier that was handed in elsewhere: the limit is counted from then (NĐ 309/2026
    Art 17.3). The printed date stays the first promise.

    Args:
        since: when the agency received it.
        at: now.
    """
    if not case.provisional:
        return case, ()
    case = replace(case, provisional=False)
    if case.limit is None:
        return case, ()
    due = derive((Tick(TickKind.STARTED, since),), case.limit, setting.calendar(case.counted_on))
    case = replace(case, clock=(Tick(TickKind.STARTED, since),))
    return _moved(case, DueCause.CLOCK_STARTED, due, since, at, setting)


def recompute(case: Case, at: datetime, setting: Setting) -> Decided:
    """Count an open dossier anew on the calendar as it is now; nothing when the date stays. Once more changes nothing.

    A date that the head of an agency signed for stays: it is his word, not the calendar's.
    """
    if not case.open or case.limit is None or case.extended or not case.clock or case.backfill:
        return case, ()
    if case.state is CaseState.SUPPLEMENT:
        return case, ()  # the limit begins anew with the papers
    due = derive(case.clock, case.limit, setting.calendar(case.counted_on))
    if due.at == case.due_at:
        return case, ()
    started = max(tick.at for tick in case.clock if tick.kind is TickKind.STARTED)
    return _moved(case, DueCause.CALENDAR_CHANGED, due, started, at, setting, remaining=case.supplements > 0)


def extend(
    case: Case, agency: str, number: int, reason: str | None, due_at: datetime | None, at: datetime, setting: Setting
) -> Decided:
    """Apology and new date, signed by the agency's head, at most once; the first promise stays (NĐ 61/2018 Art 19.9).

    The law wants it a day before the date at the latest. Later is better than never, and is marked.

    Args:
        reason, due_at: absent: as the prepared apology proposes them.
    """
    turn_of(case, agency, number)
    if case.extended:
        raise Conflict(
            "already-extended", "Chỉ được hẹn lại một lần (NĐ 61/2018 Điều 19 khoản 9).", allowed=words(case, number)
        )
    check(case, Action.EXTEND, number)
    apology = case.apology
    reason = reason or (apology.reason if apology else None)
    due_at = due_at or (apology.proposed_due_at if apology else None)
    if reason is None or due_at is None:
        raise Invalid("apology-not-prepared", "Chưa có phiếu xin lỗi soạn sẵn: phải nêu lý do và ngày hẹn lại.")
    _check_new_date(case, due_at, at)
    due = setting.calendar(case.counted_on).extended(due_at, at)
    due_at = due.at
    late = _date(at) >= _date(case.due_at)
    clock = (*case.clock, Tick(TickKind.EXTENDED, at, due_at=due_at))
    case = promise(case, DueCause.EXTENDED, at, due_at, due.lines)
    steps = tuple(
        replace(step, due_at=due_at) if step.state in TO_COME and not case.followers(place) else step
        for place, step in enumerate(case.steps, start=1)
    )
    event = routing.DossierExtended(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=agency,
        reason=reason,
        due_at=due_at,
        first_due_at=case.first_due_at,
        step=apology.step if apology else number,
    )
    return replace(case, clock=clock, steps=steps, extended=True, late_notice=late, apology=None), (event,)


def prepare_apology(case: Case, at: datetime, setting: Setting) -> Decided:
    """Write the apology for the head to sign, a day before the date at the latest; it names the late stage: of the
    steps at work the one whose own time ends first."""
    at_work = sorted(case.active, key=lambda number: case.step(number).due_at)
    if case.extended or case.apology is not None or not at_work:
        return case, ()
    step = at_work[0]
    agency = case.step(step).agency
    proposed = setting.calendar(case.counted_on).later(case.due_at, setting.policy.extension_hours)
    apology = Apology(at, agency, step, "more-time-needed", proposed)
    event = routing.DossierApologyPrepared(
        code=case.code,
        occurred_at=at,
        agency=agency,
        step=step,
        reason=apology.reason,
        due_at=case.due_at,
        proposed_due_at=proposed,
    )
    return replace(case, apology=apology), (event,)


def _moved(
    case: Case, cause: DueCause, due: Due, start: datetime, at: datetime, setting: Setting, *, remaining: bool = False
) -> Decided:
    before = case.due_at
    changed = budget(promise(case, cause, at, due.at, due.lines), start, setting, remaining=remaining)
    if due.at == before:
        return changed, ()
    event = routing.DossierDueChanged(
        code=case.code,
        occurred_at=at,
        backfill=case.backfill,
        agency=case.step(case.active[0]).agency if case.active else case.unit,
        cause=cause,
        previous_due_at=before,
        due_at=due.at,
        first_due_at=case.first_due_at,
        trail=told(due.lines),
    )
    return replace(changed, apology=None), (event,)


def _check_new_date(case: Case, due_at: datetime, at: datetime) -> None:
    if due_at <= at:
        raise Invalid("due-date-in-past", "Ngày hẹn lại phải ở tương lai.")
    if due_at <= case.due_at:
        raise Invalid("due-date-not-later", "Ngày hẹn lại phải sau ngày hẹn hiện tại.")
    if due_at > case.due_at + LONGEST_EXTENSION:
        raise Invalid("due-date-too-far", "Ngày hẹn lại không được quá một năm sau ngày hẹn hiện tại.")


def _date(moment: datetime) -> date:
    return moment.astimezone(VIETNAM).date()
