"""Missing papers and apologies: the promise changes by rule, once, and the citizen hears of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from motcua.install import load_catalogue
from services.intake.catalogue import read_catalogue
from tests.journeys.town import JUSTICE, Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

BY_THE_HOUR = "9.000008"
CATALOGUE = f"""code,name,field,level,time_limit_value,time_limit_unit,agencies_in_steps
{BY_THE_HOUR},Thủ tục tính giờ,Thử nghiệm,huyện,8,giờ làm việc,Phòng Tư pháp
"""


@pytest.fixture
async def by_the_hour(town: Town) -> str:
    """A procedure whose limit runs from minute to minute, so that a new promise differs from the first today."""
    intake = town.stack.mongo("intake")
    await load_catalogue(intake, town.stack.clock.now, read_catalogue(CATALOGUE.encode()))
    await intake.close()
    return BY_THE_HOUR


async def test_missing_papers_are_asked_for_once_and_when_they_come_the_whole_limit_begins_anew(
    town: Town, by_the_hour: str
) -> None:
    citizen = town.person()
    receipt = await town.register(citizen, by_the_hour)
    code = receipt["code"]
    await town.offered_to(JUSTICE, code)
    await town.did(code, "accept", JUSTICE)
    papers = {"reason": "missing-papers", "items": ["Bản sao giấy khai sinh"]}
    await town.did(code, "request-supplement", JUSTICE, **papers)
    told = await town.told(citizen, "supplement", code)
    assert told["template_data"]["reason"] == "Bản sao giấy khai sinh"
    waiting = await town.at_counter(code, "supplement")
    assert waiting["status_code"] == 5

    brought = await town.counter.post(f"/v1/dossiers/{code}/supplement", json={})
    assert brought.status_code == 200, brought.text
    assert brought.json()["due_at"] > receipt["due_at"]
    assert brought.json()["first_due_at"] == receipt["due_at"]
    case = await town.offered_to(JUSTICE, code)
    assert case["due_at"] == case["steps"][0]["due_at"] == brought.json()["due_at"]
    twice = await town.counter.post(f"/v1/dossiers/{code}/supplement", json={})
    assert (twice.status_code, twice.json()["slug"]) == (409, "supplement-not-expected")

    await town.did(code, "accept", JUSTICE)
    again = await town.act(code, "request-supplement", JUSTICE, **papers)
    assert (again.status_code, again.json()["slug"]) == (409, "supplement-already-requested")
    await town.did(code, "complete", JUSTICE)
    await town.told(citizen, "resolved", code)
    await town.hand_over(code)
    await town.told(citizen, "returned", code)
    kinds = [line["kind"] for line in (await town.track(code, citizen))["timeline"]]
    assert kinds == [
        "submitted", "transferred", "transfer-accepted", "supplement-requested", "supplemented", "transferred",
        "transfer-accepted", "step-completed", "resolved", "returned",
    ]  # fmt: skip
    assert len(await town.messages(citizen)) == 4


async def test_an_agency_that_cannot_keep_the_date_apologises_once_with_a_new_one(town: Town) -> None:
    citizen = town.person()
    receipt = await town.register(citizen)
    code = receipt["code"]
    await town.offered_to(JUSTICE, code)
    await town.did(code, "accept", JUSTICE)
    later = (datetime.fromisoformat(receipt["due_at"]) + timedelta(days=7)).isoformat()
    case = await town.did(code, "extend", JUSTICE, reason="field-check", due_at=later)
    assert datetime.fromisoformat(case["due_at"]) == datetime.fromisoformat(later)
    assert case["first_due_at"] == receipt["due_at"]
    told = await town.told(citizen, "extended", code)
    assert told["template_data"]["reason"] == "Cần kiểm tra thực địa"

    still_later = (datetime.fromisoformat(later) + timedelta(days=7)).isoformat()
    refused = await town.act(code, "extend", JUSTICE, reason="overload", due_at=still_later)
    assert (refused.status_code, refused.json()["slug"]) == (409, "already-extended")
    await town.did(code, "complete", JUSTICE)
    dossier = await town.at_counter(code, "resolved")
    assert datetime.fromisoformat(dossier["due_at"]) == datetime.fromisoformat(later)
    assert dossier["first_due_at"] == receipt["due_at"]
    assert "xin lỗi" in dossier["due_explained"]
