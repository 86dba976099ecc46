"""What is printed on the receipt and what a citizen reads: complete, in words, nothing personal where it is open."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import routing
from contracts.problems import Invalid
from contracts.types import LimitUnit, NoticeChannel, NoticeKind, Timeliness
from services.intake.commands.moments import AHEAD, BEHIND, business_time
from services.intake.domain import dossier as domain
from services.intake.domain.dossier import FACTS, Status
from services.intake.domain.informed import Informed, Told
from services.intake.promise import promise
from services.intake.queries import track
from services.intake.queries.receipt import receipt
from services.intake.queries.track import story, vietnam_time
from services.intake.store import fold
from tests.unit.intake.dossier_fixtures import APPLICANT, AT, CODE, DUE, dossier, fact


def test_every_word_that_can_be_needed_is_there() -> None:
    assert set(track.STATUS_WORDS) == set(Status)
    assert set(track.NOTICE_WORDS) == set(NoticeKind)
    assert set(track.CHANNEL_WORDS) == set(NoticeChannel)
    assert set(track.TIMELINESS_WORDS) == set(Timeliness)
    kinds = {kind.TYPE.split(".")[-2] for kind in FACTS} | {"submitted", "supplemented", "returned"}
    assert kinds <= set(track.ENTRY_WORDS)


def test_a_receipt_holds_every_field_of_the_form() -> None:
    fields = receipt(dossier(fee_vnd=8000, sets=2, external_ref="R-1"))
    assert fields == {
        "code": CODE, "counter": "H12.970.00", "procedure_code": "1.014466", "procedure_version": 1,
        "procedure_name": "Đăng ký khai sinh", "field": "Hộ tịch", "mechanism": "one_stop", "channel": "counter",
        "applicant_name": APPLICANT.full_name, "sets": 2, "limit_text": "3 ngày làm việc", "received_at": AT,
        "received_text": "09:00 ngày 23/11/2026", "due_at": DUE, "due_text": "09:00 ngày 26/11/2026",
        "due_explained": "thời hạn 3 ngày làm việc", "fee_vnd": 8000, "external_ref": "R-1",
        "track_path": f"/v1/track/{CODE}",
    }  # fmt: skip


def test_a_receipt_keeps_the_first_promise_whatever_came_later() -> None:
    extended = domain.learn(dossier(Status.IN_PROCESS), fact(routing.DossierExtended))
    assert receipt(extended)["due_at"] == DUE
    assert receipt(extended)["due_explained"] == "thời hạn 3 ngày làm việc"
    assert extended.due_explained != extended.first_due_explained


@pytest.mark.parametrize("status", list(Status))
def test_a_story_has_words_for_every_status_and_no_personal_data(status: Status) -> None:
    told = dossier(status)
    for kind in FACTS:
        told = domain.learn(told, fact(kind))
    at = AT + timedelta(minutes=3)
    informed = Informed((Told("n-1", NoticeKind.RECEIVED, NoticeChannel.ZALO, at, True),))
    shown = story(told, informed)
    text = json.dumps(shown, default=str, ensure_ascii=False)
    for personal in (APPLICANT.full_name, APPLICANT.id_number, APPLICANT.phone, APPLICANT.address):
        assert str(personal) not in text
    assert shown["status_text"]
    assert shown["status_code"] in range(1, 11)
    assert all(line["text"] != line["kind"] for line in shown["timeline"])
    assert shown["informed"][0]["text"] == "Đã báo đã tiếp nhận hồ sơ lúc 09:03 ngày 23/11/2026 qua Zalo"


def test_a_story_is_told_in_the_order_in_which_it_happened() -> None:
    first, second = fact(routing.DossierTransferred), fact(routing.DossierTransferAccepted)
    later = domain.learn(dossier(), second.model_copy(update={"occurred_at": AT + timedelta(hours=5)}))
    shown = story(domain.learn(later, first))
    assert [line["kind"] for line in shown["timeline"]] == ["transferred", "transfer-accepted"]


def test_times_are_printed_as_in_viet_nam() -> None:
    assert vietnam_time(datetime(2026, 12, 31, 17, 5, tzinfo=UTC)) == "00:05 ngày 01/01/2027"


@given(st.timedeltas(min_value=timedelta(days=-4000), max_value=timedelta(days=4000)), st.booleans())
def test_a_stated_time_is_believed_in_a_window_and_older_only_for_registers(off: timedelta, backfill: bool) -> None:
    stated = AT + off
    if off > AHEAD or (off < -BEHIND and not backfill):
        with pytest.raises(Invalid) as caught:
            business_time(stated, AT, backfill=backfill)
        assert caught.value.slug == ("moment-in-future" if off > AHEAD else "moment-too-old")
    else:
        assert business_time(stated, AT, backfill=backfill) == stated


def test_without_a_stated_time_it_is_now() -> None:
    assert business_time(None, AT, backfill=False) == AT


@pytest.mark.parametrize("unit", list(LimitUnit))
def test_every_unit_of_a_limit_gives_a_promise_after_the_receipt_and_says_how(unit: LimitUnit) -> None:
    promised = promise(AT, 1.0, unit)
    assert promised.due_at > AT
    assert "hạn trả kết quả" in promised.explained


@pytest.mark.parametrize(
    ("year", "value", "unit", "slug"),
    [
        (2026, None, None, "procedure-limit-unknown"),
        (1999, 1.0, LimitUnit.MONTHS, "moment-out-of-calendar"),
        (1, 1.0, LimitUnit.WORKING_DAYS, "moment-out-of-calendar"),
        (2026, 10_000.0, LimitUnit.MONTHS, "moment-out-of-calendar"),
        (2090, 10_000.0, LimitUnit.WORKING_DAYS, "moment-out-of-calendar"),
    ],
)
def test_what_cannot_be_promised_is_refused(year: int, value: float | None, unit: LimitUnit | None, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        promise(AT.replace(year=year), value, unit)
    assert caught.value.slug == slug


def test_words_are_found_without_diacritics() -> None:
    assert fold("Đăng ký khai sinh, lần 2") == ["dang", "ky", "khai", "sinh", "lan", "2"]
    assert fold("ĐĂNG KÝ") == fold("đăng ký") == fold("dang ky")
