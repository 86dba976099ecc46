"""The page behind the link in the last message: one answer, no script, nothing echoed."""

from __future__ import annotations

from tests.component.citizen_fixtures import invitation, returned
from tests.component.service_fixtures import Intake


async def invited(intake: Intake) -> tuple[str, str]:
    """A returned dossier and the path of its invitation."""
    code = await returned(intake)
    return code, f"/danh-gia/{await invitation(intake, code)}"


async def test_a_citizen_rates_by_the_link_and_once(intake: Intake) -> None:
    code, path = await invited(intake)
    page = await intake.http.get(path)
    assert page.status_code == 200
    assert "Rất hài lòng" in page.text
    assert "<script" not in page.text
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
        page = await intake.http.post(path, data=data | {"comment": "Chờ lâu <b>"})
        assert page.status_code == 422
        assert "Chờ lâu &lt;b&gt;" in page.text
    assert await intake.events(code, "dossier.rated.v1") == []
    unknown = await intake.http.post("/danh-gia/abcdefghijklmnop", data={"overall": "5"})
    assert unknown.status_code == 404
    assert "hết hạn" in unknown.text
