"""Statutory rules of intake as pure tests, each named with its article (numbers: the project's list of rules)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Conflict, Invalid
from contracts.types import Channel, HandOverMethod, HandOverProof, LimitUnit, PaperState, ReceivedBy
from services.intake.domain import ending, receiving
from services.intake.domain.checklist import Line, require_complete
from services.intake.domain.dossier import HandOver, Wanted
from services.intake.domain.procedure import Paper, Procedure
from services.intake.domain.status import PORTAL_STATUS, Status
from services.intake.promise import answer_due, paper_forward_due, promise
from services.kit.worktime import WorkCalendar
from tests.unit.intake.dossier_fixtures import dossier

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
CALENDAR = WorkCalendar()
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(HERE))


def at(text: str) -> datetime:
    """`20/11/2026 16:30`, in Viet Nam."""
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=HERE)


def test_rule_1_no_receipt_without_all_required_papers() -> None:
    """NĐ 61/2018/NĐ-CP Điều 17 khoản 1."""
    papers = (Paper("Tờ khai", 1), Paper("Giấy chứng sinh", 1))
    require_complete(papers, (Line(1, PaperState.ORIGINAL), Line(2, PaperState.COPY)))
    for lines in ((), (Line(1, PaperState.ORIGINAL),), (Line(1, PaperState.MISSING, "x"), Line(2, PaperState.COPY))):
        with pytest.raises(Conflict, match="chưa đủ giấy tờ"):
            require_complete(papers, lines)


def test_rule_2_the_desk_asks_once_and_again_only_with_a_recorded_legal_basis() -> None:
    """NĐ 61/2018/NĐ-CP Điều 11."""
    item = (Wanted("Tờ khai", "missing-papers", 1),)
    filing = dossier(Status.REGISTERED, due_at=None, answer_due_at=at("23/11/2026 16:30"))
    moment = at("23/11/2026 08:00")
    asked, _ = receiving.request_completion(filing, moment, item, None, supervisor=False)
    again, _ = receiving.resubmit(asked, moment, moment, ())
    with pytest.raises(Conflict, match="một lần"):
        receiving.request_completion(again, moment, item, None, supervisor=True)
    twice, event = receiving.request_completion(again, moment, item, "Luật X, Điều 1", supervisor=True)
    assert [request.legal_basis for request in twice.requests] == [None, "Luật X, Điều 1"]
    assert event.legal_basis == "Luật X, Điều 1"


def test_rule_3_slips_02_and_03_need_items_reasons_and_grounds() -> None:
    """NĐ 61/2018/NĐ-CP Điều 17 khoản 1 điểm a, b."""
    filing = dossier(Status.REGISTERED, due_at=None)
    moment = at("23/11/2026 08:00")
    for items in ((), (Wanted("Tờ khai", "whatever"),)):
        with pytest.raises(Invalid):
            receiving.request_completion(filing, moment, items, None, supervisor=False)
    for grounds in ((), ("whatever",)):
        with pytest.raises(Invalid):
            receiving.refuse(filing, moment, grounds)


@pytest.mark.parametrize(
    ("filed", "channel", "due"),
    [
        ("20/11/2026 16:30", Channel.ONLINE, "23/11/2026 16:30"),
        ("21/11/2026 10:00", Channel.ONLINE, "23/11/2026 17:00"),
        ("23/11/2026 07:00", Channel.ONLINE, "23/11/2026 17:00"),
        ("23/11/2026 10:00", Channel.ONLINE, "25/11/2026 10:00"),  # 24/11 is a day off
        ("20/11/2026 09:00", Channel.COUNTER, "23/11/2026 17:00"),
        ("20/11/2026 09:00", Channel.POST, "23/11/2026 17:00"),
    ],
)
def test_rule_4_online_filings_are_answered_in_8_working_hours_others_in_1_working_day(
    filed: str, channel: Channel, due: str
) -> None:
    """NQ 66.7/2025/NQ-CP Điều 8 khoản 1, 2."""
    assert answer_due(at(filed), channel, CALENDAR) == at(due)
    waiting = dossier(Status.REGISTERED, due_at=None, channel=channel, answer_due_at=at(due))
    assert receiving.flag_overdue(waiting, at(due)) is None
    assert receiving.flag_overdue(waiting, at(due) + timedelta(minutes=1)) is not None


@given(MOMENTS, MOMENTS)
def test_rule_5_the_full_limit_runs_anew_from_the_complete_dossier(first: datetime, brought: datetime) -> None:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 4."""
    asked = dossier(Status.SUPPLEMENT, received_at=first)
    promised = promise(brought, 3, LimitUnit.WORKING_DAYS, CALENDAR)
    after, event = receiving.supplement(asked, brought, promised.due_at, promised.explained)
    assert after.due_at == event.due_at == promise(brought, 3, LimitUnit.WORKING_DAYS, CALENDAR).due_at
    assert after.first_due_at == asked.first_due_at


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("23/11/2026 14:59", "23/11/2026 17:00"),
        ("23/11/2026 15:00", "23/11/2026 17:00"),
        ("23/11/2026 15:01", "25/11/2026 07:00"),  # 24/11 is a day off
        ("20/11/2026 16:00", "23/11/2026 07:00"),
        ("21/11/2026 10:00", "23/11/2026 17:00"),  # a Saturday counts from Monday morning
    ],
)
def test_rule_8_after_15_hours_the_paper_goes_on_at_the_start_of_the_next_working_day(received: str, due: str) -> None:
    """NĐ 61/2018/NĐ-CP Điều 18; NĐ 118/2025/NĐ-CP Điều 18."""
    assert paper_forward_due(at(received), CALENDAR) == at(due)


