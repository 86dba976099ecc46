"""The worker that calls agencies' webhooks dies around a call: each event arrives, in order, and repeats are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.faults.strikes import Strikes
from services.kit.points import PointName
from tests.component.webhook_fixtures import ACCEPTED, OPENED, Partner, partner_server
from tests.eventually import eventually
from tests.faults.installation import patient_town, quick_stack
from tests.faults.load import crowd, finish_all
from tests.journeys.town import JUSTICE

pytestmark = [pytest.mark.fault, pytest.mark.long, pytest.mark.timeout(420)]
WORKER, DOSSIERS = "routing-worker", 4
ROAD: tuple[PointName, ...] = ("webhook-before-call", "webhook-after-call")


async def test_a_worker_that_dies_around_a_call_calls_again_under_the_same_id_and_in_order(tmp_path: Path) -> None:
    async with patient_town(quick_stack(tmp_path)) as town, partner_server() as partner:
        assert town.stack.fault_dir is not None
        strikes = Strikes(town.stack.fault_dir)
        reply = await town.agency.post(
            f"/v1/agencies/{JUSTICE}/subscriptions", json={"url": partner.url, "types": [OPENED, ACCEPTED]}
        )
        assert reply.status_code == 201, reply.text
        for point in ROAD:
            strikes.arm(WORKER, point)
            codes = await crowd(town, DOSSIERS)
            await eventually(lambda point=point: strikes.struck(WORKER, point))
            await finish_all(town, codes)
            await eventually(lambda codes=codes: all(heard(partner, code) == [OPENED, ACCEPTED] for code in codes))
        assert len({got.id for got in partner.events}) == 2 * DOSSIERS * len(ROAD)
        assert len(partner.events) > 2 * DOSSIERS * len(ROAD)  # the call whose answer nobody stored came again
        await town.nothing_lost()


def heard(partner: Partner, code: str) -> list[str]:
    """Types of a dossier's events in the order in which each was heard first."""
    first = {got.id: got.event["type"] for got in partner.events if got.event["subject"] == code}
    return list(first.values())
