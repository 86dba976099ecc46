"""Several agencies in turn, one dossier, one promise."""

from __future__ import annotations

import pytest

from contracts.events.agency import AcceptTransfer, CompleteStep
from contracts.events.routing import DossierResolved
from contracts.topics import AGENCY_ACTIONS, DOSSIER_EVENTS
from services.kit.kafka import Record
from tests.eventually import eventually
from tests.journeys.town import COMMUNE, COMMUNE_DESK, INTERLINKED, MILITARY, PROVINCE_LABOUR, Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


async def test_a_dossier_passes_commune_district_and_province_under_one_code_and_one_due_date_and_is_resolved_once(
    town: Town,
) -> None:
    citizen = town.person()
    receipt = await town.register(citizen, INTERLINKED, COMMUNE_DESK)
    code = receipt["code"]
    assert receipt["mechanism"] == "interlinked"
    case = await town.offered_to(COMMUNE, code)
    assert [step["agency"] for step in case["steps"]] == [COMMUNE, MILITARY, PROVINCE_LABOUR]
    dues = [step["due_at"] for step in case["steps"]]
    assert dues == sorted(set(dues))
    assert dues[-1] == case["due_at"] == receipt["due_at"]

    await town.did(code, "accept", COMMUNE, 1)
    await town.did(code, "complete", COMMUNE, 1)
    await town.offered_to(MILITARY, code)
    for kind in (AcceptTransfer, CompleteStep):  # this agency has software of its own
        await town.send(AGENCY_ACTIONS.name, code, kind(code=code, agency=MILITARY, step=2))
    await town.offered_to(PROVINCE_LABOUR, code)

    async def the_counter_knows_where_it_is() -> bool:
        return (await town.at_counter(code, "in_process"))["agency"] == PROVINCE_LABOUR

    await eventually(the_counter_knows_where_it_is)
    early = await town.act(code, "complete", PROVINCE_LABOUR, 3)
    assert (early.status_code, early.json()["slug"]) == (409, "action-not-allowed")
    await town.did(code, "accept", PROVINCE_LABOUR, 3)
    done = await town.did(code, "complete", PROVINCE_LABOUR, 3)
    assert await town.did(code, "complete", PROVINCE_LABOUR, 3) == done

    await town.told(citizen, "resolved", code)
    await town.hand_over(code)
    await town.told(citizen, "returned", code)
    assert len(await town.messages(citizen)) == 3

    def of_this_dossier(record: Record) -> bool:
        return record.key == code.encode()

    records = await town.read_until([DOSSIER_EVENTS.name], 12, of_this_dossier)
    types = [dict(record.headers)["ce_type"].decode() for record in records]
    assert types.count(DossierResolved.TYPE) == 1
    assert len({record.partition for record in records}) == 1
    assert (await town.case(code))["due_at"] == receipt["due_at"]


async def test_an_agency_of_a_later_step_cannot_act_before_its_turn(town: Town) -> None:
    code = (await town.register(town.person(), INTERLINKED, COMMUNE_DESK))["code"]
    await town.offered_to(COMMUNE, code)
    refused = await town.act(code, "accept", PROVINCE_LABOUR, 3)
    assert (refused.status_code, refused.json()["slug"]) == (409, "step-not-current")
    assert refused.json()["active"] == [1]


async def test_statistics_count_an_interlinked_dossier_once_whatever_number_of_agencies_worked_on_it(
    town: Town,
) -> None:
    async def counted() -> int:
        number: int = (await town.operator.get("/v1/statistics")).json()["received"]["interlinked"]
        return number

    before = await counted()
    code = (await town.register(town.person(), INTERLINKED, COMMUNE_DESK))["code"]
    await town.finish(code)
    await town.at_counter(code, "resolved")

    async def one_more() -> bool:
        return await counted() == before + 1

    await eventually(one_more)
