"""Nghĩa vụ tài chính at the desk: an agency asks, the desk records the receipt once, routing's new date comes back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.routing import DossierPaymentRequested, DossierResumed, DossierTransferred
from contracts.types import StopKind
from tests.component.desk_fixtures import act, shown
from tests.component.service_fixtures import COUNTER, OFFICE, OTHER_COUNTER, Intake, now
from tests.replies import refused, slug

ASKED = 150_000


async def asked_to_pay(intake: Intake) -> str:
    code = await intake.register()
    due = now() + timedelta(days=5)
    about: dict[str, Any] = {"code": code, "agency": OFFICE, "step": 1}
    await intake.take(
        DossierTransferred(**about, occurred_at=now(), steps=1, step_due_at=due, due_at=due),
        DossierPaymentRequested(**about, occurred_at=now(), amount_vnd=ASKED, legal_basis="Điều 5 văn bản mẫu"),
    )
    return code


async def pay(intake: Intake, code: str, amount: int = ASKED, reference: str = "BL-0000042") -> httpx.Response:
    return await act(intake, code, "payment", amount_vnd=amount, reference=reference)


async def test_who_may_not_write_for_the_counter_records_no_payment(intake: Intake) -> None:
    code = await asked_to_pay(intake)
    body = {"amount_vnd": ASKED, "reference": "BL-0000042"}
    for headers, status, why in (
        ({}, 401, "key-missing"),
        (await intake.key(f"counter:{OTHER_COUNTER}"), 404, "dossier-unknown"),
        (await intake.key("service"), 403, "scope-missing"),
        (await intake.key(f"agency:{OFFICE}"), 403, "scope-missing"),
    ):
        reply = await intake.http.post(f"/v1/dossiers/{code}/payment", json=body, headers=headers)
        assert slug(reply) == (status, why)
    assert await intake.events(code, "dossier.paid.v1") == []
    assert (await act(intake, code, "payment", await intake.key(f"counter:{COUNTER}"), **body)).status_code == 200


async def test_a_payment_is_recorded_once_however_often_it_is_sent(intake: Intake) -> None:
    code = await asked_to_pay(intake)
    assert (await shown(intake, code))["status_code"] == 6
    replies = await asyncio.gather(*(pay(intake, code) for _ in range(5)))
    assert {reply.status_code for reply in replies} == {200}
    assert {reply.json()["status"] for reply in replies} == {"in_process"}
    [event] = await intake.events(code, "dossier.paid.v1")
    assert (event["amount_vnd"], event["reference"]) == (ASKED, "BL-0000042")
    [payment] = (await shown(intake, code))["payments"]
    assert (payment["by"], payment["amount_vnd"], payment["reference"]) == (OFFICE, ASKED, "BL-0000042")
    assert payment["paid_at"] is not None


async def test_another_amount_or_a_used_receipt_is_refused_and_says_what_was_asked_for(intake: Intake) -> None:
    code = await asked_to_pay(intake)
    assert refused(await pay(intake, code, ASKED - 1), 409, "payment-amount-differs")["amount_vnd"] == ASKED
    assert (await pay(intake, code)).status_code == 200
    assert refused(await pay(intake, code, ASKED + 1), 409, "payment-reference-reused")["amount_vnd"] == ASKED
    assert slug(await pay(intake, code, reference="BL-0000043")) == (409, "payment-not-expected")
    assert len(await intake.events(code, "dossier.paid.v1")) == 1


async def test_what_nobody_asked_for_is_not_recorded(intake: Intake) -> None:
    code = await intake.register()
    refusal = refused(await pay(intake, code), 409, "payment-not-expected")
    assert (refusal["state"], "payment" in refusal["allowed"]) == ("received", False)
    assert slug(await pay(intake, "H12.970.00-200101-0001")) == (404, "dossier-unknown")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amount_vnd": -1, "reference": "BL-1"},
        {"amount_vnd": 10**13, "reference": "BL-1"},
        {"amount_vnd": ASKED, "reference": "có dấu"},
        {"amount_vnd": ASKED, "reference": "BL-1", "paid_by": "Nguyễn Văn A"},
    ],
)
async def test_a_malformed_payment_is_refused_by_its_fields(intake: Intake, body: dict[str, Any]) -> None:
    code = await asked_to_pay(intake)
    assert slug(await act(intake, code, "payment", **body)) == (422, "request-invalid")


async def test_a_payment_before_it_was_asked_for_or_in_the_future_is_refused(intake: Intake) -> None:
    code = await asked_to_pay(intake)
    for off, why in ((timedelta(hours=-1), "moment-before-filing"), (timedelta(hours=1), "moment-in-future")):
        stated = (now() + off).isoformat()
        body = {"amount_vnd": ASKED, "reference": "BL-1", "occurred_at": stated}
        assert slug(await act(intake, code, "payment", **body)) == (422, why)


async def test_the_new_date_comes_back_from_routing(intake: Intake) -> None:
    code = await asked_to_pay(intake)
    await pay(intake, code)
    first, due = (await shown(intake, code))["first_due_at"], now() + timedelta(days=9)
    resumed = DossierResumed(
        code=code, occurred_at=now(), agency=OFFICE, step=1, kind=StopKind.PAYMENT, due_at=due, first_due_at=due
    )
    await intake.take(resumed, resumed)
    after = await shown(intake, code)
    assert (after["status"], after["due_at"][:19]) == ("in_process", due.isoformat()[:19])
    assert after["first_due_at"] == first
    assert [line["kind"] for line in after["timeline"]][-2:] == ["paid", "resumed"]
