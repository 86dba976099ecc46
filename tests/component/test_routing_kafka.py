"""Routing's Kafka door: what comes early waits, what is wrong is put away, and a trace follows a dossier through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import from_headers
from contracts.events.agency import AcceptTransfer, CompleteStep, ExtendDueDate, RequestSupplement
from contracts.events.intake import DossierWithdrawn
from services.kit.failures import DEAD_LETTERS, stored_record
from services.kit.kafka import Record
from services.routing.store import CASES
from tests.component.ledger import events
from tests.component.service_fixtures import (
    COUNTER,
    DISTRICT,
    OFFICE,
    PROCEDURE,
    TRACEPARENT,
    Intake,
    Service,
    dossier,
    now,
    published,
    submitted,
)

CODE, OTHER = dossier(1), dossier(2)
CATALOGUE, ACTIONS = "catalogue.procedures.v1", "agency.actions.v1"


def accept(code: str = CODE, agency: str = OFFICE, step: int = 1) -> AcceptTransfer:
    return AcceptTransfer(code=code, agency=agency, step=step)


def complete(code: str = CODE, agency: str = OFFICE, step: int = 1) -> CompleteStep:
    return CompleteStep(code=code, agency=agency, step=step)


async def state(routing: Service, code: str = CODE) -> str | None:
    case = await CASES.read(routing.mongo, code)
    return case.state.value if case else None


async def test_a_dossier_whose_workflow_is_unknown_waits_for_the_catalogue(routing: Service) -> None:
    await routing.take(submitted(CODE))
    assert (await state(routing), await routing.parked()) == (None, ["workflow-unknown"])
    await routing.take(published(), topic=CATALOGUE)
    await routing.retry()
    assert (await state(routing), await routing.parked()) == ("open", [])
    assert await routing.told(CODE) == ["dossier.transferred.v1", "agency.transfer-opened.v1"]


async def test_a_new_version_of_a_procedure_does_not_open_dossiers_of_an_older_one(routing: Service) -> None:
    await routing.take(published(version=2), topic=CATALOGUE)
    await routing.take(submitted(CODE))
    await routing.retry()
    assert await routing.parked() == ["workflow-unknown"]
    await routing.take(published(version=1), topic=CATALOGUE)
    await routing.retry()
    assert await state(routing) == "open"


async def test_actions_that_come_before_the_case_wait_and_are_applied_in_order(routing: Service) -> None:
    """They travel on another topic: the dossier must not wait behind the action that waits for it."""
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(accept(), complete(), topic=ACTIONS)
    assert len(await routing.parked()) == 2
    await routing.take(submitted(CODE), submitted(OTHER))
    assert await state(routing, OTHER) == "open"
    await routing.retry()
    assert (await state(routing), await routing.parked(), await routing.buried()) == ("resolved", [], [])
    assert (await routing.told(CODE))[-2:] == ["dossier.transfer-accepted.v1", "dossier.resolved.v1"]


async def test_actions_behind_a_dossier_that_waits_for_the_catalogue_come_after_it(routing: Service) -> None:
    await routing.take(submitted(CODE))
    await routing.take(accept(), complete(), topic=ACTIONS)
    await routing.retry()
    assert len(await routing.parked()) == 3
    await routing.take(published(), topic=CATALOGUE)
    await routing.retry()
    assert (await state(routing), await routing.parked(), await routing.buried()) == ("resolved", [], [])


async def test_an_agency_that_waits_long_is_tried_again_as_soon_as_its_dossier_comes(routing: Service) -> None:
    await routing.take(accept(), topic=ACTIONS)
    for _ in range(6):
        await routing.retry()
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(submitted(CODE))
    keys = await routing.documents("parked_keys")
    assert all(key["next_at"] <= now() + timedelta(seconds=2) for key in keys)


@pytest.mark.parametrize(
    ("action", "slug"),
    [
        (accept(agency=DISTRICT), "wrong-agency"),
        (accept(step=2), "step-unknown"),
        (complete(), "action-not-allowed"),
        (RequestSupplement(code=CODE, agency=OFFICE, step=1, reason="x", items=("Giấy",)), "action-not-allowed"),
        (
            ExtendDueDate(code=CODE, agency=OFFICE, step=1, reason="x", due_at=now() - timedelta(days=1)),
            "due-date-in-past",
        ),
        (
            ExtendDueDate(code=CODE, agency=OFFICE, step=1, reason="x", due_at="9999-12-31T23:00:00Z"),  # type: ignore[arg-type]
            "due-date-too-far",
        ),
    ],
)
async def test_a_refused_action_is_a_dead_letter_with_its_bytes_and_the_next_one_goes_on(
    routing: Service, action: Any, slug: str
) -> None:
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(submitted(CODE))
    bad = routing.record(action, ACTIONS)
    await routing.consumer.handle([bad, routing.record(accept(), ACTIONS)])
    [letter] = await routing.documents(DEAD_LETTERS)
    assert (letter["slug"], stored_record(letter)) == (slug, bad)
    assert (await routing.told(CODE))[-1] == "dossier.transfer-accepted.v1"
    assert await routing.parked() == []


async def test_the_same_dossier_told_twice_is_one_case(routing: Service) -> None:
    await routing.take(published(), published(), topic=CATALOGUE)
    await routing.take(submitted(CODE))
    await routing.take(submitted(CODE))
    assert await routing.told(CODE) == ["dossier.transferred.v1", "agency.transfer-opened.v1"]


async def test_a_withdrawn_dossier_leaves_every_inbox(routing: Service) -> None:
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(submitted(CODE), DossierWithdrawn(code=CODE, occurred_at=now(), counter=COUNTER))
    assert await state(routing) == "withdrawn"
    [document] = await routing.documents("cases")
    assert "inbox" not in document
    await routing.take(accept(), topic=ACTIONS)
    assert await routing.buried() == ["action-not-allowed"]


async def test_a_backfilled_case_takes_the_stated_times_and_counts_by_them(routing: Service) -> None:
    start = now() - timedelta(days=900)
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(
        submitted(CODE, occurred_at=start, received_at=start, due_at=start + timedelta(days=9), backfill=True)
    )
    at = start + timedelta(days=2)
    await routing.take(
        accept().model_copy(update={"occurred_at": at}),
        complete().model_copy(update={"occurred_at": at}),
        topic=ACTIONS,
    )
    [event] = await routing.events(CODE, "dossier.resolved.v1")
    assert (event["timeliness"], event["backfill"]) == ("early", True)
    assert event["occurred_at"].startswith(f"{at:%Y-%m-%d}")


async def test_one_trace_and_one_correlation_follow_a_dossier_from_the_counter_to_the_agency(
    intake: Intake, routing: Service
) -> None:
    trace = TRACEPARENT.split("-")[1]
    reply = await intake.post_dossier(intake.body(), traceparent=TRACEPARENT)
    code = reply.json()["code"]
    assert reply.headers["x-correlation-id"] == trace
    [sent] = await events(intake.mongo, subject=code)
    first = from_headers((name, value) for name, value in sent["headers"])
    assert (first.correlation_id, first.causation_id, trace_of(first.traceparent)) == (trace, None, trace)

    await routing.take(published(PROCEDURE), topic=CATALOGUE)
    record = Record(sent["topic"], 1, 0, sent["key"], sent["body"], tuple((n, v) for n, v in sent["headers"]), 0)
    await routing.consumer.handle([record])
    answers = await events(routing.mongo, subject=code)
    assert len(answers) == 2
    for answer in answers:
        envelope = from_headers((name, value) for name, value in answer["headers"])
        assert (envelope.correlation_id, envelope.causation_id) == (trace, first.id)
        assert trace_of(envelope.traceparent) == trace
        assert envelope.traceparent != first.traceparent  # the same trace, a span of its own


def trace_of(traceparent: str | None) -> str:
    assert traceparent is not None
    return traceparent.split("-")[1]
