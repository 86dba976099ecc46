"""The router of pages: each is declared with its right, and nothing of it runs for anybody else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from services.kit.web.rights import Right, declare, right_of

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True)
class NavEntry:
    """A link for everybody who may open it."""

    words: str
    path: str
    right: Right
    hint: str = ""


class PageRoute(APIRoute):
    """Lets nobody in before the right was looked at."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        right = right_of(self.endpoint)
        if right is None:
            raise TypeError(f"the page {self.path} has no right; declare it with Pages.get or Pages.post")

        async def guarded(request: Request) -> Response:
            answer: Response = await request.app.state.web.gate.serve(request, right, handler)
            return answer

        return guarded


class Pages:
    """Pages of one subject, below one beginning of their addresses."""

    def __init__(self, prefix: str = "", *folders: Path) -> None:
        """
        Args:
            folders: templates of these pages, beside those of the service.
        """
        self.prefix, self.folders = prefix, folders
        self.nav: list[NavEntry] = []
        self.uploads: list[str] = []
        self.scan: NavEntry | None = None
        """The page that opens a dossier by the code typed (`?ma=`), or read by a scanner, in the head of every page."""
        self.router = APIRouter(
            prefix=prefix, route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse
        )

    def get(
        self, path: str, right: Right, *, form: bool = False, nav: str = "", hint: str = "", scan: bool = False
    ) -> Callable[[Endpoint], Endpoint]:
        """A page that is looked at.

        Args:
            form: it shows a form that makes something new: its address then carries the form's key (`?k=`).
            nav: words of a link to it in the head of every page and on the home page, for everybody who may open it.
            hint: a sentence beside that link on the home page.
            scan: it opens the dossier whose code `?ma=` is; whoever may has a field for it in the head of every page.
        """
        if scan:
            self.scan = NavEntry("", self.prefix + path, right)
        if nav:
            self.nav.append(NavEntry(nav, self.prefix + path, right, hint))
        return self._add(path, replace(right, form=form), "GET")

    def post(self, path: str, right: Right, *, uploads: bool = False) -> Callable[[Endpoint], Endpoint]:
        """What a form does: its effect comes once, then `visit.go` leads on to a page; or the page again, with what is
        wrong (status 422).

        Args:
            uploads: it has files. Of a body that is too large the handler gets what was typed, no file, and
                `typed.over`, which it says beside the field (`Form.too_large`).
        """
        if uploads:
            self.uploads.append(self.prefix + path)
        return self._add(path, right, "POST")

    def _add(self, path: str, right: Right, method: str) -> Callable[[Endpoint], Endpoint]:
        def add(endpoint: Endpoint) -> Endpoint:
            declare(endpoint, right)
            # Handlers answer with a Response; the annotation is no model to check it by.
            self.router.add_api_route(path, endpoint, methods=[method], response_model=None)
            return endpoint

        return add


MACHINERY = ("/v1/", "/livez", "/readyz", "/metrics", "/openapi.json", "/static/")


def page_rights(app: FastAPI) -> list[tuple[APIRoute, Right | None]]:
    """Every route of an application that is neither API nor machinery, with its right; None: it has none, a mistake."""
    own = [route for route in _routes(app.routes) if not route.path.startswith(MACHINERY)]
    return [(route, right_of(route.endpoint)) for route in own]


def _routes(routes: Sequence[Any]) -> Iterator[APIRoute]:
    """Also those inside included routers."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from _routes(getattr(getattr(route, "original_router", route), "routes", None) or ())
