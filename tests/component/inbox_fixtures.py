"""Officers at the pages of their inbox."""

from __future__ import annotations

import re

from contracts.events.intake import DossierSupplemented
from services.kit.web.roles import Person, Role
from tests.component.pages_fixtures import Browser, person, sign_in
from tests.component.routing_fixtures import (
    Timed,
    due,
)
from tests.component.service_fixtures import COUNTER, OFFICE, Service

OFFICER = person(Role.OFFICER, units=(OFFICE,))
HEAD = person(Role.HEAD, units=(OFFICE,), subject="person.head")
SUPERVISOR = person(Role.SUPERVISOR, units=(OFFICE,), subject="person.supervisor")
INSPECTOR = person(Role.INSPECTOR, subject="person.inspector")
OPERATOR = person(Role.OPERATOR, subject="person.operator")
INBOX = f"/hop-viec/{OFFICE}"
LINK = re.compile(r'href="/hop-viec/ho-so/[^"/]+/([a-z-]+)\?buoc=(\d)"')
BUTTON = re.compile(r'action="/hop-viec/ho-so/[^"/]+/([a-z-]+)"')
ROW = re.compile(r'href="/hop-viec/ho-so/([^"/]+)">')


def page_of(code: str, task: str = "") -> str:
    return f"/hop-viec/ho-so/{code}" + (f"/{task}" if task else "")


async def browser(routing: Service, who: Person = OFFICER) -> Browser:
    return await sign_in(routing.app, who)


async def text(routing: Service, path: str, who: Person = OFFICER, status: int = 200) -> str:
    reply = await (await browser(routing, who)).get(path)
    assert reply.status_code == status, (reply.status_code, reply.text)
    return reply.text


async def tasks(routing: Service, code: str, who: Person = OFFICER) -> set[str]:
    """What the dossier's page offers."""
    page = await text(routing, page_of(code), who)
    return {slug for slug, _ in LINK.findall(page)} | set(BUTTON.findall(page))


async def do(
    routing: Service, code: str, task: str, who: Person = OFFICER, step: int = 1, **fields: object
) -> tuple[int, str]:
    """Send a form. Returns: status, and where it leads or what the page says."""
    reply = await (await browser(routing, who)).post(page_of(code, task), {"step": step, **fields})
    return reply.status_code, reply.headers.get("location", reply.text)


async def supplement(timed: Timed, code: str) -> None:
    """The citizen brings the papers, and the desk counts anew."""
    at = timed.hand.move(days=1)
    event = DossierSupplemented(code=code, occurred_at=at, counter=COUNTER, due_at=due(at))
    await timed.service.take(event)
