"""The national portal's door: its own dossier codes and status numbers (TT 22/2019/TT-BTTTT, Phụ lục I)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.events.counter import AcceptFiling, ChecklistLine, RequestCompletion, SupplementDossier, WantedPaper
from contracts.types import PaperState
from services.intake.consumers.counter_door import CounterDoor
from services.intake.domain.procedure import Paper
from tests.component.counter_fixtures import dossier_of, filing, register, send
from tests.component.service_fixtures import COUNTER, OTHER_COUNTER, Intake, now

CODE = "G22.99-261120-0417"
LACKING = (ChecklistLine(paper=1, state=PaperState.MISSING, reason="missing-papers"),)
BROUGHT = (ChecklistLine(paper=1, state=PaperState.DIGITAL),)


@pytest.fixture
async def portal(intake: Intake) -> Intake:
    """Intake whose birth registration asks for a paper."""
    await intake.ask_for(Paper("Giấy chứng sinh", 1))
    return intake


async def said(intake: Intake, status: int = 1, *, code: str = CODE, **changes: Any) -> dict[str, Any]:
    """What the portal's message is answered with."""
    [answer] = await send(intake, filing(intake, code=code, portal_status=status, **changes))
    return answer


async def ask_for_papers(intake: Intake) -> None:
    items = (WantedPaper(paper=1, reason="missing-papers"),)
    [answer] = await send(intake, RequestCompletion(counter=COUNTER, code=CODE, items=items))
    assert answer["answer"] == "command-accepted"


async def test_a_filing_keeps_the_portals_code_and_waits_for_the_desk(portal: Intake) -> None:
    """NĐ 309/2026/NĐ-CP Art 17.3: one code for life."""
    answer = await said(portal, checklist=LACKING)
    assert (answer["answer"], answer["code"], answer["repeated"]) == ("command-accepted", CODE, False)
    found = await dossier_of(portal, CODE)
    assert (found.status, found.channel, found.answer_due_at is not None) == ("registered", "online", True)
    assert await portal.told(CODE) == ["dossier.registered.v1"]


async def test_the_same_filing_told_again_is_one_dossier_before_and_after_it_is_accepted(portal: Intake) -> None:
    """Statutory rule 19: a repeat of the same message creates no duplicate."""
    await said(portal, checklist=BROUGHT)
    assert (await said(portal, checklist=BROUGHT))["repeated"]
    await send(portal, AcceptFiling(counter=COUNTER, code=CODE))
    assert (await said(portal, checklist=BROUGHT))["repeated"]
    assert await portal.told(CODE) == ["dossier.registered.v1", "dossier.submitted.v1"]


async def test_other_content_under_a_known_code_is_refused(portal: Intake) -> None:
    await said(portal, checklist=BROUGHT)
    answer = await said(portal, checklist=BROUGHT, applicant=portal.seal(full_name="Nguyễn Văn A"))
    assert answer["slug"] == "code-taken"


async def test_status_one_after_a_request_for_papers_is_the_completed_filing(portal: Intake) -> None:
    await said(portal, checklist=LACKING)
    await ask_for_papers(portal)
    answer = await said(portal, checklist=BROUGHT)
    assert (answer["answer"], answer["repeated"]) == ("command-accepted", False)
    found = await dossier_of(portal, CODE)
    assert (found.status, found.checklist[0].state) == ("registered", PaperState.DIGITAL)
    assert (await portal.told(CODE))[-1] == "dossier.resubmitted.v1"
    assert (await said(portal, checklist=BROUGHT))["repeated"]  # now this is what it says


async def test_a_completed_filing_need_not_differ_from_the_first_to_be_one(portal: Intake) -> None:
    """Better scans of the same papers, say; then the portal must say when, or it is the first filing told again."""
    await said(portal, checklist=LACKING)
    await ask_for_papers(portal)
    assert (await said(portal, checklist=LACKING))["repeated"]
    assert (await dossier_of(portal, CODE)).status == "supplement"
    assert not (await said(portal, checklist=LACKING, occurred_at=now()))["repeated"]
    assert (await dossier_of(portal, CODE)).status == "registered"