@given(MOMENTS)
def test_rule_8_the_paper_never_waits_longer_than_the_next_working_morning(received: datetime) -> None:
    due = paper_forward_due(received, CALENDAR)
    start = CALENDAR.next_working_moment(received)
    following = CALENDAR.nth_working_day(start.astimezone(HERE).date(), 1)
    assert start <= due <= CALENDAR.working_windows(following)[0][0]


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.RETURNED, Status.REFUSED, Status.WITHDRAWN])
def test_rule_12_no_withdrawal_once_a_decision_or_result_exists(status: Status) -> None:
    """TT 03/2025/TT-VPCP Điều 7; NĐ 118/2025/NĐ-CP Điều 21."""
    with pytest.raises(Conflict, match="không rút được"):
        ending.withdraw(dossier(status), at("23/11/2026 08:00"), None)


def test_rule_12_a_withdrawal_before_that_stops_the_dossier() -> None:
    after, event = ending.withdraw(dossier(Status.IN_PROCESS), at("23/11/2026 08:00"), "changed-my-mind")
    assert (PORTAL_STATUS[after.status], event.reason) == (7, "changed-my-mind")


@pytest.mark.parametrize(
    ("value", "unit", "allowed"),
    [
        (1, LimitUnit.SAME_DAY, True),
        (1, LimitUnit.WORKING_DAYS, True),
        (4, LimitUnit.WORKING_HOURS, True),
        (None, None, True),
        (2, LimitUnit.WORKING_DAYS, False),
        (16, LimitUnit.WORKING_HOURS, False),
        (1, LimitUnit.MONTHS, False),
    ],
)
def test_rule_13_what_may_be_solved_on_the_spot(value: float | None, unit: LimitUnit | None, allowed: bool) -> None:
    """NĐ 61/2018/NĐ-CP Điều 17 khoản 4."""
    procedure = Procedure("1.000001", 1, "Chứng thực bản sao", "Chứng thực", "xã", ("UBND",), value, unit)
    assert procedure.may_be_solved_on_the_spot is allowed


def test_a_hand_over_needs_a_result() -> None:
    """NĐ 61/2018/NĐ-CP Điều 20."""
    how = HandOver(at("23/11/2026 08:00"), HandOverMethod.COUNTER, ReceivedBy.OWNER, HandOverProof.SIGNATURE)
    with pytest.raises(Conflict):
        ending.hand_over(dossier(Status.IN_PROCESS), how)
