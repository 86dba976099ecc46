"""Pages of signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse

from contracts.problems import Conflict, Denied
from services.kit import logs
from services.kit.clock import Now
from services.kit.mongo import Mongo
from services.kit.web.addresses import HOME, SIGN_IN, SIGN_OUT, SIGNED_IN, SIGNED_OUT, safe_path
from services.kit.web.pages import Pages
from services.kit.web.rights import ANY_STAFF, PUBLIC
from services.kit.web.signin.begun import LONGEST, SignIns
from services.kit.web.signin.claims import person_of
from services.kit.web.visit import VisitDep

if TYPE_CHECKING:
    from services.kit.web.web import Web

log = logs.get("kit.signin")
_NO_STORE = {"Cache-Control": "no-store"}


def sign_in_pages(web: Web, mongo: Mongo, now: Now) -> Pages:
    """Sign in, come back, sign out."""
    pages = Pages()
    sign_ins = SignIns(mongo, now)
    back = f"{web.site}{SIGNED_IN}"
    browser_cookie = f"{web.cookie}_vao"

    @pages.get(SIGN_IN, PUBLIC)
    async def sign_in(visit: VisitDep, next: str = HOME, lai: str = "") -> Response:
        """On to the provider; after a form (`lai`) by a page between, with a word about what was typed."""
        if not web.provider.is_set:
            raise Conflict("sign-in-not-set", "Hệ thống chưa được khai máy chủ đăng nhập. Hãy báo người vận hành.")
        next = safe_path(next)
        if lai:
            kept = web.kept_cookie in visit.request.cookies
            return visit.page("sign_in_again.html", kept=kept, on=f"{SIGN_IN}?{urlencode({'next': next})}")
        begun = await sign_ins.begin(next)
        answer = RedirectResponse(await web.provider.sign_in_url(begun.asked, back), 303, _NO_STORE)
        web.set_cookie(answer, browser_cookie, begun.browser, max_age=LONGEST)
        return answer

    @pages.get(SIGNED_IN, PUBLIC)
    async def come_back(visit: VisitDep, state: str = "", code: str = "", error: str = "") -> Response:
        """The provider's answer."""
        begun = await sign_ins.take(state, visit.request.cookies.get(browser_cookie, ""))
        if begun is None:
            raise Denied("sign-in-stale", "Lượt đăng nhập này đã quá lâu hoặc đã dùng. Hãy đăng nhập lại.")
        if error or not code:
            log.warning("signin.refused", error=error[:60])
            raise Denied("sign-in-failed", "Máy chủ đăng nhập đã từ chối. Hãy thử lại.")
        person = person_of(await web.provider.claims(begun.asked, code, back), web.settings.oidc)
        if visit.session is not None:
            await web.sessions.end(visit.session)
        token = await web.sessions.start(person)
        log.info("signin.done", key_id=person.subject, roles=sorted(person.roles))
        answer = RedirectResponse(begun.next, 303, _NO_STORE)
        web.set_cookie(answer, web.cookie, token)
        web.forget_cookie(answer, browser_cookie)
        return answer

    @pages.post(SIGN_OUT, ANY_STAFF)
    async def sign_out(visit: VisitDep) -> Response:
        assert visit.session is not None
        await web.sessions.end(visit.session)
        answer = RedirectResponse(f"{SIGNED_OUT}?roi=1", 303, _NO_STORE)
        web.forget_cookie(answer, web.cookie)
        web.forget_cookie(answer, web.kept_cookie)
        return answer

    @pages.get(SIGNED_OUT, PUBLIC)
    async def signed_out(visit: VisitDep, roi: str = "") -> Response:
        """The provider's session ends too: else the next person at this machine would be the same again."""
        on = await web.provider.sign_out_url(f"{web.site}{SIGNED_OUT}") if roi and web.provider.is_set else None
        return visit.page("signed_out.html", on=on, sign_in=SIGN_IN, neighbours=web.neighbours(), home=HOME)

    return pages
