"""Officers' notices: ids, units, how long they are of use, and what makes them idle."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Envelope
from contracts.events.routing import DossierDueSoon, DossierEscalated, DossierOverdue
from contracts.problems import Invalid
from contracts.types import NoticeChannel, NoticeKind
from services.kit.ids import new_id
from services.kit.sealing import Opener, new_private_key
from services.notify.contact import open_contact
from services.notify.domain.notice import attempt_id, notice_of
from services.notify.domain.recipient import Recipient
from services.notify.domain.rules import RULES
from services.notify.domain.transitions import Move
from services.notify.off import Off
from services.notify.officers.entries import OfficerEntry, officer_entry, sealed_officers
from services.notify.officers.officer import MOST_OFFICERS, OFFICER_KINDS, contact_of, officer_ids
from services.notify.officers.warnings import officer_notice_id, warning_notice, warning_of
from services.notify.store import NOTICES
from tests.unit.notify.ladder_fixtures import NOON

CODE, UNIT, ABOVE = "H99.01-260302-0007", "H99.07", "H99"
PHONE = "0901234567"
DUE_SOON, OVERDUE = NoticeKind.DUE_SOON, NoticeKind.OVERDUE
LIFETIME = timedelta(days=3)


def soon(due_at: datetime = NOON + timedelta(hours=4), step: int | None = 1) -> DossierDueSoon:
    return DossierDueSoon(code=CODE, occurred_at=NOON, agency=UNIT, due_at=due_at, step=step)


def late(step: int | None = 1) -> DossierOverdue:
    return DossierOverdue(code=CODE, occurred_at=NOON, agency=UNIT, due_at=NOON, step=step)


def escalated() -> DossierEscalated:
    return DossierEscalated(code=CODE, occurred_at=NOON, rule="silence", agency=UNIT, to=ABOVE, step=1)


def envelope(id: str) -> Envelope:
    return Envelope(id, "/routing", "t", NOON, CODE, 1, "c")


def made(event: Any, officer: str = "0a1b2c3d", id: str | None = None) -> Any:
    warned = warning_of(event)
    return warning_notice(event, envelope(id or new_id()), warned, officer, "H99.01", NOON, LIFETIME)


def recipient() -> Recipient:
    return Recipient(CODE, None, "Thủ tục", "H99.01", NOON)


@given(st.uuids(), st.integers(1, 9_999), st.integers(0, 2**32 - 1))
def test_an_attempts_id_fits_and_leads_back_to_its_notice(event: Any, number: int, officer: int) -> None:
    id = officer_notice_id(str(event), f"{officer:08x}")
    attempt = attempt_id(id, number)
    assert len(attempt) <= 48
    assert re.fullmatch(r"[a-z0-9-]+", attempt)
    assert notice_of(attempt) == id


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=100))
def test_ids_of_other_producers_fit_too(event: str) -> None:
    assert len(attempt_id(officer_notice_id(event, "0a1b2c3d"), 9_999)) <= 48


def test_each_event_and_each_officer_has_an_id_of_its_own() -> None:
    events, officers = [new_id() for _ in range(20)] + ["other", "another"], ["0a1b2c3d", "0a1b2c3e"]
    assert len({officer_notice_id(event, officer) for event in events for officer in officers}) == 44


def test_an_escalation_goes_to_who_is_told_and_all_else_to_the_agency_itself() -> None:
    assert (warning_of(soon()).unit, warning_of(soon()).kind) == (UNIT, DUE_SOON)
    assert (warning_of(late()).unit, warning_of(late()).kind) == (UNIT, OVERDUE)
    assert (warning_of(escalated()).unit, warning_of(escalated()).kind) == (ABOVE, OVERDUE)
    notice = made(escalated())
    assert (notice.unit, notice.officer, notice.reasons, notice.due_at) == (ABOVE, "0a1b2c3d", ("silence",), None)


def test_a_warning_is_of_use_until_it_is_overdue_and_no_longer_than_its_kind() -> None:
    assert made(soon(NOON + timedelta(hours=4))).expires_at == NOON + timedelta(hours=4)
    assert made(soon(NOON + timedelta(days=2))).expires_at == NOON + timedelta(hours=12)
    assert made(soon(NOON - timedelta(hours=1))).expires_at == NOON
    assert made(late()).expires_at == NOON + timedelta(hours=24)


def test_an_officer_is_never_on_a_counters_call_list() -> None:
    failed = made(late()).move(Move.GIVE_UP, NOON, "sms-recipient")
    assert not [token for token in NOTICES.to_document(failed)["tokens"] if token.startswith("call:")]


def test_overdue_makes_the_warning_of_the_same_step_idle_and_no_other() -> None:
    first, second, whole = made(soon(step=1)), made(soon(step=2)), made(soon(step=None))
    told = recipient().with_warning(first, 1).with_warning(second, 2).with_warning(whole, None)
    warned = warning_of(late(step=1))
    after = told.without_warnings(warned.overtakes, warned.step)
    assert [after.is_untrue(notice) for notice in (first, second, whole)] == [True, False, False]
    assert after.sweep
    assert after.without_warnings(warned.overtakes, warned.step) is after
    whole_late = warning_of(late(step=None))
    assert told.without_warnings(whole_late.overtakes, None).is_untrue(whole)


def test_an_escalation_outlives_the_step_it_began_with() -> None:
    notice = made(escalated())
    told = recipient().with_warning(notice, warning_of(escalated()).step)
    assert told.without_warnings(OFFICER_KINDS, 1) is told


@pytest.mark.parametrize("name", ["DossierResolved", "DossierWithdrawn", "DossierReturned"])
def test_what_ends_a_dossier_ends_its_warnings_for_good(name: str) -> None:
    rule = next(rule for event, rule in RULES.items() if event.__name__ == name)
    assert rule.ends >= OFFICER_KINDS


@pytest.mark.parametrize(
    "name",
    ["DossierSupplementRequested", "DossierPaymentRequested", "DossierHalted", "DossierResumed", "DossierDueChanged",
     "DossierExtended"],
)  # fmt: skip
def test_what_stops_the_clock_or_moves_the_date_makes_waiting_warnings_idle(name: str) -> None:
    rule = next(rule for event, rule in RULES.items() if event.__name__ == name)
    assert rule.overtakes >= OFFICER_KINDS


def entry(label: str = "Trưởng phòng", phone: str = PHONE) -> OfficerEntry:
    return officer_entry(label, phone, NoticeChannel.ZALO, [OVERDUE, OVERDUE])


def test_an_officers_phone_is_sealed_and_only_notify_opens_it() -> None:
    opener = Opener(new_private_key())
    unit = sealed_officers(UNIT, [entry(), entry("Chuyên viên", "+84 90 123 4568")], opener.public_key)
    assert "901234" not in json.dumps(repr(unit))
    first, second = unit.officers
    assert open_contact(opener, first.sealed).phone == "84901234567"
    sealed = contact_of(unit, second.id)
    assert sealed is not None
    assert open_contact(opener, sealed).phone == "84901234568"
    assert contact_of(unit, "00000000") is None
    assert contact_of(None, first.id) is None
    assert unit.wanting(OVERDUE) == unit.officers
    assert unit.wanting(DUE_SOON) == ()


def test_what_is_no_contact_is_refused_and_the_phone_is_not_repeated() -> None:
    for label, phone, slug in (
        (" ", PHONE, "officer-label-missing"),
        ("x" * 61, PHONE, "officer-label-unfit"),
        ("Trưởng phòng 0901 234 567", PHONE, "officer-label-unfit"),
        ("Trưởng phòng", "02838220000", "phone-not-mobile"),
        ("Trưởng phòng", "khong co", "phone-not-mobile"),
    ):
        with pytest.raises(Invalid) as refused:
            entry(label, phone)
        assert refused.value.slug == slug
        assert phone not in refused.value.message
    public = Opener(new_private_key()).public_key
    with pytest.raises(Invalid, match="một lần"):
        sealed_officers(UNIT, [entry(), entry("Chuyên viên", "+84901234567")], public)
    many = [entry(phone=f"09012345{n:02d}") for n in range(MOST_OFFICERS + 1)]
    assert len(sealed_officers(UNIT, many[:-1], public).officers) == MOST_OFFICERS
    with pytest.raises(Invalid, match="tối đa"):
        sealed_officers(UNIT, many, public)
    with pytest.raises(Off):
        sealed_officers(UNIT, [entry()], "")


@given(st.lists(st.sampled_from(["Trưởng phòng", "Chuyên viên", "Văn thư"]), max_size=MOST_OFFICERS))
def test_ids_of_roles_are_all_different_and_stay_when_others_come(labels: list[str]) -> None:
    ids = officer_ids(UNIT, labels)
    assert len(set(ids)) == len(labels)
    assert all(re.fullmatch(r"[0-9a-f]{8}", id) for id in ids)
    assert officer_ids(UNIT, [*labels, "Phó trưởng phòng"])[: len(labels)] == ids
    assert not set(ids) & set(officer_ids(ABOVE, labels))
