"""Intake's Kafka door: commands of counters' own software, and what routing tells."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.counter import HandOverResult, SupplementDossier
from contracts.events.routing import DossierSupplementRequested, DossierTransferred
from services.intake.store import DOSSIERS
from services.kit.consumer import Consumer
from services.kit.failures import DEAD_LETTERS, stored_record
from services.kit.sealing import Opener, Sealer, new_private_key
from tests.component.counter_fixtures import TOPIC, register, resolved
from tests.component.ledger import events
from tests.component.service_fixtures import COUNTER, NAME, NO_LIMIT, OTHER_COUNTER, PHONE, Intake, now

FOR_ANOTHER = Sealer(Opener(new_private_key()).public_key).seal(b"some applicant")


def transferred(code: str) -> DossierTransferred:
    at = now()
    return DossierTransferred(
        code=code, occurred_at=at, step=1, steps=1, agency="H12.970.02", step_due_at=at, due_at=at
    )


async def codes(intake: Intake) -> list[str]:
    return [document["_id"] for document in await intake.documents("dossiers")]


async def test_a_sealed_registration_becomes_a_dossier_whose_event_answers_with_the_reference(intake: Intake) -> None:
    await intake.take(register(intake), topic=TOPIC)
    [code] = await codes(intake)
    found = await DOSSIERS.read(intake.mongo, code)
    assert found is not None
    assert (found.applicant.full_name, found.applicant.phone) == (NAME, PHONE)
    [event] = await intake.events(code, "dossier.submitted.v1")
    assert event["external_ref"] == "R-1"
    assert intake.notify.open(event["contact"])


async def test_a_repeated_reference_gives_one_dossier_though_its_event_and_its_seal_are_new(intake: Intake) -> None:
    await intake.take(register(intake), register(intake), topic=TOPIC)
    await intake.take(register(intake), topic=TOPIC)
    assert len(await codes(intake)) == 1
    assert await intake.buried() == []
    await intake.take(register(intake, counter=OTHER_COUNTER), topic=TOPIC)
    assert len(await codes(intake)) == 2  # unique per counter


async def test_the_same_event_id_twice_is_one_dossier(intake: Intake) -> None:
    await intake.take(register(intake, "R-1"), topic=TOPIC, id="same")
    await intake.take(register(intake, "R-2"), topic=TOPIC, id="same")
    assert len(await codes(intake)) == 1


async def test_a_repeated_reference_with_another_content_is_a_dead_letter(intake: Intake) -> None:
    await intake.take(register(intake), topic=TOPIC)
    await intake.take(register(intake, applicant=intake.seal(full_name="Người khác")), topic=TOPIC)
    assert await intake.buried() == ["external-ref-reused"]


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"procedure_code": "9.999999"}, "procedure-unknown"),
        ({"duplicate_confirmed": False}, "duplicate-suspected"),
        ({"code": "H12.970.00-190302-0007"}, "history-needs-backfill"),
        ({"resolved_at": now() - timedelta(days=1)}, "history-needs-backfill"),
        ({"outcome": "granted"}, "history-needs-backfill"),
        ({"resolved_at": now() - timedelta(days=1), "backfill": True}, "outcome-missing"),
        ({"procedure_code": NO_LIMIT}, "procedure-limit-unknown"),
        ({"occurred_at": now() + timedelta(days=2)}, "moment-in-future"),
        ({"occurred_at": "9999-12-31T23:00:00Z"}, "moment-in-future"),
        ({"occurred_at": now() - timedelta(days=8)}, "moment-too-old"),
        ({"occurred_at": "1960-01-01T00:00:00Z", "backfill": True}, "moment-out-of-calendar"),
        ({"applicant": {"phone": "0901 234 ABC"}}, "phone-invalid"),
        ({"applicant": {"phone": "02839123456"}}, "phone-not-mobile"),
        ({"applicant": {"id_number": "1"}}, "citizen-id-invalid"),
        ({"applicant": {"full_name": None}}, "applicant-invalid"),
        ({"applicant": "A" * 80}, "sealed-box-unreadable"),
        ({"applicant": FOR_ANOTHER}, "sealed-box-unreadable"),
    ],
)
async def test_a_refused_command_is_a_dead_letter_with_its_bytes_and_its_counter_goes_on(
    intake: Intake, changes: dict[str, Any], slug: str
) -> None:
    if isinstance(changes.get("applicant"), dict):
        changes = changes | {"applicant": intake.seal(**changes["applicant"])}
    good = intake.record(register(intake, "good"), TOPIC)
    bad = intake.record(register(intake, "bad", **changes), TOPIC)
    await intake.consumer.handle([good, bad, intake.record(register(intake, "also-good"), TOPIC)])
    assert len(await codes(intake)) == 2
    [letter] = await intake.documents(DEAD_LETTERS)
    assert (letter["slug"], stored_record(letter)) == (slug, bad)
    assert "0901" not in letter["detail"]
    assert await intake.parked() == []
    [copy] = await events(intake.mongo, topic=f"{TOPIC}.dlq.intake")
    assert copy["body"] == bad.value


async def test_a_counter_cannot_speak_in_the_name_of_another(intake: Intake) -> None:
    record = intake.record(register(intake), TOPIC, key=OTHER_COUNTER)
    await intake.consumer.handle([record])
    assert (await codes(intake), await intake.buried()) == ([], ["key-mismatch"])


async def test_a_hand_over_before_the_result_is_a_dead_letter_and_after_it_the_dossier_is_returned(
    intake: Intake,
) -> None:
    code = await intake.register()
    await intake.take(HandOverResult(counter=COUNTER, code=code), topic=TOPIC)
    assert await intake.buried() == ["result-not-ready"]
    await intake.take(resolved(code))
    await intake.take(HandOverResult(counter=COUNTER, code=code), topic=TOPIC)
    assert (await intake.told(code))[-1] == "dossier.returned.v1"
    found = await DOSSIERS.read(intake.mongo, code)
    assert found is not None
    assert found.status == "returned"


async def test_the_dossier_of_another_counter_does_not_exist_for_a_command(intake: Intake) -> None:
    code = await intake.register()
    await intake.take(resolved(code))
    for message in (
        HandOverResult(counter=OTHER_COUNTER, code=code),
        SupplementDossier(counter=OTHER_COUNTER, code=code),
    ):
        await intake.take(message, topic=TOPIC)
    assert await intake.buried() == ["dossier-unknown", "dossier-unknown"]
    assert await intake.told(code) == ["dossier.submitted.v1"]


async def test_papers_that_were_asked_for_start_the_limit_anew(intake: Intake) -> None:
    long_ago = (now() - timedelta(days=30)).isoformat()
    code = await intake.register(occurred_at=long_ago, backfill=True)
    await intake.take(SupplementDossier(counter=COUNTER, code=code), topic=TOPIC)
    assert await intake.buried() == ["supplement-not-expected"]
    asked = DossierSupplementRequested(
        code=code, occurred_at=now(), step=1, agency="H12.970.02", reason="missing", items=("Giấy",)
    )
    await intake.take(asked)
    await intake.take(SupplementDossier(counter=COUNTER, code=code), topic=TOPIC)
    [event] = await intake.events(code, "dossier.supplemented.v1")
    found = await DOSSIERS.read(intake.mongo, code)
    assert found is not None
    assert (found.status, found.due_at > found.first_due_at) == ("in_process", True)
    assert event["due_at"].startswith(f"{found.due_at:%Y-%m-%d}")


async def test_facts_that_come_before_their_dossier_wait_and_are_applied_in_order(intake: Intake) -> None:
    from services.intake.domain.numbering import dossier_code, series_id
    from services.kit.clock import VIETNAM

    at = now()
    code = dossier_code(series_id(COUNTER, at.astimezone(VIETNAM).date()), 1)
    await intake.take(transferred(code), resolved(code))
    assert sorted(await intake.parked()) == ["dossier-unknown", "waits-behind-parked"]
    assert await intake.register(occurred_at=at.isoformat()) == code
    await intake.retry()
    found = await DOSSIERS.read(intake.mongo, code)
    assert found is not None
    assert (found.status, [entry.kind for entry in found.timeline]) == (
        "resolved", ["submitted", "transferred", "resolved"],
    )  # fmt: skip
    assert await intake.parked() == []


class TestABugOfOurOwn:
    """It stops one key, never the topic: the partition goes on."""

    async def test_in_a_handler(self, intake: Intake) -> None:
        def broken(message: Any, _: Any) -> None:
            raise ZeroDivisionError

        await self._check(intake, broken)

    async def test_in_what_a_decision_says_it_needs(self, intake: Intake) -> None:
        class Broken:
            def needs(self) -> list[Any]:
                raise OverflowError

            def decide(self, work: Any, now: Any) -> None:
                self.needs()

        await self._check(intake, lambda *_: Broken())

    async def _check(self, intake: Intake, broken: Any) -> None:
        good = intake.consumer.handlers
        subject = dataclasses.replace(intake.consumer, handlers={**good, SupplementDossier: broken})
        assert isinstance(subject, Consumer)
        command = SupplementDossier(counter=OTHER_COUNTER, code=f"{COUNTER}-260302-0001")
        batch = [intake.record(command, TOPIC), intake.record(register(intake), TOPIC)]
        await subject.handle(batch)
        assert len(await codes(intake)) == 1
        assert await intake.parked() == ["bug"]


async def test_a_command_before_its_result_is_stored_with_what_the_operator_needs_to_replay_it(intake: Intake) -> None:
    code = await intake.register()
    record = intake.record(HandOverResult(counter=COUNTER, code=code), TOPIC)
    await intake.consumer.handle([record])
    [letter] = await intake.documents(DEAD_LETTERS)
    assert letter["detail"]
    assert stored_record(letter) == record
