"""Zalo ZBS template messages to a phone number (Zalo ZBS: send a template message)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.types import NoticeKind
from services.kit import metrics
from services.notify.channels.base import Letter
from services.notify.channels.transport import Failed, Transport
from services.notify.channels.zalo_errors import verdict_of
from services.notify.channels.zalo_tokens import ConsentNeeded, ZaloTokens
from services.notify.domain.results import Result, Verdict


@dataclass(frozen=True)
class Zalo:
    """The Zalo channel. A repeated `tracking_id` is a second, billed message there: never repeat on a doubt."""

    transport: Transport
    base_url: str
    tokens: ZaloTokens
    template_ids: Mapping[NoticeKind, str]

    async def send(self, letter: Letter) -> Result:
        """Hand a message over; a token that is not accepted is refreshed once and the call made once more."""
        try:
            token = await self._token(refused=None)
            result = await self._call(letter, token)
            if result.verdict is Verdict.TOKEN:
                result = await self._call(letter, await self._token(refused=token))
        except Failed as error:
            return error.result
        return result

    async def _token(self, refused: str | None) -> str:
        """Raises: Failed: whatever went wrong about the token, the message itself was not taken."""
        try:
            return await (self.tokens.current() if refused is None else self.tokens.renewed(refused=refused))
        except ConsentNeeded:
            raise Failed(Result(Verdict.CONFIGURATION, "consent-needed")) from None
        except Failed as error:
            raise Failed(Result(Verdict.TRANSIENT, f"token-{error.result.gateway_code}")) from None

    async def _call(self, letter: Letter, token: str) -> Result:
        """Raises: Failed."""
        started = time.perf_counter()
        try:
            answer = await self.transport.json(
                "POST",
                f"{self.base_url.rstrip('/')}/message/template",
                headers={"access_token": token},
                json={
                    "phone": letter.contact.phone,
                    "template_id": self.template_ids[letter.kind],
                    "template_data": letter.fields,
                    "tracking_id": letter.attempt_id,
                },
            )
        finally:
            metrics.observe("gateway_seconds", time.perf_counter() - started, channel="zalo")
        return read_answer(answer)


def read_answer(answer: Mapping[str, Any]) -> Result:
    """HTTP 200 says nothing: `error` does. Numbers may come as strings."""
    try:
        code = int(answer["error"])
    except (KeyError, TypeError, ValueError):
        return Result(Verdict.NO_ANSWER, "no-code")
    verdict = verdict_of(code)
    data = answer.get("data")
    provider_id = str(data.get("msg_id") or "") if verdict is Verdict.TAKEN and isinstance(data, dict) else ""
    return Result(verdict, str(code), provider_id)
