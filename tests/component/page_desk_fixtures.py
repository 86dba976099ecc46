"""A counter and its clerk at a browser, whose birth registration asks for papers."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.events.routing import DossierPaymentRequested, DossierResolved, DossierSupplementRequested
from contracts.types import Mechanism, NoticeChannel, NoticeEnd, NoticeKind, Outcome, Timeliness
from services.intake.attachments.file_types import PNG
from services.kit.sealing import Opener, new_private_key
from services.kit.web.roles import Role
from tests.component.desk_fixtures import COMPLETE
from tests.component.files_fixtures import attached
from tests.component.pages_fixtures import Browser, person, sign_in
from tests.component.service_fixtures import (
    CITIZEN_ID,
    COUNTER,
    NAME,
    OFFICE,
    OTHER_COUNTER,
    PHONE,
    PROCEDURE,
    Intake,
    intake_settings,
    now,
    open_intake,
)
from tests.component.slip_fixtures import NAMES, PAPERS
from tests.unit.intake.file_fixtures import good

DOSSIERS = "dossiers"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def registration(**changes: str) -> dict[str, str]:
    """What a clerk types for a usual dossier; a field that is emptied is sent empty, as browsers do."""
    fields = {
        "procedure_code": PROCEDURE, "counter": COUNTER, "applicant.kind": "citizen", "applicant.full_name": NAME,
        "applicant.id_number": CITIZEN_ID, "applicant.phone": PHONE, "applicant.address": "Số 1 đường Thử",
        "applicant.notify_by": "zalo", "channel": "counter", "return_by": "counter", "return_address": "",
        "sets": "2", "fee_paid_vnd": "50.000 đ", "du_giay_to": "true", "giay.1.state": "", "giay.1.reason": "",
        "giay.2.state": "", "giay.2.reason": "", "giay.3.state": "", "giay.3.reason": "", "submitter.full_name": "",
        "mandated.full_name": "", "mandate.paper": "", "mandate.signed_on": "", "external_ref": "",
    }  # fmt: skip
    return fields | changes


@dataclass
class Desk:
    """The counter's service, and people at browsers."""

    intake: Intake
    clerk: Browser
    supervisor: Browser
    other: Browser
    """A clerk of another counter."""
    inspector: Browser

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.clerk.get(path, **more)

    async def post(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        return await self.clerk.post(path, fields, **more)

    async def form(self, path: str) -> httpx.Response:
        """A page with a form, with its key in the address."""
        page = await self.clerk.get(path, follow_redirects=True)
        assert page.status_code == 200, page.text
        return page

    def fields(self, page: httpx.Response) -> dict[str, str]:
        """What a browser sends of the page's main form without being asked."""
        main = page.text[page.text.rindex("data-form") :]
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(main)}

    async def fill(self, path: str, **fields: str) -> httpx.Response:
        """Open a form and send it."""
        page = await self.form(path)
        return await self.post(path.partition("?")[0], self.fields(page) | fields)

    async def registered(self, page: httpx.Response, **changes: str) -> str:
        """Send the registration; where it leads names the code."""
        own = self.fields(page)
        reply = await self.post("/quay/moi", registration() | own | changes)
        assert reply.status_code == 303, reply.text
        return str(reply.headers["location"]).rpartition("/")[2]

    async def dossier(self, code: str) -> dict[str, Any]:
        return (await self.intake.documents(DOSSIERS, _id=code))[0]

    async def register(self, **changes: Any) -> str:
        return await self.intake.register(**({"checklist": COMPLETE} | changes))

    async def resolved(self, **changes: Any) -> str:
        """One whose result waits."""
        code, at = await self.register(**changes), now()
        due = at + timedelta(days=5)
        await self.intake.take(
            DossierResolved(
                code=code, occurred_at=at, agency=OFFICE, mechanism=Mechanism.ONE_STOP, procedure_code=PROCEDURE,
                outcome=Outcome.GRANTED, timeliness=Timeliness.EARLY, due_at=due, first_due_at=due,
            )
        )  # fmt: skip
        return code

    async def asked_by_agency(self) -> str:
        code = await self.register()
        await self.intake.take(
            DossierSupplementRequested(
                code=code, occurred_at=now(), agency=OFFICE, reason="missing-papers", step=1, items=("Giấy chứng sinh",)
            )
        )
        return code

    async def asked_to_pay(self, amount: int = 700_000) -> str:
        code = await self.register()
        await self.intake.take(
            DossierPaymentRequested(code=code, occurred_at=now(), agency=OFFICE, amount_vnd=amount, legal_basis="Luật")
        )
        return code

    async def told(self, code: str, fact: type[NoticeSent] | type[NoticeDelivered], kind: NoticeKind) -> None:
        more = {"attempt": 1} if fact is NoticeSent else {}
        await self.intake.take(
            fact(
                code=code, occurred_at=now(), notice_id="n1", kind=kind, channel=NoticeChannel.ZALO, **more
            ),  # type: ignore[arg-type]
            topic="notice.events.v1",
        )  # fmt: skip

    async def untold(self, code: str, kind: NoticeKind, end: NoticeEnd) -> None:
        fact = NoticeEnded(code=code, occurred_at=now(), notice_id="n1", kind=kind, state=end, reason="no-receipt")
        await self.intake.take(fact, topic="notice.events.v1")

    async def with_photograph(self) -> tuple[str, str]:
        code = await self.register()
        file = await attached(self.intake, code, good(PNG), paper=1)
        return code, str(file["id"])


@pytest.fixture
async def place(mongodb_url: str, prefix: str) -> AsyncIterator[Desk]:
    notify = Opener(new_private_key())
    async with open_intake(intake_settings(mongodb_url, prefix, notify, **NAMES), notify) as intake:
        await intake.ask_for(*PAPERS)
        app = intake.app
        yield Desk(
            intake,
            await sign_in(app, person(Role.CLERK, units=(COUNTER,))),
            await sign_in(app, person(Role.CLERK, Role.SUPERVISOR, units=(COUNTER,), subject="person.head")),
            await sign_in(app, person(Role.CLERK, units=(OTHER_COUNTER,), subject="person.other")),
            await sign_in(app, person(Role.INSPECTOR, subject="person.inspector")),
        )
        await intake.mongo.drop()
