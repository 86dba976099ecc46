"""Zalo ZBS template messages to a phone number (Zalo ZBS: send a template message)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.types import NoticeChannel
from services.notify.channels.base import Letter, Question
from services.notify.channels.http_gateway import HttpGateway, timed
from services.notify.channels.transport import Failed
from services.notify.channels.zalo_errors import verdict_of
from services.notify.channels.zalo_tokens import ConsentNeeded, ZaloTokens
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import Trait

TRAIT = Trait("zalo", NoticeChannel.ZALO, asked_by_message=True)
"""A repeated `tracking_id` is a second, billed message, and nothing is found by it: never repeat on a doubt."""
_FATES: Mapping[str, Fate] = {"1": Fate.DELIVERED, "0": Fate.ON_ITS_WAY, "-1": Fate.NOT_THERE}
"""`status` of `GET /message/status`, a number or a string."""


@dataclass(frozen=True)
class Zalo(HttpGateway):
    """The Zalo channel."""

    base_url: str
    tokens: ZaloTokens
    trait: Trait = TRAIT

    async def send(self, letter: Letter) -> Result:
        """Hand a message over; a token that is not accepted is refreshed once and the call made once more."""
        body = {
            "phone": letter.contact.phone,
            "template_id": letter.wording.zalo_template_id,
            "template_data": dict(letter.wording.fields),
            "tracking_id": letter.attempt_id,
        }
        try:
            with timed(self.trait):
                return read_answer(await self._authorized("POST", "/message/template", json=body))
        except Failed as error:
            return error.result

    async def ask(self, question: Question) -> Answer:
        """What became of a message that Zalo gave an id."""
        try:
            answer = await self._authorized("GET", "/message/status", params={"message_id": question.provider_id})
        except Failed as error:
            return Answer(Fate.NO_ANSWER, error.result.gateway_code)
        data, code = answer.get("data"), str(answer.get("error", ""))
        if code != "0" or not isinstance(data, dict):
            return Answer(Fate.NO_ANSWER, code)
        return Answer(_FATES.get(str(data.get("status")), Fate.NO_ANSWER), code)

    async def quota(self) -> int | None:
        """Messages that may still be sent today; None: unlimited, or it was not to be had."""
        try:
            answer = await self._authorized("GET", "/message/quota")
            return int(answer["data"]["remainingQuota"])
        except (Failed, KeyError, TypeError, ValueError):
            return None

    async def _authorized(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        """Call with a token, and once more with a new one where it is not accepted.

        Raises: Failed.
        """
        token = await self._token(refused=None)
        answer = await self._call(method, path, token, **options)
        if _verdict(answer) is Verdict.TOKEN:
            answer = await self._call(method, path, await self._token(refused=token), **options)
        return answer

    async def _token(self, refused: str | None) -> str:
        """Raises: Failed: whatever went wrong about the token, the message itself was not taken."""
        try:
            return await (self.tokens.current() if refused is None else self.tokens.renewed(refused=refused))
        except ConsentNeeded:
            raise Failed(Result(Verdict.CONFIGURATION, "consent-needed")) from None
        except Failed as error:
            raise Failed(Result(Verdict.TRANSIENT, f"token-{error.result.gateway_code}")) from None

    async def _call(self, method: str, path: str, token: str, **options: Any) -> Mapping[str, Any]:
        """Raises: Failed."""
        url = f"{self.base_url.rstrip('/')}{path}"
        return await self.transport.json(method, url, headers={"access_token": token}, **options)


def read_answer(answer: Mapping[str, Any]) -> Result:
    """HTTP 200 says nothing: `error` does. Numbers may come as strings."""
    verdict = _verdict(answer)
    if verdict is None:
        return Result(Verdict.NO_ANSWER, "no-code")
    data = answer.get("data")
    if verdict is not Verdict.TAKEN or not isinstance(data, dict):
        return Result(verdict, str(answer["error"]))
    return Result(verdict, str(answer["error"]), str(data.get("msg_id") or ""), quota_left=_quota_left(data))


def _verdict(answer: Mapping[str, Any]) -> Verdict | None:
    try:
        return verdict_of(int(answer["error"]))
    except (KeyError, TypeError, ValueError):
        return None


def _quota_left(data: Mapping[str, Any]) -> int | None:
    try:
        return int(data["quota"]["remainingQuota"])
    except (KeyError, TypeError, ValueError):
        return None
