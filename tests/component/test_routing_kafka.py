"""Routing's Kafka door: what comes early waits, what is wrong is put away, and a trace follows a dossier through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.envelope import from_headers
from contracts.events.agency import AcceptTransfer, CompleteStep, ExtendDueDate, RequestSupplement
from contracts.events.intake import (
    DossierAnswerOverdue,
    DossierCodeIssued,
    DossierCompletionRequested,
    DossierRated,
    DossierRefused,
    DossierRegistered,
    DossierResubmitted,
    DossierReturned,
    DossierSubmitted,
    DossierSupplemented,
    DossierWithdrawn,
)
from contracts.types import Channel, CodePurpose, HandOverMethod, HandOverProof, LimitUnit, Outcome, ReceivedBy
from services.kit.commit import Committer
from services.kit.failures import DEAD_LETTERS, stored_record
from services.kit.kafka import Record
from services.kit.sealing import Opener, Sealer, new_private_key
from services.routing.commands.import_agencies import ReplaceDirectory
from services.routing.domain.directory import Agency, Directory
from services.routing.store import CASES, WORKFLOWS
from tests.component.ledger import events
from tests.component.service_fixtures import (
    COMMUNE,
    COUNTER,
    DIRECTORY,
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


def request(legal_basis: str | None = None) -> RequestSupplement:
    return RequestSupplement(
        code=CODE, agency=OFFICE, step=1, reason="missing-papers", items=("Giấy",), legal_basis=legal_basis
    )


def withdrawn() -> DossierWithdrawn:
    return DossierWithdrawn(code=CODE, occurred_at=now(), counter=COUNTER)


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
    assert (await routing.told(CODE))[-2:] == ["dossier.step-completed.v1", "dossier.resolved.v1"]


async def test_actions_behind_a_dossier_that_waits_for_the_catalogue_come_after_it(routing: Service) -> None:
    await routing.take(submitted(CODE))
    await routing.take(accept(), complete(), topic=ACTIONS)
    await routing.retry()
    assert len(await routing.parked()) == 3
    await routing.take(published(), topic=CATALOGUE)
    await routing.retry()
    assert (await state(routing), await routing.parked(), await routing.buried()) == ("resolved", [], [])


async def test_a_withdrawal_behind_a_dossier_that_waits_for_the_catalogue_is_not_lost(routing: Service) -> None:
    await routing.take(submitted(CODE), withdrawn())
    await routing.retry()
    assert len(await routing.parked()) == 2
    await routing.take(published(), topic=CATALOGUE)
    await routing.retry()
    assert (await state(routing), await routing.parked()) == ("withdrawn", [])


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
    await routing.take(submitted(CODE), withdrawn())
    assert await state(routing) == "withdrawn"
    assert [found for found in await routing.documents("transfers") if "box" in found] == []
    told = await routing.told(CODE)
    await routing.take(accept(), complete(), request("Khoản 1 Điều 9 văn bản mẫu"), topic=ACTIONS)
    assert await routing.buried() == ["case-withdrawn"] * 3
    assert await routing.told(CODE) == told


async def test_a_withdrawal_that_comes_after_the_result_changes_nothing(routing: Service) -> None:
    """The desk could not know yet. Routing is the point of order: the decision came first."""
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(submitted(CODE))
    await routing.take(accept(), complete(), topic=ACTIONS)
    [before], told = await routing.documents("cases"), await routing.told(CODE)
    await routing.take(withdrawn())
    assert (await routing.documents("cases"), await routing.told(CODE)) == ([before], told)
    assert (before["state"], await routing.parked()) == ("resolved", [])


async def test_a_filing_taken_back_before_it_was_accepted_is_nothing_to_wait_for(routing: Service) -> None:
    await routing.take(withdrawn())
    assert (await state(routing), await routing.parked(), await routing.buried()) == (None, [], [])


async def test_a_withdrawal_behind_a_dossier_that_waits_comes_after_it(routing: Service) -> None:
    await routing.take(submitted(CODE), withdrawn())
    assert await routing.parked() == ["workflow-unknown", "waits-behind-parked"]
    await routing.take(published(), topic=CATALOGUE)
    await routing.retry()
    assert (await state(routing), await routing.parked()) == ("withdrawn", [])


async def test_what_the_desk_does_with_a_filing_is_passed_over(routing: Service) -> None:
    filed = {"code": CODE, "occurred_at": now(), "counter": COUNTER}
    box = Sealer(Opener(new_private_key()).public_key).seal(b'{"code": "123456"}')
    due, grounds = now() + timedelta(days=1), ("not-eligible",)
    await routing.take(
        DossierRegistered(
            **filed, procedure_code=PROCEDURE, procedure_version=1, channel=Channel.ONLINE, answer_due_at=due
        ),
        DossierAnswerOverdue(**filed, answer_due_at=due),
        DossierCompletionRequested(**filed, reason="missing-papers", items=("Giấy",)),
        DossierResubmitted(**filed, answer_due_at=due),
        DossierRefused(**filed, reasons=grounds),
        DossierCodeIssued(code=CODE, occurred_at=now(), purpose=CodePurpose.TRACKING, secret=box, expires_at=now()),
        DossierReturned(
            **filed, method=HandOverMethod.COUNTER, received_by=ReceivedBy.OWNER, proof=HandOverProof.SIGNATURE
        ),
        DossierRated(code=CODE, occurred_at=now(), overall=5),
    )
    assert (await state(routing), await routing.parked(), await routing.buried()) == (None, [], [])
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(submitted(CODE))
    assert await state(routing) == "open"


async def test_a_second_request_for_papers_over_kafka_needs_its_legal_basis(routing: Service) -> None:
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(submitted(CODE))
    await routing.take(accept(), request(), topic=ACTIONS)
    papers_came = DossierSupplemented(code=CODE, occurred_at=now(), counter=COUNTER, due_at=now() + timedelta(days=9))
    await routing.take(papers_came)
    await routing.take(accept(), request(), request("Khoản 1 Điều 9 văn bản mẫu"), topic=ACTIONS)
    assert (await state(routing), await routing.buried()) == ("supplement", ["supplement-already-requested"])
    first, second = await routing.events(CODE, "dossier.supplement-requested.v1")
    assert "legal_basis" not in first
    assert second["legal_basis"] == "Khoản 1 Điều 9 văn bản mẫu"


async def test_the_catalogues_later_fields_make_no_other_workflow(routing: Service) -> None:
    plain = published(version=1)
    await routing.take(plain, topic=CATALOGUE)
    more = {
        "version": 2, "statutory_limit_value": 5.0, "statutory_limit_unit": LimitUnit.WORKING_DAYS, "level": "xã",
        "result": "Giấy xác nhận", "papers": ("Tờ khai", "Bản sao"),
    }  # fmt: skip
    await routing.take(plain.model_copy(update=more), topic=CATALOGUE)
    one, two = [WORKFLOWS.to_state(document) for document in await routing.documents("workflows")]
    assert replace(one, version=2) == two


def resolved_already(code: str = CODE, **changes: Any) -> DossierSubmitted:
    return submitted(code, **({"resolved_at": now(), "outcome": Outcome.GRANTED, "due_at": now()} | changes))


async def test_a_dossier_solved_on_the_spot_is_a_result_at_once_and_nobodys_work(routing: Service) -> None:
    await routing.take(published(agencies=("Phòng Kinh tế", "Ủy ban nhân dân cấp huyện")), topic=CATALOGUE)
    event = resolved_already()
    await routing.take(event)
    await routing.take(event)
    assert await routing.told(CODE) == ["dossier.resolved.v1"]
    [resolved] = await routing.events(CODE, "dossier.resolved.v1")
    assert (resolved["agency"], resolved["outcome"], resolved["timeliness"]) == (DISTRICT, "granted", "on_time")
    assert datetime.fromisoformat(resolved["occurred_at"]) == event.resolved_at
    assert [found for found in await routing.documents("transfers") if "box" in found] == []
    await routing.take(accept(agency=DISTRICT, step=2), topic=ACTIONS)
    assert await routing.buried() == ["action-not-allowed"]


async def test_an_old_registers_results_count_by_their_own_dates(routing: Service) -> None:
    """Long before the calendar begins, from a unit that no directory knows any more."""
    start = datetime(2011, 3, 2, 2, 0, tzinfo=UTC)
    old = {"backfill": True, "counter": "H77.701.00", "received_at": start, "due_at": start + timedelta(days=9)}
    for number, (days, outcome) in enumerate(((3, "granted"), (9, "granted"), (10, "denied")), start=1):
        resolved_at = start + timedelta(days=days)
        await routing.take(resolved_already(dossier(number), resolved_at=resolved_at, outcome=Outcome(outcome), **old))
    assert await routing.parked() == ["workflow-unknown"] * 3
    await routing.take(published(agencies=("Phòng Nay Không Còn",)), topic=CATALOGUE)
    await routing.retry()
    assert await routing.parked() == []
    [last] = await routing.events(dossier(3), "dossier.resolved.v1")
    assert [last[name] for name in ("agency", "outcome", "timeliness")] == ["H77.701", "denied", "late"]
    assert last["backfill"] is True


async def test_half_a_word_about_a_result_is_none(routing: Service) -> None:
    """`resolved_at` without `outcome`: agencies look at it as at any other dossier."""
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(resolved_already(outcome=None))
    assert await state(routing) == "open"


async def test_a_competent_agency_elsewhere_is_handed_the_dossier_or_waited_for(routing: Service) -> None:
    await routing.take(published(), topic=CATALOGUE)
    await routing.take(submitted(CODE, competent_agency=COMMUNE), submitted(OTHER, competent_agency="H12.980"))
    [transferred] = await routing.events(CODE, "dossier.transferred.v1")
    assert (transferred["agency"], await routing.parked()) == (COMMUNE, ["agency-unknown"])
    elsewhere = Agency("H12.980", "Ủy ban nhân dân huyện Khác", "huyện", None, "people_committee")
    grown = ReplaceDirectory(Directory((*DIRECTORY.agencies, elsewhere)))
    await Committer(routing.mongo, "/routing", now).run(grown)
    await routing.retry()
    assert (await state(routing, OTHER), await routing.parked()) == ("open", [])


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
