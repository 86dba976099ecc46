"""The provider: discovery, codes for tokens, and what a token must be to be believed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from contracts.problems import Denied
from services.kit import logs
from services.kit.clock import Now
from services.kit.errors import Unavailable
from services.kit.web.settings import OidcSettings

log = logs.get("kit.signin")
FRESH_S = 3600.0
"""How long the provider's own description and keys are believed; a key that is not known is asked for at once."""
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
"""Public keys only: with `HS256` our own secret would sign."""
LEEWAY_S = 60
DEVELOPMENT = "motcua_development"
"""By this word in its discovery document a provider says that everybody may be anybody there."""
_WORDS = "Đăng nhập không thành. Hãy thử lại."


@dataclass(frozen=True)
class Asked:
    """What one sign-in was begun with."""

    state: str
    nonce: str
    verifier: str


@dataclass
class Provider:
    """One OpenID provider, as one service knows it."""

    settings: OidcSettings
    now: Now
    _metadata: Mapping[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _read_at: float = 0.0

    @property
    def is_set(self) -> bool:
        return bool(self.settings.issuer)

    async def sign_in_url(self, asked: Asked, back: str) -> str:
        """Where the browser goes to sign in. Raises: Unavailable, Denied."""
        metadata = await self._known()
        url = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self.settings.client_id,
            "code",
            redirect_uri=back,
            scope=self.settings.scope,
            state=asked.state,
            nonce=asked.nonce,
            code_challenge=create_s256_code_challenge(asked.verifier),
            code_challenge_method="S256",
        )
        return str(url)

    async def claims(self, asked: Asked, code: str, back: str) -> Mapping[str, Any]:
        """What the provider says about who signed in.

        Raises: Unavailable. Denied `sign-in-failed`: the code or the token is not good.
        """
        metadata = await self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": asked.verifier,
            "client_id": self.settings.client_id,
        }
        secret = self.settings.client_secret.get_secret_value()
        # RFC 6749 2.3.1: both are form-encoded before they become a header.
        auth = (quote(self.settings.client_id, safe=""), quote(secret, safe="")) if secret else None
        try:
            async with httpx.AsyncClient(timeout=self.settings.timeout_s, auth=auth) as http:
                answer = await http.post(metadata["token_endpoint"], data=form)
                token = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away(error) from error
        if answer.status_code >= 500:
            raise _away(httpx.HTTPError(str(answer.status_code)))
        if answer.status_code != 200 or not isinstance(token, dict):
            log.warning("signin.code_refused", status=answer.status_code)
            raise Denied("sign-in-failed", _WORDS)
        return await self._believed(str(token.get("id_token", "")), asked.nonce)

    async def sign_out_url(self, back: str) -> str | None:
        """Where the provider's own session ends; None where it has no such place, or is away."""
        try:
            endpoint = (await self._known()).get("end_session_endpoint")
        except (Unavailable, Denied):
            return None
        asked = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": back})
        return f"{endpoint}?{asked}" if endpoint else None

    async def _believed(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        try:
            try:
                token = jwt.decode(id_token, await self._known_keys(), algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                # Providers change their keys now and then.
                token = jwt.decode(id_token, await self._known_keys(anew=True), algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=int(self.now().timestamp()),
                leeway=LEEWAY_S,
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.client_id},
                exp={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(token.claims)
        except (JoseError, ValueError) as error:
            log.warning("signin.token_refused", error=type(error).__name__)
            raise Denied("sign-in-failed", _WORDS) from error
        audience, party = token.claims["aud"], token.claims.get("azp")
        if isinstance(audience, list) and len(audience) > 1 and party != self.settings.client_id:
            raise Denied("sign-in-failed", _WORDS)
        return token.claims

    async def _known(self) -> Mapping[str, Any]:
        if not self._metadata or time.monotonic() > self._read_at + FRESH_S:
            found = await self._get(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.settings.issuer:
                raise Denied("sign-in-failed", "Máy chủ đăng nhập không phải máy chủ đã khai. Hãy báo người vận hành.")
            if found.get(DEVELOPMENT) and not self.settings.development:
                raise Denied("sign-in-development", "Máy chủ đăng nhập thử không được dùng ở đây.")
            self._metadata, self._keys, self._read_at = found, None, time.monotonic()
        return self._metadata

    async def _known_keys(self, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            self._keys = KeySet.import_key_set(await self._get((await self._known())["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    async def _get(self, url: str) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=self.settings.timeout_s) as http:
                answer = await http.get(url)
                answer.raise_for_status()
                found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away(error) from error
        return found if isinstance(found, dict) else {}


def _away(error: Exception) -> Unavailable:
    log.warning("signin.provider_away", error=type(error).__name__)
    return Unavailable("the provider of sign-in does not answer")
