"""Registration at the counter: a legal code and a date at once, once per key, without gaps, with no broker at all."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime

import pytest

from contracts.types import DOSSIER_CODE_PATTERN
from services.intake.commands.publish_procedure import PublishProcedure
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.sealing import Opener, new_private_key
from tests.component.ledger import events
from tests.component.service_fixtures import (
    CITIZEN_ID,
    COUNTER,
    NAME,
    PHONE,
    PROCEDURE,
    PROCEDURES,
    STORED,
    Intake,
    intake_settings,
    now,
    open_intake,
)
from tests.eventually import eventually


async def test_a_dossier_gets_its_receipt_with_a_legal_code_and_a_date(intake: Intake) -> None:
    reply = await intake.post_dossier(intake.body(external_ref="R-1", sets=2))
    receipt = reply.json()
    assert reply.status_code == 201
    assert reply.headers["location"] == f"/v1/dossiers/{receipt['code']}"
    assert "idempotent-replayed" not in reply.headers
    assert re.match(DOSSIER_CODE_PATTERN, receipt["code"])
    assert receipt["code"].startswith(f"{COUNTER}-")
    assert receipt["code"].endswith("-0001")
    assert datetime.fromisoformat(receipt["due_at"]) > datetime.fromisoformat(receipt["received_at"])
    assert (receipt["applicant_name"], receipt["limit_text"], receipt["sets"]) == (NAME, "3 ngày làm việc", 2)


async def test_the_event_of_a_registration_holds_the_contact_sealed_for_notify_and_nothing_personal(
    intake: Intake,
) -> None:
    code = await intake.register()
    [event] = await events(intake.mongo, subject=code)
    data = json.loads(event["body"])
    assert event["type"] == "vn.motcua.dossier.submitted.v1"
    assert event["key"] == code.encode()
    for personal in (NAME, PHONE, CITIZEN_ID):
        assert personal.encode() not in event["body"]
        assert json.dumps(personal).encode() not in event["body"]
    assert json.loads(intake.notify.open(data["contact"])) == {"phone": PHONE, "channel": "zalo"}


async def test_what_was_written_can_be_read_at_once(intake: Intake) -> None:
    code = await intake.register()
    shown = (await intake.http.get(f"/v1/dossiers/{code}", headers=intake.desk)).json()
    listed = await intake.http.get(
        "/v1/dossiers", params={"counter": COUNTER, "status": "received"}, headers=intake.desk
    )
    assert shown["receipt"]["code"] == code
    assert [found["code"] for found in listed.json()["dossiers"]] == [code]


async def test_the_same_key_gives_the_first_answer_again_and_one_dossier(intake: Intake) -> None:
    first = await intake.post_dossier(intake.body(), key="once")
    before = await intake.counts(*STORED)
    again = await intake.post_dossier(intake.body(), key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    await intake.nothing_stored(before)


async def test_the_same_key_with_another_body_is_a_conflict(intake: Intake) -> None:
    await intake.post_dossier(intake.body(), key="once")
    before = await intake.counts(*STORED)
    reply = await intake.post_dossier(intake.body(applicant__full_name="Người khác"), key="once")
    assert (reply.status_code, reply.json()["slug"]) == (409, "idempotency-key-reused")
    await intake.nothing_stored(before)


async def test_the_same_key_at_once_from_ten_hands_gives_one_dossier(intake: Intake) -> None:
    replies = await asyncio.gather(*(intake.post_dossier(intake.body(), key="once") for _ in range(10)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["code"] for reply in replies}) == 1
    assert sum("idempotent-replayed" in reply.headers for reply in replies) == 9
    assert await intake.counts("dossiers", "requests") == {"dossiers": 1, "requests": 1}


async def test_a_refused_registration_does_not_use_up_its_key(intake: Intake) -> None:
    refused = await intake.post_dossier(intake.body(procedure_code="9.999999"), key="once")
    assert refused.status_code == 404
    assert (await intake.post_dossier(intake.body(), key="once")).status_code == 201


async def test_forty_at_once_over_two_processes_get_the_numbers_1_to_40(intake: Intake) -> None:
    async with open_intake(intake.settings, intake.notify) as second:
        instances = (intake, second)
        replies = await asyncio.gather(*(instances[n % 2].post_dossier(intake.body()) for n in range(40)))
    assert {reply.status_code for reply in replies} == {201}
    assert sorted(int(reply.json()["code"][-4:]) for reply in replies) == list(range(1, 41))
    assert await intake.counts("dossiers", "numbers") == {"dossiers": 40, "numbers": 1}
    assert len(await events(intake.mongo, type="vn.motcua.dossier.submitted.v1")) == 40


async def test_without_any_broker_counters_go_on_and_their_events_wait(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API has no Kafka connection at all: a broker that is named and does not exist changes nothing."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:1")
    settings = intake_settings(
        intake.settings.mongodb_url.get_secret_value(), intake.settings.mongodb_prefix, intake.notify
    )
    assert settings.kafka.bootstrap == "127.0.0.1:1"
    async with open_intake(settings, intake.notify) as alone:
        code = await alone.register()
        await eventually(lambda: ready(alone))
    waiting = await intake.documents("outbox", pending=True)
    assert [event["subject"] for document in waiting for event in document["events"]] == [code]


async def test_a_register_from_paper_keeps_its_own_days_and_says_backfill(intake: Intake) -> None:
    code = await intake.register(occurred_at="2019-03-04T08:00:00+07:00", backfill=True)
    assert code == f"{COUNTER}-190304-0001"
    [event] = await intake.events(code, "dossier.submitted.v1")
    assert (event["backfill"], event["received_at"]) == (True, "2019-03-04T01:00:00.000Z")


async def test_an_open_dossier_keeps_the_version_it_was_filed_under(intake: Intake) -> None:
    old = await intake.register()
    changed = PROCEDURES[0].__class__(**{**vars(PROCEDURES[0]), "limit_value": 1.0})
    assert await Committer(intake.mongo, "/intake", now).run(PublishProcedure(changed)) == "changed"
    new = await intake.register()
    shown = [(await intake.http.get(f"/v1/dossiers/{code}/receipt", headers=intake.desk)).json() for code in (old, new)]
    assert [r["procedure_version"] for r in shown] == [1, 2]
    assert [r["limit_text"] for r in shown] == ["3 ngày làm việc", "1 ngày làm việc"]


async def test_without_a_key_for_sealing_a_notice_that_is_wanted_is_refused_and_without_one_it_registers(
    intake: Intake,
) -> None:
    settings = intake.settings.model_copy(update={"notify_public_key": ""})
    async with open_intake(settings, Opener(new_private_key())) as unsealed:
        reply = await unsealed.post_dossier(intake.body())
        assert (reply.status_code, reply.json()["slug"]) == (422, "notices-not-configured")
        assert (await unsealed.post_dossier(intake.body(applicant__notify_by="none"))).status_code == 201


async def test_lists_are_paged_by_code_without_gap_or_repeat(intake: Intake) -> None:
    codes = [await intake.register() for _ in range(5)]
    seen: list[str] = []
    after: dict[str, str] = {}
    for _ in range(3):
        params = {"counter": COUNTER, "status": "received", "limit": "2", **after}
        page = (await intake.http.get("/v1/dossiers", params=params, headers=intake.desk)).json()
        seen += [found["code"] for found in page["dossiers"]]
        after = {"after": page["next_after"] or ""}
    assert seen == codes
    assert after == {"after": ""}
    for limit in ("0", "501", "x"):
        params = {"counter": COUNTER, "limit": limit}
        assert (await intake.http.get("/v1/dossiers", params=params, headers=intake.desk)).status_code == 422


async def test_the_catalogue_is_found_without_diacritics_and_without_a_key(intake: Intake) -> None:
    for words in ("dang ky khai sinh", "Khai Sinh", PROCEDURE, "khai sinh."):
        found = (await intake.http.get("/v1/procedures", params={"q": words})).json()["procedures"]
        assert [procedure["code"] for procedure in found] == [PROCEDURE], words
    assert (await intake.http.get(f"/v1/procedures/{PROCEDURE}")).json()["limit_text"] == "3 ngày làm việc"
    unknown = await intake.http.get("/v1/procedures/9.999999")
    assert (unknown.status_code, unknown.json()["slug"]) == (404, "procedure-unknown")
    for nothing in ("...", "!?", "khai sinh không có"):
        assert (await intake.http.get("/v1/procedures", params={"q": nothing})).json() == {"procedures": []}


async def test_the_public_key_for_sealing_is_the_one_whose_private_half_intake_holds(intake: Intake) -> None:
    shown = (await intake.http.get("/v1/keys/intake")).json()
    assert shown["public_key"] == intake.opener.public_key


async def test_actions_on_a_dossier_that_is_not_ready_are_conflicts_that_say_its_state(intake: Intake) -> None:
    code = await intake.register()
    for action, slug in (("supplement", "supplement-not-expected"), ("hand-over", "result-not-ready")):
        reply = await intake.http.post(f"/v1/dossiers/{code}/{action}", json={}, headers=intake.desk)
        assert (reply.status_code, reply.json()["slug"], reply.json()["state"]) == (409, slug, "received")
        assert reply.json()["status"] == 409


async def test_a_key_with_odd_signs_is_a_key_like_any_other(intake: Intake) -> None:
    for key in ("a|b", "$ne", "../x", new_id()):
        assert (await intake.post_dossier(intake.body(), key=key)).status_code == 201


async def ready(intake: Intake) -> bool:
    return (await intake.http.get("/readyz")).status_code == 200


async def test_only_a_key_that_may_backfill_states_the_past(intake: Intake) -> None:
    plain = await intake.key(f"counter:{COUNTER}")
    body = intake.body(occurred_at="2019-03-04T08:00:00+07:00", backfill=True)
    reply = await intake.http.post("/v1/dossiers", json=body, headers=plain | {"Idempotency-Key": "old"})
    assert (reply.status_code, reply.json()["slug"]) == (403, "scope-missing")
    assert await intake.documents("dossiers") == []


async def test_a_counters_reference_stands_for_one_dossier_whatever_key_it_comes_with(intake: Intake) -> None:
    first = await intake.post_dossier(intake.body(external_ref="R-1"), key="a")
    again = await intake.post_dossier(intake.body(external_ref="R-1"), key="b")
    assert again.json()["code"] == first.json()["code"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await intake.post_dossier(intake.body(external_ref="R-1", sets=2), key="c")
    assert (other.status_code, other.json()["slug"]) == (409, "external-ref-reused")
