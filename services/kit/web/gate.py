"""The gate before every page: session, role, origin, the session's word, and one effect a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import structlog
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from contracts.problems import Conflict, Denied, Invalid
from services.kit.ids import new_id
from services.kit.web.addresses import SIGN_IN, here, is_own_form, safe_path
from services.kit.web.forms import CSRF, FORM_KEY, MOST_TYPED, PAGE, Typed, sound
from services.kit.web.once import FORM_KEY_PATTERN, form_id
from services.kit.web.rights import Right
from services.kit.web.sessions import WebSession, same_word
from services.kit.web.too_large import LIMIT, fields_alone
from services.kit.web.visit import KEY_IN_ADDRESS, NOBODY, Visit

if TYPE_CHECKING:
    from services.kit.web.web import Web

Handler = Callable[[Request], Awaitable[Response]]
BY_ITSELF = "x-by-itself"
"""Header of what a page asks for on its own, every few seconds: nobody is there because of it."""
_LOOKING = frozenset({"GET", "HEAD"})
_STREAM = "text/event-stream"


class Gate:
    """Serves the pages of one service."""

    def __init__(self, web: Web) -> None:
        self.web = web

    async def serve(self, request: Request, right: Right, handler: Handler) -> Response:
        """Raises: Denied `role-missing`, `form-foreign`; Missing `unit-unknown`; what the handler raises."""
        if request.method in _LOOKING:
            return await self._look(request, right, handler)
        typed = await self._typed(request)
        try:
            return await self._act(request, right, handler, typed)
        finally:
            await request.close()

    async def _typed(self, request: Request) -> Typed:
        """Raises: Invalid `form-malformed`."""
        limit = request.scope.get(LIMIT)
        if limit is not None:
            fields, over = await fields_alone(request, limit)
            return Typed(sound(fields), over=over)
        try:
            # How much may come at all is decided before (`services/kit/body_limit.py`).
            return Typed.of(await request.form(max_part_size=MOST_TYPED))
        except (UnicodeError, HTTPException):
            words = "Không đọc được biểu mẫu vừa gửi. Hãy mở lại trang rồi gửi lại."
            raise Invalid("form-malformed", words) from None

    async def _look(self, request: Request, right: Right, handler: Handler) -> Response:
        token = request.cookies.get(self.web.cookie, "")
        part, by_itself = "hx-request" in request.headers, BY_ITSELF in request.headers
        stream = request.headers.get("accept") == _STREAM  # a browser's EventSource; it sends no headers of ours
        key = request.query_params.get(KEY_IN_ADDRESS, "")
        needs_key = right.form and not FORM_KEY_PATTERN.fullmatch(key)
        # A sentence waits for a page that shows it: neither a part, a stream nor the way to an address with a key does.
        shows = not (part or stream or needs_key)
        found = await self.web.sessions.find(token, pop_flashes=shows, touch=not (by_itself or stream))
        if found.session is None and stream:
            return Response(status_code=204)  # nobody sees a page that a stream is led to
        if found.session is None and not right.public:
            return self._to_sign_in(request, again=found.ended is not None)
        visit = Visit(request, self.web, right, found.session)
        right.admit(visit.person, request.path_params)
        self._known(visit)
        if needs_key:
            # Without scheme and host: behind TLS neither is known here.
            return RedirectResponse(_with_key(here(request), new_id()), 303)
        if right.form:
            visit.form_key = key
        return await self._with_kept(visit, handler)

    async def _with_kept(self, visit: Visit, handler: Handler) -> Response:
        """Show again, once, what was typed into a form that had no effect, to whom it belongs."""
        token = visit.request.cookies.get(self.web.kept_cookie)
        if not token or visit.session is None:
            return await self._handled(visit, handler)
        kept = await self.web.kept.look(token, visit.session.person.subject)
        if kept is not None and kept.page != visit.here:
            return await self._handled(visit, handler)
        visit.kept = kept
        if kept is not None and FORM_KEY_PATTERN.fullmatch(kept.typed.first(FORM_KEY)):
            visit.form_key = kept.typed.first(FORM_KEY)
        answer = await self._handled(visit, handler)
        if answer.status_code < 400 and (kept is None or visit.showed_kept):
            await self.web.kept.drop(token)
            self.web.forget_cookie(answer, self.web.kept_cookie)
        return answer

    async def _act(self, request: Request, right: Right, handler: Handler, typed: Typed) -> Response:
        own = is_own_form(request, self.web.site)
        if own is False:
            raise Denied("form-foreign", "Biểu mẫu này không được gửi từ trang của hệ thống nên không được nhận.")
        found = await self.web.sessions.find(request.cookies.get(self.web.cookie, ""))
        word = typed.first(CSRF) or request.headers.get("x-csrf-token", "")
        if found.session is None and not right.public:
            if found.ended is not None and same_word(word, found.ended.csrf):
                return await self._keep(request, found.ended, typed)
            return self._to_sign_in(request, again=found.ended is not None)
        visit = Visit(request, self.web, right, found.session, typed)
        right.admit(visit.person, request.path_params)
        self._known(visit)
        if found.session is not None and not right.public and not same_word(word, found.session.csrf):
            if own is None or request.headers.get("hx-request"):
                raise Denied("form-foreign", "Trang đã cũ hoặc không phải của hệ thống. Hãy mở lại trang rồi gửi lại.")
            # A page of ours from before its person signed in anew: shown again, filled in, with the new word.
            return await self._keep(request, found.session, typed, to_page=True)
        return await self._once(visit, handler)

    async def _once(self, visit: Visit, handler: Handler) -> Response:
        key = visit.typed.first(FORM_KEY)
        if not FORM_KEY_PATTERN.fullmatch(key):
            return await self._handled(visit, handler)
        visit.form_key = key
        id = form_id(visit.person.subject, visit.request.url.path, key)
        try:
            led_to = await self.web.sent.begin(id, visit.typed.fingerprint())
        except Conflict as conflict:
            again = await self._anew(visit, str(conflict.facts.get("led_to", "")))
            if again is None:
                raise
            return again
        if led_to is not None:
            return await visit.go(led_to)
        try:
            answer = await self._handled(visit, handler)
        except BaseException:
            await self.web.sent.undo(id)
            raise
        to = answer.headers.get("location") or answer.headers.get("hx-redirect")
        if to is not None and answer.status_code < 400:
            await self.web.sent.done(id, to)
        else:
            await self.web.sent.undo(id)
        return answer

    async def _anew(self, visit: Visit, led_to: str) -> Response | None:
        """After Back, a form that was sent already was filled in for the next one: what was typed goes into a new form.

        Returns: None where the page is not one for that form alone.
        """
        page = self._page_of(visit.request, visit.typed)
        if visit.session is None or not led_to or KEY_IN_ADDRESS not in dict(parse_qsl(urlsplit(page).query)):
            return None
        fields = {name: values for name, values in visit.typed.fields.items() if name != FORM_KEY}
        typed, page = Typed(fields, visit.typed.files, visit.typed.over), _with_key(page, new_id())
        token = await self.web.kept.keep(visit.person.subject, page, typed, led_to)
        return self._with_token(self._leave(visit.request, page), token)

    async def _handled(self, visit: Visit, handler: Handler) -> Response:
        visit.request.state.visit = visit
        return await handler(visit.request)

    async def _keep(self, request: Request, session: WebSession, typed: Typed, *, to_page: bool = False) -> Response:
        page = self._page_of(request, typed)
        token = await self.web.kept.keep(session.person.subject, page, typed)
        answer = self._leave(request, page) if to_page else self._to_sign_in(request, again=True, page=page)
        return self._with_token(answer, token)

    def _with_token(self, answer: Response, token: str) -> Response:
        self.web.set_cookie(answer, self.web.kept_cookie, token, max_age=self.web.settings.web.kept)
        return answer

    def _to_sign_in(self, request: Request, *, again: bool, page: str | None = None) -> Response:
        """Never straight to the provider after a form: `form-action 'self'` would stop the browser there."""
        stop = again or request.method not in _LOOKING
        asked = {"next": page or self._page_of(request, Typed()), **({"lai": "1"} if stop else {})}
        return self._leave(request, f"{SIGN_IN}?{urlencode(asked)}")

    def _leave(self, request: Request, to: str) -> Response:
        headers = {"Cache-Control": "no-store"}
        if "hx-request" in request.headers:
            return Response(status_code=204, headers={**headers, "HX-Redirect": to})
        return RedirectResponse(to, 303, headers)

    def _page_of(self, request: Request, typed: Typed) -> str:
        """The page that showed the form; of a request by htmx the page it stands in."""
        if "hx-request" in request.headers:
            current = request.headers.get("hx-current-url", "").removeprefix(self.web.site)
            return safe_path(typed.first(PAGE) or current)
        return safe_path(typed.first(PAGE) or here(request) if request.method != "GET" else here(request))

    def _known(self, visit: Visit) -> None:
        if visit.person is not NOBODY:
            structlog.contextvars.bind_contextvars(key_id=visit.person.subject)


def _with_key(address: str, key: str) -> str:
    """An address within the site, with this form key."""
    parts = urlsplit(address)
    asked = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != KEY_IN_ADDRESS]
    return f"{parts.path}?{urlencode([*asked, (KEY_IN_ADDRESS, key)])}"
