"""Each of the nine commands of counters' own software, from the record to the dossier and the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.counter import (
    AcceptFiling,
    ChecklistLine,
    HandOverResult,
    RateDossier,
    RefuseDossier,
    RequestCompletion,
    SupplementDossier,
    WantedPaper,
    WithdrawDossier,
)
from contracts.types import (
    HandOverMethod,
    HandOverProof,
    IdentityCheck,
    LimitUnit,
    Outcome,
    PaperState,
    ReceivedBy,
)
from services.intake.commands.publish_procedure import PublishProcedure
from services.intake.consumers.counter_door import CounterDoor
from services.intake.domain.procedure import Paper
from services.intake.store import INVITATIONS, RATINGS
from services.kit.commit import Committer
from tests.component.counter_fixtures import dossier_of, filing, register, resolved, sealed, send
from tests.component.service_fixtures import COUNTER, OFFICE, OTHER_COUNTER, PROCEDURES, Intake, now

COMPLETE = (ChecklistLine(paper=1, state=PaperState.ORIGINAL), ChecklistLine(paper=2, state=PaperState.COPY))
LACKING = (COMPLETE[0], ChecklistLine(paper=2, state=PaperState.MISSING, reason="missing-papers"))
WANTED = (WantedPaper(paper=2, reason="missing-papers"),)


@pytest.fixture
async def desk(intake: Intake) -> Intake:
    """Intake whose birth registration asks for two papers."""
    await intake.ask_for(Paper("Tờ khai", 1), Paper("Giấy chứng sinh", 1))
    return intake


async def accepted(intake: Intake, *messages: Any) -> str:
    """Send commands that must all be accepted. Returns: the code of the last."""
    made = await send(intake, *messages)
    assert [answer["answer"] for answer in made] == ["command-accepted"] * len(messages), made
    code: str = made[-1]["code"]
    return code


async def refused(intake: Intake, message: Any, slug: str) -> None:
    [answer] = await send(intake, message)
    assert (answer["answer"], answer.get("slug")) == ("command-rejected", slug)


async def test_a_registration_says_who_hands_in_acts_and_where_it_goes(desk: Intake) -> None:
    others = sealed(
        desk,
        submitter={"full_name": "Nguyễn Văn A", "phone": "0901234001"},
        mandated={"full_name": "Trần Văn B", "id_number": "096190001235"},
        mandate={"paper": "Giấy ủy quyền", "signed_on": "2026-11-01"},
        return_address="Ấp 1",
        clerk="Lê Văn C",
    )
    code = await accepted(
        desk,
        register(
            desk, others=others, checklist=COMPLETE, sets=2, return_by=HandOverMethod.POST, fee_paid_vnd=8000,
            handed_in_at=OTHER_COUNTER, competent_agency=OFFICE,
        ),
    )  # fmt: skip
    found = await dossier_of(desk, code)
    assert found.submitter is not None
    assert found.mandated is not None
    assert found.mandate is not None
    assert (found.submitter.phone, found.mandated.full_name) == ("0901234001", "Trần Văn B")
    assert (found.mandate.paper, found.return_address, found.clerk) == ("Giấy ủy quyền", "Ấp 1", "Lê Văn C")
    assert (found.handed_in_at, found.competent_agency, found.sets) == (OTHER_COUNTER, OFFICE, 2)
    assert (found.fee_paid_vnd, len(found.checklist), found.external_ref) == (8000, 2, "R-1")


@pytest.mark.parametrize("field", ["applicant", "others"])
async def test_people_are_compared_by_what_is_sealed_not_by_the_seal(desk: Intake, field: str) -> None:
    people = {"applicant": {"full_name": "Nguyễn Văn A"}, "others": {"return_address": "Ấp 1"}}

    def command(**changes: Any) -> Any:
        values = {**people, field: people[field] | changes}
        return register(desk, checklist=COMPLETE, **{name: sealed(desk, **value) for name, value in values.items()})

    code = await accepted(desk, command())
    assert await accepted(desk, command()) == code
    await refused(
        desk, command(full_name="Khác") if field == "applicant" else command(clerk="Khác"), "external-ref-reused"
    )


async def test_an_incomplete_dossier_is_not_registered(desk: Intake) -> None:
    """Statutory rule 1; NĐ 61/2018/NĐ-CP Art 17.1."""
    await refused(desk, register(desk, checklist=LACKING), "checklist-incomplete")
    assert await desk.documents("dossiers") == []


async def test_solved_on_the_spot_is_signed_for_and_returned_as_soon_as_routing_counts_it(desk: Intake) -> None:
    """NĐ 61/2018/NĐ-CP Art 17.4."""
    one_day = replace(PROCEDURES[0], limit_value=1.0, limit_unit=LimitUnit.SAME_DAY)
    await Committer(desk.mongo, "/intake", now).run(PublishProcedure(one_day))
    code = await accepted(desk, register(desk, on_the_spot=True))
    [event] = await desk.events(code, "dossier.submitted.v1")
    assert (event["outcome"], event["resolved_at"]) == ("granted", event["received_at"])
    await desk.take(resolved(code))
    found = await dossier_of(desk, code)
    assert (found.status, found.hand_over and found.hand_over.proof) == ("returned", HandOverProof.SIGNATURE)
    [returned] = await desk.events(code, "dossier.returned.v1")
    assert desk.notify.open(returned["invitation"])
    assert [document["code"] for document in await desk.documents(INVITATIONS.collection)] == [code]


async def test_an_old_register_keeps_its_code_and_says_when_it_was_resolved(desk: Intake) -> None:
    code, at = f"{COUNTER}-260302-0007", now() - timedelta(days=200)
    message = register(
        desk, backfill=True, code=code, occurred_at=at, resolved_at=at + timedelta(days=2), outcome=Outcome.DENIED
    )
    assert await accepted(desk, message) == code
    [event] = await desk.events(code, "dossier.submitted.v1")
    assert (event["backfill"], event["outcome"]) == (True, "denied")
    await refused(desk, register(desk, "R-2", backfill=True, code=code, occurred_at=at), "code-taken")
    backwards = register(
        desk, "R-3", backfill=True, occurred_at=at, resolved_at=at - timedelta(days=1), outcome=Outcome.GRANTED
    )
    await refused(desk, backwards, "resolved-before-receipt")


async def test_an_old_register_says_when_the_result_was_collected_and_nobody_is_asked_to_rate(desk: Intake) -> None:
    at = now() - timedelta(days=200)
    told = {"backfill": True, "occurred_at": at, "resolved_at": at + timedelta(days=2), "outcome": Outcome.GRANTED}
    code = await accepted(desk, register(desk, **told, returned_at=at + timedelta(days=3)))
    assert (await dossier_of(desk, code)).status == "received"  # whether it is resolved is routing's word
    await desk.take(resolved(code))
    found = await dossier_of(desk, code)
    assert (found.status, found.returned_at) == ("returned", at + timedelta(days=3))
    [returned] = await desk.events(code, "dossier.returned.v1")
    assert (returned["backfill"], returned.get("invitation")) == (True, None)
    await refused(desk, register(desk, "R-2", **told, returned_at=at + timedelta(days=1)), "returned-before-result")
    await refused(desk, register(desk, "R-3", returned_at=at), "history-needs-backfill")


async def test_a_counter_that_is_not_being_migrated_may_not_state_the_past(desk: Intake) -> None:
    message = register(desk, counter=OTHER_COUNTER, backfill=True, occurred_at=now() - timedelta(days=200))
    await refused(desk, message, "backfill-not-allowed")


async def test_a_filing_without_a_code_gets_one_and_waits_for_its_desk(desk: Intake) -> None:
    code = await accepted(desk, filing(desk, external_ref="F-1", checklist=LACKING, channel="post"))
    found = await dossier_of(desk, code)
    assert (found.status, found.due_at, found.channel) == ("registered", None, "post")
    assert await desk.told(code) == ["dossier.registered.v1"]
    assert await accepted(desk, filing(desk, external_ref="F-1", checklist=LACKING, channel="post")) == code


async def test_a_filing_is_completed_once_accepted_processed_handed_over_and_rated(desk: Intake) -> None:
    code = await accepted(desk, filing(desk, external_ref="F-1", checklist=LACKING))
    await refused(desk, AcceptFiling(counter=COUNTER, code=code), "checklist-incomplete")
    await accepted(
        desk,
        RequestCompletion(counter=COUNTER, code=code, items=WANTED),
        SupplementDossier(counter=COUNTER, code=code, checklist=(COMPLETE[1],)),
        AcceptFiling(counter=COUNTER, code=code, fee_paid_vnd=8000),
    )
    await desk.take(resolved(code))
    receiver = sealed(desk, full_name="Nguyễn Văn A", id_number="096190001236")
    await accepted(
        desk,
        HandOverResult(
            counter=COUNTER, code=code, received_by=ReceivedBy.REPRESENTATIVE, receiver=receiver,
            identity_check=IdentityCheck.CITIZEN_CARD,
        ),
        RateDossier(counter=COUNTER, code=code, overall=2, time_score=1, comment=sealed(desk, text="Chờ lâu")),
    )  # fmt: skip
    found = await dossier_of(desk, code)
    assert (found.status, found.fee_paid_vnd) == ("returned", 8000)
    assert found.hand_over is not None
    assert found.hand_over.receiver is not None
    assert found.hand_over.receiver.full_name == "Nguyễn Văn A"
    rating = await RATINGS.read(desk.mongo, code)
    assert rating is not None
    assert (rating.answer.comment, rating.follow_up is not None) == ("Chờ lâu", True)
    assert [event.removeprefix("dossier.") for event in await desk.told(code)] == [
        "registered.v1", "completion-requested.v1", "resubmitted.v1", "submitted.v1", "returned.v1", "rated.v1",
    ]  # fmt: skip
    assert "Nguyễn Văn A" not in str(await desk.documents("outbox"))


async def test_a_second_request_for_papers_needs_a_legal_basis_which_alone_is_enough(desk: Intake) -> None:
    """Statutory rule 2; NĐ 61/2018/NĐ-CP Art 11."""
    code = await accepted(desk, filing(desk, external_ref="F-1"))
    again = RequestCompletion(counter=COUNTER, code=code, items=WANTED)
    await accepted(desk, again, SupplementDossier(counter=COUNTER, code=code))
    await refused(desk, again, "supplement-already-requested")
    basis = "NĐ 61/2018/NĐ-CP Điều 11"
    await accepted(desk, RequestCompletion(counter=COUNTER, code=code, items=WANTED, legal_basis=basis))
    assert (await dossier_of(desk, code)).requests[-1].legal_basis == basis


async def test_a_refusal_carries_its_coded_legal_ground(desk: Intake) -> None:
    """Statutory rule 3; NĐ 61/2018/NĐ-CP Art 17.1.b."""
    code = await accepted(desk, filing(desk, external_ref="F-1"))
    await refused(desk, RefuseDossier(counter=COUNTER, code=code, grounds=("because",)), "ground-unknown")
    await accepted(desk, RefuseDossier(counter=COUNTER, code=code, grounds=("not-competent-agency",)))
    assert (await dossier_of(desk, code)).grounds == ("not-competent-agency",)


async def test_a_dossier_is_withdrawn_until_there_is_a_result(desk: Intake) -> None:
    """Statutory rule 12; TT 03/2025/TT-VPCP Art 7."""
    first = await accepted(desk, register(desk, "R-1", checklist=COMPLETE))
    second = await accepted(desk, register(desk, "R-2", checklist=COMPLETE))
    await accepted(desk, WithdrawDossier(counter=COUNTER, code=first, reason="changed-mind"))
    await desk.take(resolved(second))
    await refused(desk, WithdrawDossier(counter=COUNTER, code=second), "withdrawal-not-possible")
    assert (await dossier_of(desk, first)).withdrawal_reason == "changed-mind"


async def test_a_one_time_code_that_is_wrong_proves_nothing(desk: Intake) -> None:
    code = await accepted(desk, register(desk, checklist=COMPLETE))
    await desk.take(resolved(code))
    proof = HandOverProof.ONE_TIME_CODE
    await refused(
        desk, HandOverResult(counter=COUNTER, code=code, proof=proof, one_time_code="000000"), "one-time-code-wrong"
    )
    assert (await dossier_of(desk, code)).status == "resolved"


@pytest.mark.parametrize(
    "command",
    [
        lambda code: AcceptFiling(counter=OTHER_COUNTER, code=code),
        lambda code: RequestCompletion(counter=OTHER_COUNTER, code=code, items=WANTED),
        lambda code: RefuseDossier(counter=OTHER_COUNTER, code=code, grounds=("not-eligible",)),
        lambda code: SupplementDossier(counter=OTHER_COUNTER, code=code),
        lambda code: WithdrawDossier(counter=OTHER_COUNTER, code=code),
        lambda code: HandOverResult(counter=OTHER_COUNTER, code=code),
        lambda code: RateDossier(counter=OTHER_COUNTER, code=code, overall=5),
    ],
    ids=["accept", "request-completion", "refuse", "supplement", "withdraw", "hand-over", "rate"],
)
async def test_the_dossier_of_another_counter_does_not_exist(desk: Intake, command: Any) -> None:
    code = await accepted(desk, filing(desk, external_ref="F-1"))
    before = await dossier_of(desk, code)
    await refused(desk, command(code), "dossier-unknown")
    assert await dossier_of(desk, code) == before


async def test_without_keys_nothing_can_be_opened_and_nobody_told(desk: Intake) -> None:
    door = desk.consumer.handlers[type(register(desk))].__self__  # type: ignore[attr-defined]
    assert isinstance(door, CounterDoor)
    desk.consumer = replace(desk.consumer, handlers=replace(door, opener=None).handlers())
    await refused(desk, register(desk, checklist=COMPLETE), "sealing-not-configured")
    desk.consumer = replace(desk.consumer, handlers=replace(door, sealer=None).handlers())
    await refused(desk, register(desk, checklist=COMPLETE), "notices-not-configured")
    silent = sealed(desk, full_name="Nguyễn Văn A", phone="0901234001", notify_by="none")
    await accepted(desk, register(desk, checklist=COMPLETE, applicant=silent))
