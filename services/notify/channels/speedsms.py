"""SpeedSMS.vn, SMS under a brandname (SpeedSMS: POST /sms/send, GET /sms/status).

It takes no id of ours: what got no answer can neither be repeated nor be asked for. It waits for its report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from contracts.types import NoticeChannel
from services.notify.channels.base import Letter, Question
from services.notify.channels.http_gateway import HttpGateway, timed
from services.notify.channels.speedsms_errors import verdict_of
from services.notify.channels.transport import Failed
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import Trait

TRAIT = Trait("speedsms", NoticeChannel.SMS, asked_by_message=True)
PASSWORD = "x"  # noqa: S105 - the same for every customer: the token is the user
FIRST_FINAL_FAILURE = 64
PHONE_DIGITS = 9
"""Of a mobile number, without `84` or `0`."""


@dataclass(frozen=True)
class SpeedsmsAccount:
    """Where and as whom we send."""

    base_url: str
    token: SecretStr
    sender: str
    """The brandname."""
    sms_type: int
    """3: brandname; 2: a random number; 4: the brandname all customers share."""


@dataclass(frozen=True)
class Speedsms(HttpGateway):
    """The gateway."""

    account: SpeedsmsAccount
    trait: Trait = TRAIT

    async def send(self, letter: Letter) -> Result:
        """Hand a text over, to one phone a call: the reply then speaks of nobody else."""
        body = {
            "to": [letter.contact.phone],
            "content": letter.wording.text,
            "sms_type": self.account.sms_type,
            "sender": self.account.sender,
        }
        try:
            with timed(self.trait):
                answer = await self.transport.json("POST", f"{self._url}/sms/send", auth=self._auth, json=body)
        except Failed as error:
            return error.result
        return read_answer(answer, letter.contact.phone)

    async def ask(self, question: Question) -> Answer:
        """What became of a text that was taken."""
        try:
            answer = await self.transport.json("GET", f"{self._url}/sms/status/{question.provider_id}", auth=self._auth)
        except Failed as error:
            return Answer(Fate.NO_ANSWER, error.result.gateway_code)
        return read_status(answer)

    @property
    def _url(self) -> str:
        return f"{self.account.base_url.rstrip('/')}/index.php"

    @property
    def _auth(self) -> tuple[str, str]:
        return self.account.token.get_secret_value(), PASSWORD


def read_answer(answer: Mapping[str, Any], phone: str) -> Result:
    """A success may still list our only phone as invalid: then nobody got the text."""
    status, code = str(answer.get("status", "")).casefold(), str(answer.get("code", ""))
    if status == "error":
        return Result(verdict_of(code, str(answer.get("message", ""))), code or "no-code")
    if status != "success":
        return Result(Verdict.NO_ANSWER, code or "no-status")
    data = answer.get("data")
    fields: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if phone[-PHONE_DIGITS:] in _invalid(fields):
        return Result(Verdict.RECIPIENT, "invalid-phone")
    return Result(Verdict.TAKEN, code, str(fields.get("tranId") or ""), cost_vnd=_dong(fields.get("totalPrice")))


def read_status(answer: Mapping[str, Any]) -> Answer:
    """The same numbers as in the webhook, of one phone; how they are wrapped is published nowhere."""
    if str(answer.get("status", "")).casefold() == "error":
        return Answer(Fate.NO_ANSWER, str(answer.get("code", "")))
    data = answer.get("data")
    entries = data if isinstance(data, list) else [data]
    for entry in entries:
        status = whole(entry.get("status")) if isinstance(entry, dict) else None
        if status is not None:
            return Answer(fate_of(status), str(status))
    return Answer(Fate.NO_ANSWER, "no-status")


def fate_of(status: int) -> Fate:
    """0 delivered, under 64 a failure that may pass, from 64 on a failure for good."""
    if status == 0:
        return Fate.DELIVERED
    return Fate.NOT_DELIVERED if status >= FIRST_FINAL_FAILURE else Fate.ON_ITS_WAY


def whole(value: object) -> int | None:
    """A whole number, said as one or as a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def _invalid(fields: Mapping[str, Any]) -> set[str]:
    listed = fields.get("invalidPhone")
    return set(_digits(listed)) if isinstance(listed, list) else set()


def _digits(listed: list[Any]) -> Iterator[str]:
    for one in listed:
        yield "".join(letter for letter in str(one) if letter.isdecimal())[-PHONE_DIGITS:]


def _dong(value: object) -> int | None:
    price = whole(value)
    return price if price is not None and price >= 0 else None
