"""The page behind the link in the last message: one answer, no script, nothing echoed."""

from __future__ import annotations

import json

from contracts.events.routing import DossierResolved
from contracts.types import Mechanism, Outcome, Timeliness
from tests.component.service_fixtures import OFFICE, PROCEDURE, Intake, now


async def invited(intake: Intake) -> tuple[str, str]:
    """A returned dossier and the path of its invitation."""
    code = await intake.register()
    await intake.take(
        DossierResolved(
            code=code, occurred_at=now(), agency=OFFICE, mechanism=Mechanism.ONE_STOP, procedure_code=PROCEDURE,
            outcome=Outcome.GRANTED, timeliness=Timeliness.EARLY, due_at=now(), first_due_at=now(),
        )
    )  # fmt: skip
    done = await intake.http.post(f"/v1/dossiers/{code}/hand-over", json={}, headers=intake.desk)
    assert done.status_code == 200, done.text
    [event] = await intake.events(code, "dossier.returned.v1")
    return code, "/danh-gia/" + json.loads(intake.notify.open(event["invitation"]))["token"]


async def test_a_citizen_rates_by_the_link_and_once(intake: Intake) -> None:
    code, path = await invited(intake)
    page = await intake.http.get(path)
    assert page.status_code == 200
    assert "Rất hài lòng" in page.text
    assert "script" not in page.headers["content-security-policy"].replace("default-src 'none'", "")
    assert code not in page.text
    answer = {"overall": "2", "attitude_score": "0", "comment": "Chờ lâu <b>quá</b>"}
    thanks = await intake.http.post(path, data=answer)
    assert thanks.status_code == 200
    assert "Cảm ơn" in thanks.text
    assert "xem lại" in thanks.text
    [event] = await intake.events(code, "dossier.rated.v1")
    assert (event["overall"], event["attitude_score"]) == (2, 0)
    other = await intake.http.post(path, data={"overall": "5"})
    assert other.status_code == 409
    assert "<form" not in other.text
    assert len(await intake.events(code, "dossier.rated.v1")) == 1


async def test_without_a_level_nothing_is_rated_and_an_unknown_link_says_so(intake: Intake) -> None:
    code, path = await invited(intake)
    for data in ({}, {"overall": "6"}, {"overall": "x"}, {"overall": "5", "time_score": "3"}):
        assert (await intake.http.post(path, data=data)).status_code == 422
    assert await intake.events(code, "dossier.rated.v1") == []
    unknown = await intake.http.post("/danh-gia/abcdefghijklmnop", data={"overall": "5"})
    assert unknown.status_code == 404
    assert "hết hạn" in unknown.text
