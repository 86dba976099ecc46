"""The provider itself: just enough of OpenID Connect for the authorization code with PKCE."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import ECKey

from local.oidc.people import Group, User
from local.oidc.settings import OidcDevSettings
from services.kit.web.assets import Assets
from services.kit.web.headers import page_headers
from services.kit.web.look import Look

CODE_S, TOKEN_S = 60.0, 300
COOKIE = "motcua_oidc"


@dataclass(frozen=True)
class Asked:
    """An answer that waits to be fetched."""

    user: User
    client: str
    back: str
    nonce: str
    challenge: str
    until: float


@dataclass
class DevProvider:
    """Keys and codes, in memory: a restart signs everybody out of it."""

    settings: OidcDevSettings
    groups: tuple[Group, ...]
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True))
    codes: dict[str, Asked] = field(default_factory=dict)

    @property
    def users(self) -> Mapping[str, User]:
        return {user.id: user for group in self.groups for user in group.users}

    def code_for(self, asked: Asked) -> str:
        now = time.monotonic()
        self.codes = {code: one for code, one in self.codes.items() if one.until > now}
        code = secrets.token_urlsafe(24)
        self.codes[code] = asked
        return code

    def id_token(self, asked: Asked) -> str:
        now, user = int(time.time()), asked.user
        claims = {
            "iss": self.settings.issuer, "sub": user.id, "aud": asked.client, "iat": now, "exp": now + TOKEN_S,
            "nonce": asked.nonce, "name": user.name, "roles": list(user.roles), "units": list(user.units),
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)


def create_app(settings: OidcDevSettings, groups: tuple[Group, ...]) -> FastAPI:
    """The provider's application."""
    provider = DevProvider(settings, groups)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    assets = Assets()
    look = Look(assets, settings.templates)
    app.include_router(assets.router())
    _machine_routes(app, provider)

    @app.get("/authorize")
    async def authorize(
        request: Request,
        client_id: str,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        code_challenge_method: str,
        user: str = "",
        prompt: str = "",
    ) -> Response:
        """Choose who to be; chosen before, it goes on at once."""
        if not settings.leads_back(redirect_uri) or code_challenge_method != "S256":
            return JSONResponse({"error": "invalid_request"}, 400)
        known = request.cookies.get(COOKIE, "") if prompt != "login" else ""
        chosen = provider.users.get(user) or provider.users.get(known)
        if chosen is None:
            return _page(look, settings, groups, dict(request.query_params))
        asked = Asked(chosen, client_id, redirect_uri, nonce, code_challenge, time.monotonic() + CODE_S)
        query = urlencode({"code": provider.code_for(asked), "state": state})
        answer = RedirectResponse(f"{redirect_uri}?{query}", 303)
        answer.set_cookie(COOKIE, chosen.id, httponly=True, samesite="lax")
        return answer

    @app.get("/end-session")
    async def end_session(post_logout_redirect_uri: str = "") -> Response:
        back = post_logout_redirect_uri if settings.leads_back(post_logout_redirect_uri) else settings.issuer
        answer = RedirectResponse(back, 303)
        answer.delete_cookie(COOKIE)
        return answer

    return app


def _page(look: Look, settings: OidcDevSettings, groups: tuple[Group, ...], query: dict[str, str]) -> Response:
    def link(user: User) -> str:
        return "/authorize?" + urlencode({**query, "user": user.id})

    page = look.render("choose.html", {"groups": groups, "link": link})
    return HTMLResponse(page, 200, dict(page_headers(https=False)))


def _machine_routes(app: FastAPI, provider: DevProvider) -> None:
    settings = provider.settings

    @app.get("/livez")
    async def livez() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return {
            "issuer": settings.issuer,
            "authorization_endpoint": f"{settings.issuer}/authorize",
            "token_endpoint": f"{settings.issuer}/token",
            "jwks_uri": f"{settings.issuer}/jwks",
            "end_session_endpoint": f"{settings.issuer}/end-session",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "motcua_development": True,
        }

    @app.get("/jwks")
    async def jwks() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.post("/token")
    async def token(
        request: Request,
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
    ) -> Response:
        if settings.secret and not _shows(request, settings.secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = provider.codes.pop(code, None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        if asked is None or asked.until < time.monotonic() or asked.back != redirect_uri or asked.challenge != digest:
            return JSONResponse({"error": "invalid_grant"}, 400)
        body = {
            "access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": TOKEN_S,
            "id_token": provider.id_token(asked),
        }  # fmt: skip
        return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _shows(request: Request, secret: str) -> bool:
    """Whether a client shows its secret, as RFC 6749 2.3.1 wants it."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    return unquote(base64.b64decode(shown).decode().partition(":")[2]) == secret
