"""The papers of a dossier on a page for the agency that has it: read by those it was handed to, and nobody else."""

from __future__ import annotations

import httpx

from contracts.events.routing import DossierSupplementRequested, DossierTransferred
from services.kit.web.roles import Person, Role
from tests.component.files_fixtures import attached, filed
from tests.component.files_fixtures import desk as desk
from tests.component.pages_fixtures import person, sign_in
from tests.component.service_fixtures import DISTRICT, OFFICE, Intake, now
from tests.unit.intake.file_fixtures import pdf

PDF = pdf()
OFFICER = person(Role.OFFICER, units=(OFFICE,))


async def handed(desk: Intake, code: str, agency: str = OFFICE) -> None:
    about = {"code": code, "occurred_at": now(), "step": 1, "agency": agency}
    await desk.take(
        DossierTransferred(**about, steps=1, step_due_at=now(), due_at=now(), transfer=1)  # type: ignore[arg-type]
    )


async def look(desk: Intake, path: str, who: Person = OFFICER) -> httpx.Response:
    return await (await sign_in(desk.app, who)).get(f"/giay-to/{path}")


async def test_who_has_it_sees_the_papers_and_opens_the_files(desk: Intake) -> None:
    code = await filed(desk)
    file = await attached(desk, code, PDF, name="<b>Giấy.pdf")
    assert (await look(desk, code)).status_code == 404
    await handed(desk, code)
    page = await look(desk, code)
    assert page.status_code == 200
    for words in ("Tờ khai", "Bản chính", "Bản điện tử", "&lt;b&gt;Giấy.pdf"):
        assert words in page.text
    assert "<b>Giấy" not in page.text
    got = await look(desk, f"{code}/tep?id={file['id']}")
    assert (got.status_code, got.content) == (200, PDF)
    assert got.headers["content-disposition"].startswith("attachment")
    for asked, slug in ((f"tep?id={file['id']}&xem=jpeg", "file-not-an-image"), ("tep?id=x", "file-unknown")):
        assert slug in (await look(desk, f"{code}/{asked}")).text


async def test_whoever_has_it_not_finds_nothing(desk: Intake) -> None:
    code = await filed(desk)
    file = await attached(desk, code, PDF)
    await handed(desk, code)
    stranger = person(Role.OFFICER, units=(DISTRICT,))
    for path in (code, f"{code}/tep?id={file['id']}"):
        reply = await look(desk, path, stranger)
        assert (reply.status_code, "dossier-unknown" in reply.text) == (404, True)
        for who in (person(Role.INSPECTOR), person(Role.OPERATOR), person(Role.SUPERVISOR, units=(OFFICE,))):
            assert (await look(desk, path, who)).status_code == 200


async def test_what_was_asked_for_is_told_to_those_who_look_again(desk: Intake) -> None:
    code = await filed(desk)
    await handed(desk, code)
    await desk.take(
        DossierSupplementRequested(
            code=code, occurred_at=now(), step=1, agency=OFFICE, reason="missing-papers", items=("Giấy <i>khác</i>",)
        )
    )
    page = (await look(desk, code)).text
    assert "Giấy &lt;i&gt;khác&lt;/i&gt;: Thiếu giấy tờ trong thành phần hồ sơ" in page
