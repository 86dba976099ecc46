"""After all stories: the checker compares journals, states, the event log and the phones."""

from __future__ import annotations

import pytest

from tests.journeys.town import Town

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


async def test_at_the_end_nothing_is_lost_doubled_orphaned_out_of_order_or_stuck(town: Town) -> None:
    citizen = town.person()
    code = (await town.register(citizen))["code"]
    await town.finish(code)
    await town.hand_over(code)
    await town.told(citizen, "returned", code)
    report = await town.nothing_lost(90)
    assert report.seen["dossiers"] >= 1
    assert report.seen["messages"] >= 3
    assert report.seen["records"] >= 5


async def test_the_checker_sees_it_when_something_is_taken_away_behind_the_services_backs(town: Town) -> None:
    """That it found nothing above is worth something only if it can find something here."""
    code = (await town.register(town.person()))["code"]
    await town.notice_ends(code, "received")
    await town.at_rest()
    routing = town.stack.mongo("routing")
    cases = routing.collection("cases")
    case = await cases.find_one({"_id": code})
    await cases.delete_one({"_id": code})
    found = {(finding.rule, finding.subject) for finding in (await town.compare()).findings}
    await cases.insert_one(case)
    await routing.close()
    assert ("dossier-without-case", code) in found
