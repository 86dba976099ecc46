"""Citizens at their browsers: a draft filled in, a dossier that waits for papers, codes read on the phone."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from contracts.events.routing import DossierSupplementRequested
from services.intake.attachments.file_types import JPEG
from services.intake.domain.procedure import Paper
from tests.component.citizen_fixtures import LAST4
from tests.component.form_fixtures import PHOTO
from tests.component.service_fixtures import CITIZEN_ID, COUNTER, NAME, OFFICE, PHONE, PROCEDURE, Intake, now

PAPERS = (Paper("Tờ khai đăng ký khai sinh", originals=1), Paper("Giấy chứng sinh", copies=1))
PEOPLE = {
    "applicant.kind": "citizen",
    "applicant.full_name": NAME,
    "applicant.id_number": CITIZEN_ID,
    "applicant.phone": PHONE,
    "applicant.notify_by": "sms",
    "counter": COUNTER,
    "return_by": "counter",
}
A_PHOTO = ("anh.jpg", PHOTO, JPEG)


async def begun(online: Intake, **more: str) -> str:
    """The address of a new draft of this browser."""
    await online.ask_for(*PAPERS)
    reply = await online.http.post(f"/nop-ho-so/{PROCEDURE}", data={"counter": COUNTER} | more)
    assert reply.status_code == 303, reply.text
    to: str = reply.headers["location"]
    return to


def revision(page: httpx.Response) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page.text)
    assert found, page.text
    return found[1]


async def typed(online: Intake, url: str, **changes: str) -> httpx.Response:
    """The first step, filled in."""
    page = await online.http.get(url)
    data = PEOPLE | {"revision": revision(page)} | {name.replace("__", "."): text for name, text in changes.items()}
    return await online.http.post(url, data=data)


async def ready(online: Intake) -> str:
    """A draft with everything but the last button."""
    url = await begun(online)
    assert (await typed(online, url)).headers["location"] == f"{url}/giay-to"
    sent = await online.http.post(f"{url}/giay-to", files={"paper-1": A_PHOTO})
    assert sent.headers["location"] == f"{url}/gui", sent.text
    return url


async def filed(online: Intake, url: str) -> dict[str, Any]:
    page = await online.http.get(f"{url}/da-nop")
    code = re.search(r'<strong class="code">([^<]+)</strong>', page.text)
    assert code, page.text
    reply = await online.http.get(f"/v1/dossiers/{code[1]}", headers=online.desk)
    found: dict[str, Any] = reply.json()
    return found


async def texted(intake: Intake, code: str, path: str, **data: str) -> str:
    """Press the button of a page, and read the code on the phone."""
    reply = await intake.http.post(path, data=data)
    assert (reply.status_code, "da-gui=1" in reply.headers["location"]) == (303, True), reply.text
    event = (await intake.events(code, "dossier.code-issued.v1"))[-1]
    digits: str = json.loads(intake.notify.open(event["secret"]))["code"]
    return digits


async def waiting_for_papers(online: Intake) -> str:
    """A dossier that waits for its second paper."""
    await online.ask_for(*PAPERS)
    code = await online.register(checklist=[{"paper": n, "state": "original"} for n in (1, 2)])
    asked = DossierSupplementRequested(
        code=code, occurred_at=now(), step=1, agency=OFFICE, reason="missing-papers", items=("Giấy chứng sinh",)
    )
    await online.take(asked)
    return code


async def supplement_begun(online: Intake, code: str) -> str:
    """The address of the draft that the citizen's papers go into."""
    story = await online.http.post(f"/tra-cuu/{code}", data={"phone_last4": LAST4})
    assert f'action="/tra-cuu/{code}/bo-sung"' in story.text
    reply = await online.http.post(f"/tra-cuu/{code}/bo-sung", data={"phone_last4": LAST4})
    assert reply.status_code == 303, reply.text
    to: str = reply.headers["location"]
    return to