async def test_the_first_filing_told_again_late_is_not_taken_for_its_completion(portal: Intake) -> None:
    filed_at = now() - timedelta(minutes=3)
    await said(portal, checklist=LACKING, occurred_at=filed_at)
    await ask_for_papers(portal)
    assert (await said(portal, checklist=LACKING, occurred_at=filed_at))["repeated"]
    assert (await dossier_of(portal, CODE)).status == "supplement"
    # With other content it is one, and the desk's time to answer runs from now, not from the first filing.
    assert not (await said(portal, checklist=BROUGHT, occurred_at=filed_at))["repeated"]
    last = (await dossier_of(portal, CODE)).timeline[-1]
    assert (last.kind, last.at > filed_at + timedelta(minutes=2)) == ("resubmitted", True)


async def test_status_seven_takes_it_back_and_once_more_changes_nothing(portal: Intake) -> None:
    await said(portal, checklist=BROUGHT)
    assert not (await said(portal, 7))["repeated"]
    assert (await dossier_of(portal, CODE)).status == "withdrawn"
    assert (await said(portal, 7))["repeated"]
    assert await portal.told(CODE) == ["dossier.registered.v1", "dossier.withdrawn.v1"]
    assert (await said(portal, 7, code="G22.99-261120-0418"))["slug"] == "dossier-unknown"


@pytest.mark.parametrize("status", [2, 3, 4, 5, 6, 8, 9, 10])
async def test_other_states_are_ours_to_tell(portal: Intake, status: int) -> None:
    assert (await said(portal, status))["slug"] == "portal-status-unexpected"
    [answer] = await send(portal, filing(portal, external_ref="F-1", portal_status=status))
    assert answer["slug"] == "portal-status-unexpected"
    assert await portal.documents("dossiers") == []


async def test_another_counter_cannot_tell_of_it(portal: Intake) -> None:
    await said(portal, checklist=BROUGHT)
    for status in (1, 7):
        answer = await said(portal, status, counter=OTHER_COUNTER)
        assert answer["slug"] == "dossier-unknown"
    assert (await dossier_of(portal, CODE)).status == "registered"


async def test_our_numbering_goes_round_a_code_of_the_portal_in_our_own_series(portal: Intake) -> None:
    [first] = await send(portal, register(portal, "R-1", checklist=BROUGHT))
    series = first["code"].rpartition("-")[0]
    await said(portal, code=f"{series}-0002")
    [third] = await send(portal, register(portal, "R-2", checklist=BROUGHT))
    assert (first["code"], third["code"]) == (f"{series}-0001", f"{series}-0003")
    assert (await said(portal, code=f"{series}-0001"))["slug"] == "code-taken"


async def test_a_reference_that_stands_for_another_dossier_is_refused(portal: Intake) -> None:
    await said(portal, external_ref="F-1")
    assert (await said(portal, code="G22.99-261120-0418", external_ref="F-1"))["slug"] == "external-ref-reused"


async def test_an_agencys_request_is_answered_through_the_portal_too(portal: Intake) -> None:
    from contracts.events.routing import DossierSupplementRequested

    await said(portal, checklist=BROUGHT)
    await send(portal, AcceptFiling(counter=COUNTER, code=CODE))
    asked = DossierSupplementRequested(
        code=CODE, occurred_at=now(), step=1, agency="H12.970.02", reason="missing-papers", items=("Giấy",)
    )
    await portal.take(asked)
    assert (await said(portal, checklist=BROUGHT))["repeated"]
    assert not (await said(portal, checklist=BROUGHT, occurred_at=now()))["repeated"]
    assert (await portal.told(CODE))[-1] == "dossier.supplemented.v1"


async def test_a_closed_door_refuses_the_portal_and_nobody_else(portal: Intake) -> None:
    door = portal.consumer.handlers[SupplementDossier].__self__  # type: ignore[attr-defined]
    assert isinstance(door, CounterDoor)
    portal.consumer = replace(portal.consumer, handlers=replace(door, portal_door=False).handlers())
    assert (await said(portal))["slug"] == "door-closed"
    [answer] = await send(portal, filing(portal, external_ref="F-1", channel="post"))
    assert answer["answer"] == "command-accepted"
