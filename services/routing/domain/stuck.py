"""What keeps an open case from going on, with the cause and the cure of each (phát hiện hồ sơ kẹt).

A case that goes on has somebody whose turn it is and a timer that will bring it to mind. Registers of the past have no
timers; they are only looked at for an owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.types import StopKind
from services.routing.domain.case import Case, StepState
from services.routing.domain.policy import Policy, Trigger
from services.routing.domain.setting import Setting

TIMER_LATE = timedelta(minutes=15)
"""Due timers are looked for every 10 minutes at the least (`TIMER_SECONDS`)."""
SILENCE_HOURS = 8.0
"""Working hours after the end of the hand-over time: the rules have told of it, and still nobody answers."""


class StuckKind(StrEnum):
    """Why something does not go on."""

    UNPLACED = "unplaced"
    WITHOUT_OWNER = "without-owner"
    WITHOUT_TIMER = "without-timer"
    TIMER_LATE = "timer-late"
    NOT_ACCEPTED = "not-accepted"
    WAITING = "waiting"
    PARKED = "parked"
    NOT_SENT = "not-sent"
    DEAD_LETTER = "dead-letter"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Finding:
    """One thing that does not go on by itself."""

    kind: StuckKind
    key: str
    """Dossier code, else the key or id of a message; nothing personal."""
    since: datetime
    cause: str
    """For a person."""
    cure: str
    """What to do: names the command or address."""


def stuck(case: Case, now: datetime, setting: Setting) -> Iterator[Finding]:
    """Everything that keeps a case from going on; nothing of one that does."""
    if not case.open:
        return
    yield from _ownerless(case)
    if case.backfill:
        return
    yield from _untimed(case, now)
    yield from _silent(case, now, setting)
    yield from _waiting(case, now, setting)


def has_owner(case: Case) -> bool:
    """Whether somebody must do something now: an agency, or the operator who places what all agencies declined."""
    return bool(case.active or case.unplaced)


def patience(policy: Policy, agency: str) -> float | None:
    """Working hours for which an agency's dossiers may wait before somebody hears of it; None: no rule says so."""
    rules = [rule for rule in policy.rules if rule.when is Trigger.WAITING and rule.applies_to(agency)]
    return min((rule.hours for rule in rules), default=None)


def _ownerless(case: Case) -> Iterator[Finding]:
    for number in case.unplaced:
        transfer = case.transfer_of(number)
        since = (transfer and transfer.ended_at) or case.received_at
        cause = f"Bước {number}: mọi cơ quan đều trả lại, không còn cơ quan cấp trên để chuyển."
        cure = f"Thống nhất cơ quan giải quyết, rồi gọi POST /v1/cases/{case.code}/place."
        yield Finding(StuckKind.UNPLACED, case.code, since, cause, cure)
    if not has_owner(case):
        cause = "Hồ sơ đang mở nhưng không có bước nào đến lượt cơ quan nào: lỗi phần mềm hoặc dữ liệu phục hồi thiếu."
        cure = f"Xem GET /v1/cases/{case.code} và chạy motcua check; gửi kết quả cho người phát triển."
        yield Finding(StuckKind.WITHOUT_OWNER, case.code, case.received_at, cause, cure)


def _untimed(case: Case, now: datetime) -> Iterator[Finding]:
    if not case.timers:
        cause = "Hồ sơ đang mở nhưng không có hẹn giờ nào: sẽ quá hạn mà không ai được nhắc."
        cure = "Chạy motcua policy apply để lập lại hẹn giờ của mọi hồ sơ đang mở."
        yield Finding(StuckKind.WITHOUT_TIMER, case.code, case.received_at, cause, cure)
    elif now - case.timers[0].at > TIMER_LATE:
        timer = case.timers[0]
        cause = f"Hẹn giờ {timer.kind.value} đã đến mà chưa thực hiện: vòng lặp timers của routing-worker không chạy."
        cure = "Xem /readyz và nhật ký (due.failed, loop.failed) của routing-worker, rồi khởi động lại."
        yield Finding(StuckKind.TIMER_LATE, case.code, timer.at, cause, cure)


def _silent(case: Case, now: datetime, setting: Setting) -> Iterator[Finding]:
    for number in case.active:
        step, transfer = case.step(number), case.transfer_of(number)
        if step.state is not StepState.OFFERED or transfer is None or transfer.accept_by is None:
            continue
        if setting.calendar(step.agency).later(transfer.accept_by, SILENCE_HOURS) < now:
            cause = f"Bước {number}: {step.agency} quá hạn nhận hơn {SILENCE_HOURS:g} giờ làm việc, chưa trả lời."
            cure = f"Gọi {step.agency}: nhận (POST /v1/cases/{case.code}/accept) hoặc trả lại có lý do (…/decline)."
            yield Finding(StuckKind.NOT_ACCEPTED, case.code, transfer.accept_by, cause, cure)


def _waiting(case: Case, now: datetime, setting: Setting) -> Iterator[Finding]:
    if case.stop is None:
        return
    agency = case.step(case.stop.step).agency
    hours = patience(setting.policy, agency)
    if hours is None or setting.calendar(case.counted_on).later(case.stop.since, hours) >= now:
        return
    whom, cure = _WAITS[case.stop.kind]
    cause = f"{whom} quá {hours:g} giờ làm việc, theo yêu cầu của {agency}."
    yield Finding(StuckKind.WAITING, case.code, case.stop.since, cause, cure.format(code=case.code))


_RESUME = "Cơ quan đã dừng xem lại; khi xong gọi POST /v1/cases/{code}/resume."
_WAITS: Mapping[StopKind, tuple[str, str]] = {
    StopKind.SUPPLEMENT: (
        "Chờ người nộp bổ sung giấy tờ",
        "Quầy liên hệ người nộp; nhận giấy tờ bằng POST /v1/dossiers/{code}/supplement (intake), hoặc rút hồ sơ.",
    ),
    StopKind.PAYMENT: (
        "Chờ nghĩa vụ tài chính",
        "Quầy liên hệ người nộp; ghi nhận bằng POST /v1/dossiers/{code}/payment (intake), hoặc rút hồ sơ.",
    ),
    StopKind.CONSULTATION: ("Chờ ý kiến", _RESUME),
    StopKind.DECISION: ("Tạm dừng theo quyết định", _RESUME),
}
