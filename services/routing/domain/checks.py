"""Who may do what now: every refusal of an action, with what would be allowed."""

from __future__ import annotations

from contracts.problems import Conflict, Denied
from contracts.types import Outcome, StopKind
from services.routing.domain.case import SIGNED_BY_HEAD, Action, Case, CaseState, StepState, Wanted


def turn_of(case: Case, agency: str, number: int) -> None:
    """Raises: Conflict `step-unknown`, `case-withdrawn`; Denied `wrong-agency`."""
    known = 1 <= number <= len(case.steps)
    if not known and any(step.agency == agency for step in case.steps):
        raise Conflict("step-unknown", f"Hồ sơ này có {len(case.steps)} bước.", active=list(case.active), allowed=[])
    if not known or case.step(number).agency != agency:
        raise Denied("wrong-agency", "Bước này không được giao cho cơ quan của ông/bà.")
    if case.state is CaseState.WITHDRAWN:
        raise Conflict("case-withdrawn", "Người nộp đã rút hồ sơ này; dừng giải quyết.", allowed=[])


def check(case: Case, action: Action, number: int, *, supervisor: bool = False) -> None:
    """Raises: Conflict `step-not-current`, `action-not-allowed`."""
    if action in case.allowed(number, supervisor=supervisor):
        return
    step = case.step(number)
    if case.open and step.state in {StepState.WAITING, StepState.RECALLED, StepState.CUT_OFF}:
        raise Conflict(
            "step-not-current",
            "Chưa đến lượt bước này, hoặc bước này không còn cần nữa.",
            active=list(case.active),
            allowed=words(case, number, supervisor=supervisor),
        )
    raise Conflict(
        "action-not-allowed",
        "Việc này không thực hiện được ở trạng thái hiện tại của hồ sơ.",
        state=case.state.value,
        step_state=step.state.value,
        allowed=words(case, number, supervisor=supervisor),
    )


def check_seen(case: Case, revision: int | None, number: int) -> None:
    """Raises: Conflict `case-changed`: the sender saw an older state."""
    if revision is not None and revision != case.revision:
        known = 1 <= number <= len(case.steps)
        raise Conflict(
            "case-changed",
            "Hồ sơ đã thay đổi sau khi ông/bà xem; hãy tải lại.",
            revision=case.revision,
            allowed=words(case, number) if known else [],
        )


def check_once_more(case: Case, wanted: Wanted, number: int, supervisor: bool) -> None:
    """A second request for papers. Raises: Conflict `supplement-already-requested`; Denied `supervisor-needed`."""
    if wanted.legal_basis is None:
        raise Conflict(
            "supplement-already-requested",
            "Chỉ được yêu cầu bổ sung một lần (NĐ 61/2018 Điều 11); lần nữa phải có căn cứ pháp lý.",
            allowed=words(case, number, supervisor=supervisor),
        )
    if not supervisor:
        raise Denied("supervisor-needed", "Yêu cầu bổ sung lần nữa là việc của người phụ trách.", needs=["supervisor"])


def check_signature(what: Action | Outcome | StopKind, *, head: bool) -> None:
    """Raises: Denied `head-needed`."""
    if what in SIGNED_BY_HEAD and not head:
        raise Denied("head-needed", SIGNED_BY_HEAD[what], needs=["head"])


def words(case: Case, number: int, *, supervisor: bool = False) -> list[str]:
    """What the agency of a step may do now, for people and programs."""
    return sorted(action.value for action in case.allowed(number, supervisor=supervisor))
