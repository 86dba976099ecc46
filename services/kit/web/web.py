"""The pages of one service, put together: look, sessions, sign-in, home."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.routing import compile_path
from starlette.types import Scope

from services.kit import telemetry
from services.kit.clock import Clock, Now
from services.kit.mongo import Mongo
from services.kit.settings import Settings
from services.kit.web import forms, too_large
from services.kit.web.assets import Assets
from services.kit.web.gate import Gate
from services.kit.web.headers import page_headers
from services.kit.web.home import home_pages
from services.kit.web.kept import KeptForms
from services.kit.web.look import Look
from services.kit.web.once import FormsSent
from services.kit.web.pages import NavEntry, Pages
from services.kit.web.rights import PUBLIC, right_of
from services.kit.web.roles import ROLE_NAMES, Role
from services.kit.web.sessions import WebSessions
from services.kit.web.settings import Site
from services.kit.web.signin.http import sign_in_pages
from services.kit.web.signin.provider import Provider
from services.kit.web.visit import Visit

SITE_NAMES: Mapping[Site, str] = {
    "intake": "Tiếp nhận và trả kết quả",
    "routing": "Giải quyết hồ sơ",
    "notify": "Thông báo và vận hành",
}
_TITLES = {
    401: "Cần đăng nhập",
    403: "Không có quyền",
    404: "Không tìm thấy",
    405: "Không thực hiện được",
    409: "Chưa thực hiện được",
    413: "Nội dung quá lớn",
    422: "Chưa đúng",
    429: "Quá nhiều lần",
    503: "Tạm thời chưa phục vụ được",
}


class Web:
    """Everything that pages of a service share; lives in `app.state.web`."""

    def __init__(
        self,
        name: Site,
        settings: Settings,
        mongo: Mongo,
        port: int,
        folder: Path | None = None,
        *,
        unit_names: Mapping[str, str] | None = None,
        now: Now | None = None,
    ) -> None:
        """
        Args:
            port: where the process listens: its address, where none is set.
            folder: the service's own templates; in its folder `static` their files.
            unit_names: of counters and agencies by code, for people's eyes.
            now: the machine's clock, for sessions; tests move it.
        """
        self.name, self.settings = name, settings
        self.unit_names = unit_names or {}
        now = now or Clock().now
        self.site = settings.web.sites.get(name) or f"http://127.0.0.1:{port}"
        self.https = urlsplit(self.site).scheme == "https"
        self.headers = page_headers(https=self.https)
        self.assets = Assets(*([folder / "static"] if folder else []))
        self.look = Look(self.assets, *([folder] if folder else []))
        self.sessions = WebSessions(mongo, now, settings.web.idle, settings.web.longest)
        self.kept = KeptForms(mongo, now, settings.web.kept)
        self.sent = FormsSent(mongo, now)
        self.gate = Gate(self)
        self.provider = Provider(settings.oidc, now)
        self.sign_in = sign_in_pages(self, mongo, now)
        self.nav: list[NavEntry] = []
        self.uploads: list[re.Pattern[str]] = []
        self.scan: NavEntry | None = None

    @property
    def cookie(self) -> str:
        """Not shared between services: cookies know no ports, and `__Host-` keeps other hosts from setting them."""
        return f"__Host-motcua_{self.name}" if self.https else f"motcua_{self.name}"

    @property
    def kept_cookie(self) -> str:
        return f"{self.cookie}_giu"

    def routers(self, *pages: Pages) -> list[APIRouter]:
        """The routers of the service's pages, and those that each service has: files, sign-in, home."""
        own = (*pages, self.sign_in, home_pages())
        self.nav = [entry for one in own for entry in one.nav]
        self.uploads = [compile_path(path)[0] for one in own for path in one.uploads]
        self.look.add(*(folder for one in own for folder in one.folders))
        self.scan = next((one.scan for one in own if one.scan is not None), None)
        return [self.assets.router(), *(one.router for one in own)]

    def render(self, template: str, visit: Visit, values: Mapping[str, object]) -> str:
        return self.look.render(template, {"visit": visit, "frame": self._frame(visit), **values})

    def _frame(self, visit: Visit) -> dict[str, object]:
        """What the frame around every page needs."""
        person = visit.person
        nav = [entry for entry in self.nav if entry.right.public is False and entry.right.roles & person.roles]
        here = visit.request.url.path + "/"
        around = [entry for entry in nav if here.startswith(entry.path.rstrip("/") + "/")]
        return {
            "site_name": SITE_NAMES[self.name],
            "nav": nav,
            "current": max(around, key=lambda entry: len(entry.path), default=None),
            "role_names": [ROLE_NAMES[role] for role in Role if role in person.roles],
            "units": sorted(person.units("counter") | person.units("agency")),
            "unit_names": self.unit_names,
            "scan": self.scan.path if self.scan is not None and self.scan.right.roles & person.roles else None,
            "own_fields": {"csrf": forms.CSRF, "key": forms.FORM_KEY, "page": forms.PAGE},
        }

    def neighbours(self) -> Sequence[tuple[str, str]]:
        """Names and home addresses of the other services that are known."""
        known = self.settings.web.sites
        return [(SITE_NAMES[name], url) for name, url in known.items() if name != self.name]

    def takes_too_large(self, scope: Scope, limit: int) -> bool:
        """Whether a request that is too large is a form with files, which comes back with what was typed."""
        if scope["method"] != "POST" or not any(path.match(scope["path"]) for path in self.uploads):
            return False
        scope[too_large.LIMIT] = limit
        return True

    # --- refusals as pages ---------------------------------------------------------------------------------------

    def answers(self, request: Request) -> bool:
        """Whether what went wrong is told as a page: to pages always, else to browsers outside the API."""
        if right_of(request.scope.get("endpoint")) is not None:
            return True
        return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")

    def refusal(self, request: Request, status: int, slug: str, words: str, facts: Mapping[str, object]) -> Response:
        """An error page, or for htmx its sentence alone."""
        visit = getattr(request.state, "visit", None) or Visit(request, self, PUBLIC)
        values = {
            "title": _TITLES.get(status, "Không thực hiện được"),
            "words": words,
            "slug": slug,
            "correlation_id": telemetry.correlation_id(),
            "led_to": facts.get("led_to"),
        }
        headers = dict(self.headers)
        if "retry_after_s" in facts:
            headers["Retry-After"] = str(facts["retry_after_s"])
        if visit.is_part:
            headers |= {"HX-Retarget": "#messages", "HX-Reswap": "innerHTML"}
            return HTMLResponse(self.render("refusal_part.html", visit, values), status, headers)
        return HTMLResponse(self.render("refusal.html", visit, values), status, headers)

    # --- cookies -------------------------------------------------------------------------------------------------

    def set_cookie(self, answer: Response, name: str, value: str, *, max_age: timedelta | None = None) -> None:
        """Only for us, not for scripts, not with what other sites send."""
        seconds = None if max_age is None else int(max_age.total_seconds())
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=self.https, httponly=True, samesite="lax")

    def forget_cookie(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path="/", secure=self.https, httponly=True, samesite="lax")
