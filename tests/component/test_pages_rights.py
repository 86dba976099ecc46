"""Every page of every service: nobody comes in without a right, with the wrong role, or to another office's dossier.

A page that is added is tested here by itself. What a foreign thing is, by parameters of addresses, says `FOREIGN`.
"""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI

from services.kit.sealing import Opener, new_private_key
from services.kit.web.addresses import SIGN_IN
from services.kit.web.pages import page_rights
from services.kit.web.roles import Role
from services.kit.web.visit import KEY_IN_ADDRESS
from services.routing.settings import RoutingSettings
from tests.component.pages_fixtures import (
    Browser,
    PageCase,
    applications,
    client,
    page_cases,
    person,
    running,
    sign_in,
)
from tests.component.service_fixtures import (
    COUNTER,
    DISTRICT,
    OFFICE,
    OTHER_COUNTER,
    dossier,
    intake_settings,
    open_intake,
    open_routing,
)
from tests.component.test_routing_api import case as open_case

OTHER_AGENCY = "H12.980"
OF_ALL_OFFICES = frozenset({Role.INSPECTOR, Role.OPERATOR})
FOREIGN = {"counter": COUNTER, "agency": DISTRICT}
"""By the name of an address's parameter: something of another office than `OTHER_COUNTER` and `OTHER_AGENCY`. A
dossier's `{code}` is of `COUNTER` and `OFFICE`. Other parameters: a form that names the office beside them."""


@dataclass
class Place:
    """A service with a dossier of somebody else's in it."""

    app: FastAPI
    code: str
    _signed_in: dict[tuple[Role, tuple[str, ...]], Browser] = field(default_factory=dict)

    async def browser(self, role: Role, *units: str) -> Browser:
        """Of somebody who signed in: the same browser for all that is refused to them."""
        browser = self._signed_in.get((role, units))
        if browser is None:
            browser = self._signed_in[role, units] = await sign_in(self.app, person(role, units=units))
        return browser

    def address(self, path: str) -> str:
        """Raises: KeyError: a parameter of which this test does not know what a foreign one is."""
        return re.sub(r"\{(\w+)[^}]*\}", lambda found: {**FOREIGN, "code": self.code}[found[1]], path)


@pytest.fixture(scope="module")
async def places(mongodb_url: str) -> AsyncIterator[dict[str, Place]]:
    """The three services, one dossier in each: what is refused leaves them as they are."""
    prefix, notify = f"t{uuid.uuid4().hex[:10]}", Opener(new_private_key())
    values = {"mongodb_url": mongodb_url, "mongodb_prefix": prefix}
    async with AsyncExitStack() as stack:
        intake = await stack.enter_async_context(open_intake(intake_settings(mongodb_url, prefix, notify), notify))
        routing = await stack.enter_async_context(open_routing(RoutingSettings(**values)))  # type: ignore[arg-type]
        app = await stack.enter_async_context(running(applications(**values)["notify"]))
        yield {
            "intake": Place(intake.app, await intake.register()),
            "routing": Place(routing.app, await open_case(routing)),
            "notify": Place(app, dossier()),
        }


@pytest.fixture
def place(places: dict[str, Place], page: PageCase) -> Place:
    return places[page.service]


async def asked(browser: Browser, page: PageCase, address: str) -> tuple[int, str]:
    """Status, and the slug that the page shows."""
    # With a key, which a form's page would else be led to first.
    key = {KEY_IN_ADDRESS: "key-of-a-form"}
    reply = await (browser.post(address) if page.method == "POST" else browser.get(address, params=key))
    slug = re.search(r"Mã lỗi: <code>([a-z-]+)</code>", reply.text)
    return reply.status_code, slug[1] if slug else ""


def test_every_page_declares_its_right() -> None:
    without = {
        service: [route.path for route, right in page_rights(app) if right is None]
        for service, app in applications().items()
    }
    assert without == {"intake": [], "routing": [], "notify": []}


def test_every_form_with_a_file_comes_back_when_the_file_is_too_large() -> None:
    """Its address is declared with `uploads`; else its people would get a page of refusal."""
    shown = {
        template.name
        for template in (Path(__file__).parents[2] / "services").rglob("*.html")
        if re.search(r"f\.file\(|type=.file", template.read_text(encoding="utf-8")) and template.name != "forms.html"
    }
    declared = [
        path
        for app in applications(online_form=(COUNTER,)).values()
        for route, _ in page_rights(app)
        for path in [route.path]
        if "POST" in route.methods and app.state.web.takes_too_large({"method": "POST", "path": path}, 1)
    ]
    assert (len(shown), len(declared)) == (4, 4), (shown, declared)


