"""Counters with software of their own, over Kafka; and what happens to records that nobody can apply."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from contracts.envelope import Envelope
from contracts.events.agency import CompleteStep
from contracts.events.counter import (
    AcceptFiling,
    CommandAccepted,
    CommandAnswer,
    CommandRejected,
    CounterCommand,
    FileDossier,
    HandOverResult,
    RateDossier,
    RegisterDossier,
    RequestCompletion,
    SupplementDossier,
)
from contracts.topics import AGENCY_ACTIONS, COUNTER_INTAKE, COUNTER_REPLIES, DOSSIER_EVENTS
from contracts.types import Channel
from local.demo.partners import record
from local.samples.load import handed_in_by_code
from services.kit.ids import new_id
from services.kit.kafka import Record
from services.kit.sealing import Sealer
from tests.eventually import eventually
from tests.journeys.town import COMMUNE_DESK, ONE_STOP, Citizen, Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


async def command(town: Town, who: Citizen, reference: str, **changes: Any) -> RegisterDossier:
    """A registration, sealed with the key that the public API shows."""
    key = (await town.citizen.get("/v1/keys/intake")).json()["public_key"]
    applicant = {"full_name": who.name, "id_number": who.id_number, "phone": who.phone}
    values: dict[str, Any] = {"counter": COMMUNE_DESK, "external_ref": reference, "procedure_code": ONE_STOP}
    values["checklist"] = handed_in_by_code(ONE_STOP)
    return RegisterDossier(applicant=Sealer(key).seal(orjson.dumps(applicant)), **(values | changes))


async def by_reference(town: Town, reference: str) -> list[dict[str, Any]]:
    intake = town.stack.mongo("intake")
    found = [d async for d in intake.collection("dossiers").find({"external_ref": reference})]
    await intake.close()
    return found


async def letters(town: Town, service: str, event_id: str) -> list[dict[str, Any]]:
    """Dead letters of a service whose record carries that id."""
    mongo = town.stack.mongo(service)
    found = [letter async for letter in mongo.collection("dead_letters").find({})]
    await mongo.close()
    return [letter for letter in found if ["ce_id", event_id.encode()] in [list(h) for h in letter["headers"]]]


async def test_a_counters_own_software_registers_sealed_over_kafka_and_hands_over_too(town: Town) -> None:
    citizen = town.person()
    reference = f"own-software-{citizen.phone}"
    for _ in range(2):  # sealed anew each time: the reference is what makes them one
        await town.send(COUNTER_INTAKE.name, COMMUNE_DESK, await command(town, citizen, reference))
    [dossier] = await eventually(lambda: by_reference(town, reference))
    code = dossier["_id"]
    assert dossier["applicant"]["full_name"] == citizen.name
    await town.told(citizen, "received", code)

    def its_registration(record: Record) -> bool:
        return record.key == code.encode() and reference.encode() in (record.value or b"")

    assert await town.read_until([DOSSIER_EVENTS.name], 1, its_registration)
    await town.finish(code)
    await town.told(citizen, "resolved", code)  # handed over sooner, it would not be sent any more
    await town.at_counter(code, "resolved")
    await town.send(COUNTER_INTAKE.name, COMMUNE_DESK, HandOverResult(counter=COMMUNE_DESK, code=code))
    await town.at_counter(code, "returned")
    await town.told(citizen, "returned", code)
    assert len(await by_reference(town, reference)) == 1
    assert len(await town.messages(citizen)) == 3


async def test_a_command_that_is_refused_is_a_dead_letter_in_the_database_and_on_the_topic_with_its_bytes(
    town: Town,
) -> None:
    citizen = town.person()
    bad = await command(town, citizen, f"bad-{citizen.phone}", procedure_code="9.999999")
    body, id = bad.to_json(), new_id()
    envelope = Envelope(id, "/partner", bad.TYPE, town.stack.clock.now(), COMMUNE_DESK)
    headers = [(name, value.encode()) for name, value in envelope.headers().items()]
    await town.put({"topic": COUNTER_INTAKE.name, "key": COMMUNE_DESK.encode(), "headers": headers, "body": body})
    [letter] = await eventually(lambda: letters(town, "intake", id))
    assert (letter["slug"], letter["value"], letter["state"]) == ("procedure-unknown", body, "open")

    def copy(record: Record) -> bool:
        return ("ce_id", id.encode()) in record.headers

    [record] = await town.read_until(["counter.intake.v1.dlq.intake"], 1, copy)
    assert (record.value, record.key) == (body, COMMUNE_DESK.encode())
    assert ("dlq_slug", b"procedure-unknown") in record.headers
    assert set(headers) <= set(record.headers)
    assert await by_reference(town, f"bad-{citizen.phone}") == []


async def test_an_agency_that_completes_over_kafka_what_is_not_its_own_changes_nothing(town: Town) -> None:
    code = (await town.register(town.person()))["code"]
    await town.case(code)
    theft = CompleteStep(code=code, agency="H12.970.09", step=1)
    envelope = Envelope(id := new_id(), "/partner", theft.TYPE, town.stack.clock.now(), code)
    headers = [(name, value.encode()) for name, value in envelope.headers().items()]
    await town.put({"topic": AGENCY_ACTIONS.name, "key": code.encode(), "headers": headers, "body": theft.to_json()})
    [letter] = await eventually(lambda: letters(town, "routing", id))
    assert letter["slug"] == "wrong-agency"
    assert (await town.case(code))["state"] == "open"


async def test_bad_records_on_the_event_topic_become_dead_letters_of_every_reader_and_hold_nobody_up(
    town: Town,
) -> None:
    mark, topic = new_id(), DOSSIER_EVENTS.name
    good = [("ce_specversion", b"1.0"), ("ce_id", mark.encode()), ("ce_source", b"/stranger")]
    known, unknown = ("ce_type", b"vn.motcua.dossier.resolved.v1"), ("ce_type", b"vn.motcua.dossier.evaporated.v1")
    bad: dict[str, tuple[list[tuple[str, bytes | None]], bytes | None]] = {
        "null-header": ([*good, known, ("trace", None)], b"{}"),
        "header-not-utf8": ([*good, known, ("trace", b"\xff\xfe")], b"{}"),
        "tombstone": ([*good, known], None),
        "event-type-unknown": ([*good, unknown], b"{}"),
        "data-invalid": ([*good, known], b'{"code": 7'),
    }
    for headers, body in bad.values():
        await town.put({"topic": topic, "key": mark.encode(), "headers": headers, "body": body})
    after = town.person()
    code = (await town.register(after))["code"]

    async def all_buried(service: str) -> bool:
        found = await letters(town, service, mark)
        assert sorted(letter["slug"] for letter in found) == sorted(bad), service
        assert {letter["slug"]: letter["value"] for letter in found} == {slug: body for slug, (_, body) in bad.items()}
        return True

    for service in ("intake", "routing", "notify"):
        await eventually(lambda service=service: all_buried(service))  # type: ignore[misc]
    copies = await town.read_until([f"{topic}.dlq.notify"], len(bad), lambda record: record.key == mark.encode())
    assert sorted(dict(c.headers)["dlq_slug"].decode() for c in copies) == sorted(bad)  # type: ignore[union-attr]
    await town.finish(code)
    await town.told(after, "resolved", code)


async def test_a_counters_own_software_takes_a_filing_its_whole_way_and_reads_an_answer_to_each_command_in_order(
    town: Town,
) -> None:
    citizen = town.person()
    key = (await town.citizen.get("/v1/keys/intake")).json()["public_key"]
    papers = handed_in_by_code(ONE_STOP)
    last = papers[-1]["paper"]
    asked: list[tuple[str, str]] = []

    async def ask(message: CounterCommand, expected: str = "") -> CommandAnswer:
        """Send it, and read its answer. `expected`: the slug of a refusal."""
        id = new_id()
        await town.put(record(COUNTER_INTAKE.name, COMMUNE_DESK, "/partner", message, town.stack.clock.now, id))
        [found] = await town.read_until([COUNTER_REPLIES.name], 1, lambda one: id.encode() in (one.value or b""))
        model = CommandRejected if expected else CommandAccepted
        assert found.key == COMMUNE_DESK.encode()
        answer = model.model_validate_json(found.value or b"")
        assert (answer.command_id, answer.command) == (id, message.TYPE)
        assert getattr(answer, "slug", "") == expected
        asked.append((id, expected))
        return answer

    filing = FileDossier(
        counter=COMMUNE_DESK,
        external_ref=f"way-{citizen.phone}",
        procedure_code=ONE_STOP,
        channel=Channel.POST,
        applicant=Sealer(key).seal(orjson.dumps(citizen.as_applicant())),
        checklist=[*papers[:-1], {"paper": last, "state": "missing", "reason": "missing-papers"}],
    )
    code = (await ask(filing)).code
    assert code is not None
    place: dict[str, Any] = {"counter": COMMUNE_DESK, "code": code}
    assert (await ask(filing)).code == code
    await ask(AcceptFiling(**place), "checklist-incomplete")
    await ask(RequestCompletion(**place, items=[{"paper": last, "reason": "missing-papers"}]))
    await ask(SupplementDossier(**place, checklist=[papers[-1]]))
    await ask(AcceptFiling(**place))
    await ask(AcceptFiling(**place), "filing-not-waiting")
    await town.told(citizen, "received", code)
    await ask(HandOverResult(**place), "result-not-ready")
    await town.finish(code)
    await town.at_counter(code, "resolved")
    await ask(HandOverResult(**place, identity_check="vneid"))
    await ask(RateDossier(**place, overall=5, attitude_score=2))
    assert (await town.at_counter(code, "returned"))["hand_over"]["identity_check"] == "vneid"

    ids = {id for id, _ in asked}

    def to_these(record: Record) -> bool:
        return dict(record.headers).get("ce_causationid", b"").decode() in ids

    replies = await town.read_until([COUNTER_REPLIES.name], len(asked), to_these)
    told = [(dict(one.headers)["ce_causationid"].decode(), _slug(one)) for one in replies]
    assert told == asked


def _slug(reply: Record) -> str:
    slug: str = orjson.loads(reply.value or b"{}").get("slug", "")
    return slug
