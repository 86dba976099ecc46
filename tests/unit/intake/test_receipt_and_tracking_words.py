"""The receipt, the promise it states, and which stated times are believed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import routing
from contracts.problems import Invalid
from contracts.types import LimitUnit
from services.intake.commands.moments import AHEAD, BEHIND, business_time
from services.intake.domain import ending
from services.intake.domain.status import Status
from services.intake.promise import promise
from services.intake.queries.receipt import receipt
from services.intake.search_words import fold
from services.kit import worktime
from tests.unit.intake.dossier_fixtures import APPLICANT, AT, CODE, DUE, dossier, fact


def test_a_receipt_holds_every_field_of_the_form() -> None:
    fields = receipt(dossier(fee_vnd=8000, sets=2, external_ref="R-1"))
    assert fields == {
        "code": CODE, "counter": "H12.970.00", "procedure_code": "1.014466", "procedure_version": 1,
        "procedure_name": "Đăng ký khai sinh", "field": "Hộ tịch", "mechanism": "one_stop", "channel": "counter",
        "applicant_name": APPLICANT.full_name, "id_number": APPLICANT.id_number, "address": APPLICANT.address,
        "phone": APPLICANT.phone, "email": None, "submitter_name": None, "mandated_name": None, "mandate": None,
        "papers": [], "on_the_spot": False, "return_by": "counter", "return_address": None, "clerk": None, "sets": 2,
        "limit_text": "3 ngày làm việc", "received_at": AT,
        "received_text": "09:00 ngày 23/11/2026", "due_at": DUE, "due_text": "09:00 ngày 26/11/2026",
        "due_explained": "thời hạn 3 ngày làm việc", "fee_vnd": 8000, "external_ref": "R-1",
        "track_path": f"/v1/track/{CODE}",
    }  # fmt: skip


def test_a_receipt_keeps_the_first_promise_whatever_came_later() -> None:
    extended = ending.learn(dossier(Status.IN_PROCESS), fact(routing.DossierExtended))
    assert receipt(extended)["due_at"] == DUE
    assert receipt(extended)["due_explained"] == "thời hạn 3 ngày làm việc"
    assert extended.due_explained != extended.first_due_explained


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
    promised = promise(AT, 1.0, unit, worktime.WorkCalendar())
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
        promise(AT.replace(year=year), value, unit, worktime.WorkCalendar())
    assert caught.value.slug == slug


def test_words_are_found_without_diacritics() -> None:
    assert fold("Đăng ký khai sinh, lần 2") == ["dang", "ky", "khai", "sinh", "lan", "2"]
    assert fold("ĐĂNG KÝ") == fold("đăng ký") == fold("dang ky")