@pytest.mark.parametrize("page", page_cases(guarded=True))
async def test_anonymous_is_led_to_the_sign_in_and_back(page: PageCase, place: Place) -> None:
    address = place.address(page.path)
    async with client(place.app) as http:
        reply = await http.request(page.method, address)
    to = urlsplit(reply.headers["location"])
    assert (reply.status_code, to.netloc, to.path) == (303, "", SIGN_IN)
    assert page.method == "POST" or parse_qs(to.query)["next"] in ([address], ["/can-bo"])


@pytest.mark.parametrize("page", [case for case in page_cases(guarded=True) if set(Role) - case.values[0].right.roles])
async def test_the_wrong_role_is_told_so(page: PageCase, place: Place) -> None:
    for role in sorted(set(Role) - page.wanted.roles):
        browser = await place.browser(role, COUNTER, DISTRICT, OFFICE)
        assert await asked(browser, page, place.address(page.path)) == (403, "role-missing"), role


ACTS_OF_ALL = ("/dang-xuat",)
"""What an inspector sends too: it changes nothing but their own session."""
FOR_ACTING = ("/quay/thu-tuc",)
"""Pages without a form that only lead to one."""


def test_an_inspector_sends_nothing() -> None:
    sent = [case.values[0] for case in page_cases(guarded=True) if case.values[0].method == "POST"]
    allowed = {page.path for page in sent if Role.INSPECTOR in page.wanted.roles}
    assert allowed == set(ACTS_OF_ALL)


def is_read(page: PageCase) -> bool:
    return page.method == "GET" and not page.wanted.form and page.path not in FOR_ACTING


def test_an_inspector_reads_all_that_is_read() -> None:
    read = [case.values[0] for case in page_cases(guarded=True) if is_read(case.values[0])]
    assert len(read) > 25
    assert [page.path for page in read if Role.INSPECTOR not in page.wanted.roles] == []


ABOUT_A_THING = re.compile(r"/van-hanh/.*|.*/(tep|da-bao|tin)$")
"""Pages that need to be told of what, parts of a page, and streams: tests of their own open them."""


@pytest.mark.parametrize(
    "page",
    [
        case
        for case in page_cases(guarded=True)
        if is_read(case.values[0]) and not ABOUT_A_THING.fullmatch(case.values[0].path)
    ],
)
async def test_an_inspector_opens_any_office_s_page_and_finds_nothing_to_press(page: PageCase, place: Place) -> None:
    browser = await place.browser(Role.INSPECTOR)
    reply = await browser.get(place.address(page.path), params={"quay": COUNTER, "ma": place.code})
    assert reply.status_code in (200, 303), reply.text
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', reply.text)
    assert set(forms) <= set(ACTS_OF_ALL)


def of_an_office(page: PageCase) -> bool:
    return "{" in page.path and bool(page.wanted.roles - OF_ALL_OFFICES)


@pytest.mark.parametrize("page", [case for case in page_cases(guarded=True) if of_an_office(case.values[0])])
async def test_what_is_another_office_s_does_not_exist(page: PageCase, place: Place) -> None:
    for role in sorted(page.wanted.roles - OF_ALL_OFFICES):
        browser = await place.browser(role, OTHER_COUNTER, OTHER_AGENCY)
        status, slug = await asked(browser, page, place.address(page.path))
        assert (status, slug.endswith("-unknown")) == (404, True), (role, slug)


@pytest.mark.parametrize("page", [case for case in page_cases(guarded=True) if case.values[0].method == "POST"])
async def test_a_form_without_the_session_s_word_is_refused(page: PageCase, place: Place) -> None:
    role = min(page.wanted.roles)
    browser = dataclasses.replace(await place.browser(role, COUNTER, DISTRICT, OFFICE), csrf="0" * 64)
    assert await asked(browser, page, place.address(page.path)) == (403, "form-foreign")


@pytest.mark.parametrize("page", [case for case in page_cases() if case.values[0].method == "POST"])
async def test_a_form_of_another_site_is_refused(page: PageCase, place: Place) -> None:
    browser = await place.browser(Role.OPERATOR)
    address = place.address(page.path.replace("{token}", "x" * 20))
    for headers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        reply = await browser.post(address, headers=headers)
        assert (reply.status_code, "form-foreign" in reply.text) == (403, True), headers
