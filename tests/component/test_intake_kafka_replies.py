"""Answers on `counter.replies.v1`: one for each record of a command, in the transaction of its effect."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest

from contracts.events.counter import COMMANDS, CommandAccepted, CommandRejected, HandOverResult, WithdrawDossier
from contracts.problems import Invalid, NotYet
from contracts.topics import COUNTER_INTAKE
from services.kit.lease import Lease
from services.kit.operations.operation import account_acting
from services.kit.operations.parked import Parked
from services.kit.retrier import Retrier
from tests.component.counter_fixtures import REPLIES, TOPIC, answers, filing, register, resolved, send
from tests.component.ledger import events
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, TRACEPARENT, Intake, now

UNKNOWN = f"{COUNTER}-260302-0099"


async def test_an_accepted_command_is_answered_with_the_code_under_the_commands_own_id(intake: Intake) -> None:
    [answer] = await send(intake, register(intake), id="command-1", correlation_id="story-7", traceparent=TRACEPARENT)
    [dossier] = await intake.documents("dossiers")
    assert answer == {
        "answer": "command-accepted", "counter": COUNTER, "command_id": "command-1", "external_ref": "R-1",
        "command": "vn.motcua.counter.register-dossier.v1", "code": dossier["_id"], "repeated": False,
    }  # fmt: skip
    [event] = await events(intake.mongo, topic=REPLIES)
    headers = {name: value.decode() for name, value in event["headers"]}
    assert event["key"] == COUNTER.encode()
    assert (headers["ce_source"], headers["ce_subject"]) == ("/intake", COUNTER)
    assert (headers["ce_correlationid"], headers["ce_causationid"]) == ("story-7", "command-1")
    assert headers["traceparent"] == TRACEPARENT
    assert headers["ce_id"] != "command-1"


async def test_the_answer_lies_in_the_same_outbox_document_as_the_event_of_its_effect(intake: Intake) -> None:
    await send(intake, register(intake))
    [document] = await intake.documents("outbox")
    assert [event["topic"] for event in document["events"]] == ["dossier.events.v1", REPLIES]


async def test_a_refused_command_is_answered_with_slug_and_sentence_and_stays_a_dead_letter(intake: Intake) -> None:
    [answer] = await send(intake, HandOverResult(counter=COUNTER, code=UNKNOWN))
    assert (answer["answer"], answer["slug"], answer["code"]) == ("command-rejected", "dossier-unknown", UNKNOWN)
    assert answer["message"] == "Không tìm thấy hồ sơ với mã này."
    assert await intake.buried() == ["dossier-unknown"]


async def test_answers_of_a_batch_come_in_the_order_of_its_commands(intake: Intake) -> None:
    wrong = register(intake, "wrong", procedure_code="9.999999")
    made = await send(intake, register(intake, "A"), wrong, register(intake, "B"), register(intake, "A"))
    assert [(a["external_ref"], a["answer"], a.get("repeated")) for a in made] == [
        ("A", "command-accepted", False), ("wrong", "command-rejected", None), ("B", "command-accepted", False),
        ("A", "command-accepted", True),
    ]  # fmt: skip
    assert made[0]["code"] == made[3]["code"] != made[2]["code"]


async def test_a_record_that_is_delivered_again_is_not_answered_again(intake: Intake) -> None:
    good, bad = (
        intake.record(register(intake), TOPIC),
        intake.record(WithdrawDossier(counter=COUNTER, code=UNKNOWN), TOPIC),
    )
    await intake.consumer.handle([good, bad])
    await intake.consumer.handle([good, bad])  # the fence
    again = [dataclasses.replace(record, offset=record.offset + 100) for record in (good, bad)]
    await intake.consumer.handle(again)  # the inbox: a producer wrote them twice
    assert [answer["answer"] for answer in await answers(intake)] == ["command-accepted", "command-rejected"]


async def test_the_same_command_as_a_new_record_is_answered_again_and_has_no_second_effect(intake: Intake) -> None:
    [first] = await send(intake, register(intake))
    [second] = await send(intake, register(intake))
    assert (second["code"], second["repeated"]) == (first["code"], True)
    assert second["command_id"] != first["command_id"]
    assert await intake.told(first["code"]) == ["dossier.submitted.v1"]


async def test_a_reference_with_other_content_is_rejected_and_the_first_dossier_stays(intake: Intake) -> None:
    [first] = await send(intake, register(intake))
    [second] = await send(intake, register(intake, applicant=intake.seal(full_name="Nguyễn Văn A")))
    assert (second["answer"], second["slug"]) == ("command-rejected", "external-ref-reused")
    assert second["external_ref"] == "R-1"
    assert [dossier["_id"] for dossier in await intake.documents("dossiers")] == [first["code"]]


async def test_facts_are_not_answered(intake: Intake) -> None:
    [answer] = await send(intake, register(intake))
    await intake.take(resolved(answer["code"]))
    assert len(await answers(intake)) == 1


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"value": b"{not json"}, "data-invalid"),
        ({"value": b'{"counter": "H12.970.00"}'}, "data-invalid"),
        ({"value": None}, "tombstone"),
        ({"value": b"x" * 1_000_000}, "body-too-large"),
        ({"key": OTHER_COUNTER.encode()}, "key-mismatch"),
    ],
)
async def test_a_command_that_cannot_be_read_is_answered_to_the_counter_of_its_key(
    intake: Intake, change: dict[str, Any], slug: str
) -> None:
    bad = dataclasses.replace(intake.record(register(intake), TOPIC, id="unread"), **change)
    await intake.consumer.handle([bad])
    [answer] = await answers(intake)
    assert (answer["answer"], answer["slug"], answer["command_id"]) == ("command-rejected", slug, "unread")
    assert answer["counter"] == (bad.key or b"").decode()
    assert answer["message"].startswith("Không đọc được lệnh này: ")
    assert await intake.buried() == [slug]


@pytest.mark.parametrize(
    "change",
    [
        {"headers": ()},
        {"key": None},
        {"key": b"\xff\xfe"},
        {"key": b"quay so 1"},
    ],
    ids=["no envelope", "no key", "key not text", "key no counter"],
)
async def test_what_names_neither_a_command_nor_a_counter_is_a_dead_letter_without_an_answer(
    intake: Intake, change: dict[str, Any]
) -> None:
    await intake.consumer.handle([dataclasses.replace(intake.record(register(intake), TOPIC), **change)])
    assert len(await intake.buried()) == 1
    assert await answers(intake) == []


async def test_a_type_that_is_no_command_is_not_answered(intake: Intake) -> None:
    await intake.consumer.handle([intake.record(resolved(UNKNOWN), TOPIC, key=COUNTER)])
    assert await intake.buried() == ["event-type-misplaced"]
    assert await answers(intake) == []


@pytest.mark.parametrize("id", ["x" * 101, "lệnh-1", "two words"])
async def test_an_id_that_is_no_reference_is_answered_as_its_digest(intake: Intake, id: str) -> None:
    [answer] = await send(intake, register(intake), id=id)
    assert answer["command_id"] == f"sha256:{hashlib.sha256(id.encode()).hexdigest()}"
    assert CommandAccepted.model_validate({k: v for k, v in answer.items() if k != "answer"})


class TestACommandThatWaits:
    """It is answered when it is settled: applied, refused for good, or skipped by an operator."""

    async def _waiting(self, intake: Intake, outcome: list[Exception | None]) -> Retrier:
        """A command that meets the given outcomes, one a try."""
        good = intake.consumer.handlers

        def handler(message: Any, envelope: Any) -> Any:
            error = outcome[0] if len(outcome) == 1 else outcome.pop(0)
            if error is not None:
                raise error
            return good[type(message)](message, envelope)

        intake.consumer = dataclasses.replace(intake.consumer, handlers={type(register(intake)): handler})
        assert await send(intake, register(intake), register(intake)) == []
        assert await intake.parked() == ["fact-missing", "waits-behind-parked"]
        lease = Lease(intake.mongo, "worker", ttl_s=600)
        assert await lease.hold()
        return Retrier(intake.mongo, intake.consumer, lease)

    async def test_once_it_is_applied(self, intake: Intake) -> None:
        retrier = await self._waiting(
            intake, [NotYet("fact-missing", "Chưa có."), NotYet("fact-missing", "Chưa có."), None]
        )
        [key] = await intake.documents("parked_keys")
        assert await retrier.replay(key["_id"], now()) == 2
        made = await answers(intake)
        assert [(a["answer"], a["repeated"]) for a in made] == [("command-accepted", False), ("command-accepted", True)]
        assert len({answer["command_id"] for answer in made}) == 2

    async def test_not_while_it_still_waits(self, intake: Intake) -> None:
        retrier = await self._waiting(intake, [NotYet("fact-missing", "Chưa có.")])
        [key] = await intake.documents("parked_keys")
        assert await retrier.replay(key["_id"], now()) == 0
        assert await answers(intake) == []

    async def test_once_it_is_refused_for_good(self, intake: Intake) -> None:
        first, refused = NotYet("fact-missing", "Chưa có."), Invalid("rule-says-no", "Không được.")
        retrier = await self._waiting(intake, [first, first, refused, None])
        [key] = await intake.documents("parked_keys")
        assert await retrier.replay(key["_id"], now()) == 2
        made = await answers(intake)
        assert [(a["answer"], a.get("slug")) for a in made] == [
            ("command-rejected", "rule-says-no"), ("command-accepted", None),
        ]  # fmt: skip
        assert await intake.buried() == ["rule-says-no"]

    async def test_not_when_it_meets_a_bug(self, intake: Intake) -> None:
        first = NotYet("fact-missing", "Chưa có.")
        retrier = await self._waiting(intake, [first, first, ValueError()])
        [key] = await intake.documents("parked_keys")
        assert await retrier.replay(key["_id"], now()) == 0
        assert await answers(intake) == []

    async def test_once_an_operator_skips_it(self, intake: Intake) -> None:
        retrier = await self._waiting(intake, [NotYet("fact-missing", "Chưa có.")])
        [key] = await intake.documents("parked_keys")
        acting = account_acting("operator-7", "nothing but a test")
        await Parked(intake.mongo, now).skip(key["_id"], key["head"]["id"], acting)
        assert await retrier.replay(key["_id"], now()) == 1
        [answer] = await answers(intake)
        assert (answer["answer"], answer["slug"]) == ("command-rejected", "skipped-by-operator")
        assert "operator-7" not in answer["message"]


async def test_every_command_has_a_handler_and_so_an_answer(intake: Intake) -> None:
    assert set(COMMANDS) <= set(intake.consumer.handlers)
    assert set(COUNTER_INTAKE.messages) == set(COMMANDS)
    [answer] = await send(intake, filing(intake, external_ref="R-1"))
    assert CommandAccepted.model_validate({k: v for k, v in answer.items() if k != "answer"})
    [answer] = await send(intake, filing(intake, external_ref="R-2", procedure_code="9.999999"))
    assert CommandRejected.model_validate({k: v for k, v in answer.items() if k != "answer"})
