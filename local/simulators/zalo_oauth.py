"""Zalo OAuth v4: the token endpoint, with its habit of answering HTTP 200 to everything."""

from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import Response

from local.simulators.faults import FaultBoard
from local.simulators.replies import bad_gateway, json_reply
from local.simulators.settings import SimulatorSettings
from local.simulators.zalo_tokens import TokenBook, TokenPair

VERIFIER_LENGTH = 43  # Zalo OAuth v4: the code_verifier of the fixed PKCE pair

INVALID_REFRESH_TOKEN = -14014
INVALID_APP_ID = -14002
SECRET_KEY_INVALID = -104  # the vendor's text for this code; what its OAuth host sends here is not published


class ZaloOAuth:
    """The endpoint `/v4/oa/access_token`."""

    def __init__(self, settings: SimulatorSettings, tokens: TokenBook, board: FaultBoard) -> None:
        self._settings = settings
        self._tokens = tokens
        self._board = board

    def router(self) -> APIRouter:
        """Return the route of the endpoint."""
        router = APIRouter()
        router.add_api_route("/v4/oa/access_token", self.access_token, methods=["POST"], response_class=Response)
        return router

    async def access_token(self, request: Request) -> Response:
        """Exchange a code or a refresh token for a new pair."""
        if self._board.bad_gateway("zalo"):
            return bad_gateway()
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        if form.get("app_id") != self._settings.zalo_app_id:
            return self._refuse(INVALID_APP_ID, "Invalid appId.", "Application is not active or does not exist.")
        if request.headers.get("secret_key") != self._settings.zalo_app_secret:
            return self._refuse(SECRET_KEY_INVALID, "App secret key invalid.", "The header secret_key does not match.")
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form.get("code", ""), form.get("code_verifier", ""))
            case "refresh_token":
                return self._by_refresh_token(form.get("refresh_token", ""))
            case _:
                return self._refuse(self._settings.zalo_bad_code_error, "Invalid grant type.", "Unknown grant_type.")

    def _by_code(self, code: str, verifier: str) -> Response:
        fixed = self._settings.zalo_auth_code
        spent = self._settings.zalo_auth_code_single_use and self._tokens.code_was_used(fixed)
        good = (code == fixed and not spent) or self._tokens.code_is_good(code)
        if not good or len(verifier) != VERIFIER_LENGTH:
            return self._refuse(self._settings.zalo_bad_code_error, "Invalid authorization code.", "Code or verifier.")
        return self._granted(self._tokens.issue(code=code))

    def _by_refresh_token(self, refresh_token: str) -> Response:
        """Rotate; a token that already bought a pair gets an empty HTTP 200 body, as was seen in production."""
        if self._tokens.refresh_was_consumed(refresh_token):
            return Response(b"", media_type="application/json")
        if not self._tokens.refresh_is_good(refresh_token):
            return self._refuse(INVALID_REFRESH_TOKEN, "Invalid refresh token.", "Refresh token is unknown or expired.")
        return self._granted(self._tokens.issue(consumed=refresh_token))

    def _granted(self, pair: TokenPair) -> Response:
        return json_reply(
            {
                "access_token": pair.access_token,
                "refresh_token": pair.refresh_token,
                "expires_in": str(self._settings.zalo_access_token_seconds),
            }
        )

    def _refuse(self, code: int, name: str, description: str) -> Response:
        as_string = self._board.faults.oauth_error_as_string
        body: dict[str, Any] = {
            "error": str(code) if as_string else code,
            "error_name": name,
            "message": "",
            "error_reason": name,
            "ref_doc": "https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen",
            "error_description": description,
        }
        return json_reply(body)
