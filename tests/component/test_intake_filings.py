"""The desk's work with the checklist and with filings: on the real engine, over the real API."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.events.routing import DossierSupplementRequested, DossierTransferred
from contracts.types import LimitUnit
from services.intake.commands.duplicates import LAST_KEPT, person_id
from services.intake.commands.publish_procedure import PublishProcedure
from services.intake.domain.people import Applicant
from services.intake.domain.procedure import Paper
from services.intake.store import FILINGS_OF_A_PERSON
from services.kit.commit import Committer
from services.kit.ids import new_id
from tests.component.counter_fixtures import resolved
from tests.component.desk_fixtures import COMPLETE, WITH_A_GAP, act, file, filed, shown
from tests.component.service_fixtures import (
    CITIZEN_ID,
    COUNTER,
    NO_LIMIT,
    OFFICE,
    OTHER_COUNTER,
    PHONE,
    PROCEDURE,
    PROCEDURES,
    STORED,
    TWO_STEPS,
    Intake,
    now,
)
from tests.replies import refused

PAPERS = (
    Paper("Tờ khai đăng ký khai sinh", 1, form="TP/HT-2020-TKKS"),
    Paper("Giấy chứng sinh", 1),
    Paper("Văn bản ủy quyền", 1, case="Nhờ người khác nộp thay"),
)


@pytest.fixture
async def desk(intake: Intake) -> Intake:
    """Intake whose birth registration asks for papers."""
    await intake.ask_for(*PAPERS)
    return intake


async def test_an_incomplete_dossier_gets_no_receipt_and_leaves_nothing(desk: Intake) -> None:
    """Statutory rule 1; NĐ 61/2018/NĐ-CP Art 17.1."""
    before = await desk.counts(*STORED)
    for checklist in ([], WITH_A_GAP, COMPLETE[:1]):
        body = refused(await desk.post_dossier(desk.body(checklist=checklist)), 409, "checklist-incomplete")
        assert "Giấy chứng sinh" in body["names"]
    await desk.nothing_stored(before)
    assert await desk.register(checklist=COMPLETE)


async def test_a_checklist_that_does_not_fit_the_procedure_is_refused(desk: Intake) -> None:
    for line, slug in (
        ({"paper": 4, "state": "copy"}, "paper-unknown"),
        ({"paper": 2, "state": "copy"}, "paper-repeated"),
        ({"paper": 3, "state": "not_applicable"}, "paper-reason-missing"),
    ):
        refused(await desk.post_dossier(desk.body(checklist=[*COMPLETE, line])), 422, slug)


async def test_a_second_dossier_of_the_same_person_and_procedure_is_warned_of(desk: Intake) -> None:
    first = await desk.register(checklist=COMPLETE)
    again = desk.body(checklist=COMPLETE, duplicate_confirmed=False)
    assert refused(await desk.post_dossier(again), 409, "duplicate-suspected")["duplicates"] == [first]
    assert (await desk.post_dossier(desk.body(procedure_code=TWO_STEPS, duplicate_confirmed=False))).status_code == 201
    other = desk.body(checklist=COMPLETE, duplicate_confirmed=False, applicant__id_number="096190009999")
    assert (await desk.post_dossier(other)).status_code == 201
    assert (await desk.post_dossier(again | {"duplicate_confirmed": True})).status_code == 201


async def test_an_ended_dossier_is_no_duplicate(desk: Intake) -> None:
    first = await desk.register(checklist=COMPLETE)
    assert (await act(desk, first, "withdraw")).status_code == 200
    assert (await desk.post_dossier(desk.body(checklist=COMPLETE, duplicate_confirmed=False))).status_code == 201


async def test_many_dossiers_of_one_applicant_are_registered_in_one_go_or_not_at_all(desk: Intake) -> None:
    applicant = desk.body()["applicant"]
    good = {"procedure_code": PROCEDURE, "checklist": COMPLETE}
    body = {"counter": COUNTER, "applicant": applicant, "dossiers": [good, good, {"procedure_code": TWO_STEPS}]}
    headers = desk.desk | {"Idempotency-Key": "many-at-once"}
    reply = await desk.http.post("/v1/dossiers/batch", json=body, headers=headers)
    codes = [receipt["code"] for receipt in reply.json()["dossiers"]]
    assert [code[-4:] for code in codes] == ["0001", "0002", "0003"]
    again = await desk.http.post("/v1/dossiers/batch", json=body, headers=headers)
    assert [receipt["code"] for receipt in again.json()["dossiers"]] == codes
    before = await desk.counts(*STORED)
    bad = body | {"dossiers": [good, {"procedure_code": PROCEDURE}], "duplicate_confirmed": True}
    reply = await desk.http.post("/v1/dossiers/batch", json=bad, headers=desk.desk | {"Idempotency-Key": "broken-one"})
    refused(reply, 409, "checklist-incomplete")
    await desk.nothing_stored(before)


async def test_many_dossiers_of_one_who_has_filed_often_are_registered_too(desk: Intake) -> None:
    """An organisation with fifty dossiers of each procedure behind it."""
    organisation = {"kind": "organisation", "full_name": "Công ty Thử", "id_number": "0312345678"}
    owner = Applicant("organisation", "Công ty Thử", "0312345678", None, None, None)
    codes = [procedure.code for procedure in PROCEDURES if procedure.limit_value is not None]
    for number, code in enumerate(codes):
        before = tuple(f"{COUNTER}-251103-{number * 1000 + one:04d}" for one in range(1, LAST_KEPT + 1))
        known = {"_id": person_id(owner, code), "_v": 1, "_n": 0, "codes": before}
        await desk.mongo.collection(FILINGS_OF_A_PERSON.collection).insert_one(known)
    body = {"counter": COUNTER, "applicant": organisation, "dossiers": [{"procedure_code": code} for code in codes]}
    body["dossiers"][0]["checklist"] = COMPLETE  # type: ignore[index]
    reply = await desk.http.post("/v1/dossiers/batch", json=body, headers=desk.desk | {"Idempotency-Key": new_id()})
    assert reply.status_code == 201, reply.text


async def test_the_three_places_and_the_three_parties_are_kept_and_only_the_desk_sees_people(desk: Intake) -> None:
    code = await desk.register(
        checklist=COMPLETE, handed_in_at=OTHER_COUNTER, competent_agency="H12.971",
        submitter={"full_name": "Người Nộp Thay", "phone": "0901234568"},
        mandated={"full_name": "Người Được Ủy Quyền", "id_number": "096190005555"},
        mandate={"paper": "Giấy ủy quyền", "number": "12/UQ", "signed_on": "2026-11-02"},
        return_by="post", return_address="Ấp Thử", clerk="Cán bộ A", fee_paid_vnd=8000,
    )  # fmt: skip
    body = await shown(desk, code)
    assert (body["handed_in_at"], body["counter"], body["competent_agency"]) == (OTHER_COUNTER, COUNTER, "H12.971")
    assert (body["submitter"]["full_name"], body["mandate"]["number"]) == ("Người Nộp Thay", "12/UQ")
    assert (body["return_by"], body["return_address"], body["fee_paid_vnd"]) == ("post", "Ấp Thử", 8000)
    [event] = await desk.events(code, "dossier.submitted.v1")
    assert (event["handed_in_at"], event["competent_agency"]) == (OTHER_COUNTER, "H12.971")
    assert not any(word in str(event) for word in ("Người", "0961", "12/UQ"))


async def test_return_by_post_needs_an_address(desk: Intake) -> None:
    refused(await desk.post_dossier(desk.body(checklist=COMPLETE, return_by="post")), 422, "return-address-missing")


async def test_a_filing_waits_is_completed_once_and_accepted_with_a_receipt(desk: Intake) -> None:
    """The road of NĐ 61/2018 Art 17 and NQ 66.7/2025 Art 8, with what changed shown to the clerk."""
    code = await filed(desk, channel="online")
    waiting = await shown(desk, code)
    assert (waiting["status"], waiting["due_at"], waiting["receipt"]) == ("registered", None, None)
    assert waiting["answer_due_at"] > waiting["received_at"]
    assert [line["lacks"] for line in waiting["checklist"]] == [False, True, False]
    refused(await act(desk, code, "accept"), 409, "checklist-incomplete")
    asked = await act(desk, code, "request-completion", items=[{"paper": 2, "reason": "missing-papers"}])
    assert (asked.json()["status"], asked.json()["status_code"]) == ("supplement", 5)
    assert (await act(desk, code, "supplement", checklist=[COMPLETE[1]])).json()["status"] == "registered"
    [request] = (await shown(desk, code))["requests"]
    assert [(c["name"], c["before"], c["after"]) for c in request["changes"]] == [
        ("Giấy chứng sinh", "missing", "digital")
    ]
    second = {"items": [{"paper": 1, "reason": "signature-missing"}], "legal_basis": "Nghị định X, Điều 1"}
    refused(await act(desk, code, "request-completion", **second), 409, "supplement-already-requested")
    supervisor = await desk.key(f"counter:{COUNTER}", "supervisor")
    assert (await act(desk, code, "request-completion", supervisor, **second)).status_code == 200
    assert (await act(desk, code, "supplement")).status_code == 200
    receipt = (await act(desk, code, "accept", clerk="Cán bộ A")).json()
    assert receipt["due_at"] > receipt["received_at"]
    assert [name.split(".")[1] for name in await desk.told(code)] == [
        "registered", "completion-requested", "resubmitted", "completion-requested", "resubmitted", "submitted",
    ]  # fmt: skip
    [event] = await desk.events(code, "dossier.submitted.v1")
    assert PHONE.encode() in desk.notify.open(event["contact"])


async def test_a_filing_made_before_its_limit_was_published_can_be_accepted_afterwards(desk: Intake) -> None:
    code = await filed(desk, procedure_code=NO_LIMIT, checklist=[])
    refused(await act(desk, code, "accept"), 422, "procedure-limit-unknown")
    [without] = [procedure for procedure in PROCEDURES if procedure.code == NO_LIMIT]
    limited = replace(without, limit_value=3.0, limit_unit=LimitUnit.WORKING_DAYS)
    await Committer(desk.mongo, "/intake", now).run(PublishProcedure(limited))
    receipt = await act(desk, code, "accept")
    assert receipt.status_code == 200, receipt.text
    assert receipt.json()["due_at"] > receipt.json()["received_at"]


async def test_a_filing_is_filed_once_per_key(desk: Intake) -> None:
    first = await file(desk, key="filed-once")
    before = await desk.counts(*STORED)
    again = await file(desk, key="filed-once")
    assert again.json()["code"] == first.json()["code"]
    assert again.headers["idempotent-replayed"] == "true"
    await desk.nothing_stored(before)


async def test_a_refusal_needs_a_coded_ground_and_ends_the_filing(desk: Intake) -> None:
    """Statutory rule 3; NĐ 61/2018/NĐ-CP Art 17.1.b."""
    code = await filed(desk)
    refused(await act(desk, code, "refuse", grounds=[]), 422, "ground-missing")
    refused(await act(desk, code, "refuse", grounds=["because"]), 422, "ground-unknown")
    refused(await act(desk, code, "request-completion", items=[]), 422, "items-missing")
    reply = await act(desk, code, "refuse", grounds=["not-competent-agency", "not-eligible"])
    assert (reply.json()["status"], reply.json()["status_code"], reply.json()["finished"]) == ("refused", 3, True)
    [event] = await desk.events(code, "dossier.refused.v1")
    assert event["reasons"] == ["not-competent-agency", "not-eligible"]
    for action in ("accept", "withdraw", "supplement", "hand-over"):
        assert (await act(desk, code, action)).status_code == 409


async def to_agency(desk: Intake, code: str) -> None:
    moments = {"occurred_at": now(), "step": 1, "agency": OFFICE}
    await desk.take(DossierTransferred(code=code, steps=1, step_due_at=now(), due_at=now(), **moments))


async def test_a_supplement_to_an_agency_shows_what_changed_and_begins_the_limit_anew(desk: Intake) -> None:
    """Statutory rule 5; NĐ 61/2018/NĐ-CP Art 19.4."""
    code = await desk.register(checklist=COMPLETE)
    await to_agency(desk, code)
    await desk.take(
        DossierSupplementRequested(
            code=code, occurred_at=now(), step=1, agency=OFFICE, reason="paper-unreadable", items=("Giấy chứng sinh",)
        )
    )
    assert (await shown(desk, code))["allowed"] == ["supplement", "withdraw"]
    reply = await act(desk, code, "supplement", checklist=[{"paper": 2, "state": "original"}])
    assert reply.json()["status"] == "in_process"
    [request] = (await shown(desk, code))["requests"]
    assert (request["by"], request["changes"][0]["after"]) == (OFFICE, "original")
    [event] = await desk.events(code, "dossier.supplemented.v1")
    [first] = await desk.events(code, "dossier.submitted.v1")
    assert event["due_at"] >= first["due_at"]


async def test_no_step_is_stated_earlier_than_the_one_before_it(desk: Intake) -> None:
    """Papers from before the request for them would bring a due date of the past."""
    early = (now() - timedelta(days=1)).isoformat()
    code = await filed(desk)
    refused(await act(desk, code, "withdraw", occurred_at=early), 422, "moment-before-filing")
    await act(desk, code, "request-completion", items=[{"paper": 2, "reason": "missing-papers"}])
    refused(await act(desk, code, "supplement", occurred_at=early), 422, "moment-before-filing")
    registered = await desk.register(checklist=COMPLETE, duplicate_confirmed=True)
    await desk.take(resolved(registered))
    refused(await act(desk, registered, "hand-over", occurred_at=early), 422, "moment-before-filing")


async def test_withdrawal_is_possible_until_a_result_exists(desk: Intake) -> None:
    """Statutory rule 12; TT 03/2025/TT-VPCP Art 7."""
    waiting, working, done = [await desk.register(checklist=COMPLETE) for _ in range(3)]
    for code in (working, done):
        await to_agency(desk, code)
    await desk.take(resolved(done))
    for code in (waiting, working, await filed(desk)):
        reply = await act(desk, code, "withdraw", reason="changed-my-mind")
        assert (reply.json()["status"], reply.json()["status_code"]) == ("withdrawn", 7)
    body = refused(await act(desk, done, "withdraw"), 409, "withdrawal-not-possible")
    assert body["allowed"] == ["hand-over"]


async def test_a_withdrawal_that_lost_the_race_with_the_decision_is_void(desk: Intake) -> None:
    code = await desk.register(checklist=COMPLETE)
    assert (await act(desk, code, "withdraw")).status_code == 200
    await desk.take(resolved(code))
    assert (await shown(desk, code))["status"] == "resolved"
    assert (await act(desk, code, "hand-over")).json()["status"] == "returned"


async def test_the_result_is_handed_over_against_a_one_time_code(desk: Intake) -> None:
    import json

    code = await desk.register(checklist=COMPLETE)
    await desk.take(resolved(code))
    sent = await desk.http.post(f"/v1/dossiers/{code}/one-time-codes", headers=desk.desk)
    assert sent.status_code == 201, sent.text
    again = await desk.http.post(f"/v1/dossiers/{code}/one-time-codes", headers=desk.desk)
    refused(again, 409, "code-just-sent")
    [event] = await desk.events(code, "dossier.code-issued.v1")
    digits = json.loads(desk.notify.open(event["secret"]))["code"]
    assert digits not in str(await desk.documents("one_time_codes"))
    wrong = "000000" if digits != "000000" else "000001"
    proof = {"proof": "one_time_code", "received_by": "representative", "identity_check": "vneid"}
    refused(await act(desk, code, "hand-over", **proof), 403, "one-time-code-wrong")
    refused(await act(desk, code, "hand-over", **proof, one_time_code=wrong), 403, "one-time-code-wrong")
    receiver = {"full_name": "Người Nhận Thay", "id_number": CITIZEN_ID}
    reply = await act(desk, code, "hand-over", **proof, one_time_code=digits, receiver=receiver)
    assert reply.json()["status"] == "returned", reply.text
    assert (await shown(desk, code))["hand_over"]["receiver"]["full_name"] == "Người Nhận Thay"
    [event] = await desk.events(code, "dossier.returned.v1")
    assert (event["proof"], event["identity_check"]) == ("one_time_code", "vneid")
    assert "token" in json.loads(desk.notify.open(event["invitation"]))
    assert "Người" not in str(event)


async def test_the_proof_of_a_hand_over_fits_its_way(desk: Intake) -> None:
    code = await desk.register(checklist=COMPLETE)
    await desk.take(resolved(code))
    for method, proof in (("post", "signature"), ("counter", "postal_receipt")):
        refused(await act(desk, code, "hand-over", method=method, proof=proof), 422, "proof-does-not-fit")
    posted = {"method": "post", "proof": "postal_receipt", "received_by": "postal_service"}
    assert (await act(desk, code, "hand-over", **posted)).status_code == 200


async def test_what_is_solved_on_the_spot_is_returned_when_routing_has_counted_it(desk: Intake) -> None:
    """Statutory rule 13; NĐ 61/2018/NĐ-CP Art 17.4."""
    refused(await desk.post_dossier(desk.body(checklist=COMPLETE, on_the_spot={})), 422, "on-the-spot-not-allowed")
    code = await desk.register(procedure_code=PROCEDURES[2].code, on_the_spot={"identity_check": "citizen_card"})
    [event] = await desk.events(code, "dossier.submitted.v1")
    assert (event["outcome"], event["resolved_at"]) == ("granted", event["received_at"])
    await desk.take(resolved(code))
    body = await shown(desk, code)
    assert (body["status"], body["hand_over"]["identity_check"]) == ("returned", "citizen_card")
    assert [name.split(".")[1] for name in await desk.told(code)] == ["submitted", "returned"]


async def test_another_counters_filing_does_not_exist_for_a_desk(desk: Intake) -> None:
    code = await filed(desk)
    stranger = await desk.key(f"counter:{OTHER_COUNTER}")
    service = await desk.key("service")
    for action, body in (
        ("accept", {}),
        ("request-completion", {"items": [{"paper": 2, "reason": "missing-papers"}]}),
        ("refuse", {"grounds": ["not-eligible"]}),
        ("withdraw", {}),
        ("hand-over", {}),
    ):
        refused(await act(desk, code, action, stranger, **body), 404, "dossier-unknown")
        refused(await act(desk, code, action, service, **body), 403, "scope-missing")
        assert (await desk.http.post(f"/v1/dossiers/{code}/{action}", json=body)).status_code == 401


async def test_no_code_is_promised_to_who_wants_no_messages(desk: Intake) -> None:
    code = await desk.register(checklist=COMPLETE, applicant__notify_by="none")
    await desk.take(resolved(code))
    refused(await desk.http.post(f"/v1/dossiers/{code}/one-time-codes", headers=desk.desk), 409, "no-phone")
    assert await desk.events(code, "dossier.code-issued.v1") == []
