"""Statutory duties to tell the citizen, each with its article. The numbers are those of the project's list of rules."""

from __future__ import annotations

import json

import pytest

from contracts.events import DossierEvent
from contracts.events.intake import DossierRefused, DossierWithdrawn
from contracts.events.routing import (
    DossierDueChanged,
    DossierExtended,
    DossierResolved,
    DossierResumed,
    DossierSupplementRequested,
)
from contracts.generate.__main__ import CONTRACTS
from contracts.types import NoticeKind, Timeliness
from services.notify.domain.recipient import Recipient
from services.notify.domain.rules import RULES, new_notice
from services.notify.templates.defaults import default_templates
from services.notify.templates.domain.render import fill
from services.notify.templates.domain.values import Particulars, case_of, values_of
from tests.unit.notify.ladder_fixtures import NOON, POLICY

ABOUT = Particulars("Đăng ký mẫu thử", "H99.01")


def said(event: type[DossierEvent], **changes: object) -> tuple[NoticeKind, dict[str, str]]:
    """The kind of notice an event makes, and what it says."""
    data = json.loads((CONTRACTS / "samples" / event.TYPE / "full.json").read_bytes())["data"]
    kind = RULES[event].makes
    assert kind is not None
    notice = new_notice(event(**(data | changes)), kind, "e1", "c", "H99.01", NOON, POLICY.sms_receipt)
    filled = fill(default_templates()[kind].content, case_of(notice, ABOUT), values_of(notice, ABOUT), "")
    return kind, dict(filled.fields)


def test_rule_3_a_request_for_papers_names_them_and_a_refusal_its_ground() -> None:
    """NĐ 61/2018/NĐ-CP Điều 17 khoản 1: guided once, fully, exactly; refused with the reason."""
    assert said(DossierSupplementRequested)[1]["reason"] == "Bản sao giấy tờ mẫu 1; Tờ khai mẫu 2"
    kind, told = said(DossierRefused, reasons=["not-eligible"])
    assert (kind, told["reason"]) == (NoticeKind.REFUSED, "Không đủ điều kiện theo quy định")


def test_rule_6_the_citizen_is_told_of_the_apology_its_reason_and_the_new_date() -> None:
    """NĐ 61/2018/NĐ-CP Điều 19 khoản 9."""
    kind, told = said(DossierExtended, reason="overload", due_at="2026-03-20T03:00:00Z")
    assert (kind, told["reason"], told["due_date"]) == (
        NoticeKind.EXTENDED, "Số lượng hồ sơ lớn", "10:00 20/03/2026",
    )  # fmt: skip


@pytest.mark.parametrize("timeliness", Timeliness)
def test_rule_11_word_of_a_result_exists_before_it_is_picked_up(timeliness: Timeliness) -> None:
    """NĐ 61/2018/NĐ-CP Điều 20: an early result is welcome, if the citizen is told beforehand."""
    kind, _ = said(DossierResolved, timeliness=timeliness)
    recipient = Recipient("H99.01-260302-0007", "box", "Đăng ký mẫu thử", "H99.01", NOON)
    assert kind is NoticeKind.RESOLVED
    assert kind not in recipient.heard(RULES[DossierResolved]).untrue


def test_rule_6_a_date_that_moves_without_fault_is_told_without_an_apology() -> None:
    """A stop that the law leaves out, or the working calendar; not a second extension (NĐ 61/2018/NĐ-CP Điều 19)."""
    for event in (DossierResumed, DossierDueChanged):
        kind, told = said(event, due_at="2026-03-20T03:00:00Z")
        assert (kind, told["due_date"], "reason" in told) == (NoticeKind.DUE_CHANGED, "10:00 20/03/2026", False)


def test_rule_12_a_withdrawal_is_answered_by_a_notice_of_termination() -> None:
    """TT 03/2025/TT-VPCP Điều 7: Thông báo dừng giải quyết hồ sơ; none where the result exists."""
    kind, told = said(DossierWithdrawn)
    assert (kind, told["stopped_at"]) == (NoticeKind.WITHDRAWN, "08:15 02/03/2026")
    recipient = Recipient("H99.01-260302-0007", "box", "Đăng ký mẫu thử", "H99.01", NOON)
    assert kind in recipient.heard(RULES[DossierResolved]).untrue
    assert NoticeKind.RESOLVED not in recipient.heard(RULES[DossierWithdrawn]).untrue
