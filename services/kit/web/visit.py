"""One request of a person to a page: who it is, what was typed, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from services.kit.auth import Caller
from services.kit.ids import new_id
from services.kit.web import forms
from services.kit.web.addresses import here
from services.kit.web.forms import Form, Typed
from services.kit.web.kept import Kept
from services.kit.web.rights import Right
from services.kit.web.roles import Person
from services.kit.web.sessions import Flash, WebSession

if TYPE_CHECKING:
    from services.kit.web.web import Web

M = TypeVar("M", bound=BaseModel)
NOBODY = Person("", "", frozenset(), frozenset())
KEY_IN_ADDRESS = "k"


@dataclass
class Visit:
    """What a page's handler gets."""

    request: Request
    web: Web
    right: Right
    session: WebSession | None = None
    typed: Typed = field(default_factory=Typed)
    """What was sent with a form."""
    form_key: str = field(default_factory=new_id)
    """The form's own: give it to commands as the id of the request."""
    kept: Kept | None = None
    """What was typed here before and had no effect: the session had ended, or the form had been sent already."""
    showed_kept: bool = False
    """Whether the page has it in a form."""

    @property
    def person(self) -> Person:
        return NOBODY if self.session is None else self.session.person

    @property
    def caller(self) -> Caller:
        """For commands and queries: the same rights as an API key of these scopes."""
        return Caller("", frozenset()) if self.session is None else self.session.caller

    @property
    def csrf(self) -> str:
        return "" if self.session is None else self.session.csrf

    @property
    def here(self) -> str:
        return here(self.request)

    @property
    def is_part(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return "hx-request" in self.request.headers

    @property
    def flashes(self) -> tuple[Flash, ...]:
        return () if self.session is None else self.session.flashes

    def new_key(self) -> str:
        """For one more form on the same page."""
        return new_id()

    def read(self, model: type[M]) -> Form[M]:
        """What was typed, as this model."""
        return forms.read(model, self.typed)

    def blank(self, **initial: str) -> Form[Any]:
        """A form to fill in; what was typed before and had no effect is in it again."""
        if self.kept is not None:
            self.showed_kept = True
            return Form(self.kept.typed.own)
        return Form({name: [value] for name, value in initial.items()})

    def page(self, template: str, status: int = 200, **values: object) -> HTMLResponse:
        """A page, or a part of one."""
        return HTMLResponse(self.web.render(template, self, values), status, dict(self.web.headers))

    async def go(self, to: str, say: str = "", kind: str = "done") -> Response:
        """After a form: on to an address of ours (POST, then GET), with a sentence for people who are signed in."""
        if say and self.session is not None:
            await self.web.sessions.say(self.session, Flash(kind, say))
        if self.is_part:
            return Response(status_code=204, headers={"HX-Redirect": to, "Cache-Control": "no-store"})
        return RedirectResponse(to, 303, {"Cache-Control": "no-store"})


def _visit(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


VisitDep = Annotated[Visit, Depends(_visit)]
"""A page's handler takes it; it is there because the page was declared with a right (`Pages`)."""
