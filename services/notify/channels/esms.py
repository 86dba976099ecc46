"""eSMS.vn, customer-care SMS under a brandname (eSMS: SendMultipleMessage_V4_post_json)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from contracts.types import NoticeChannel
from services.notify.channels.base import Letter, Question
from services.notify.channels.esms_errors import verdict_of
from services.notify.channels.http_gateway import HttpGateway, perhaps_taken, timed
from services.notify.channels.transport import Failed
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import Trait

CUSTOMER_CARE = "2"
TRAIT = Trait("esms", NoticeChannel.SMS, repeat_holds=timedelta(hours=23), asked_by_message=True)
"""It blocks a repeated RequestId for 24 hours; after that a repeat would be a second message. It is asked by SMSID."""
TAKEN, FINISHED = "100", "5"


@dataclass(frozen=True)
class EsmsAccount:
    """Where and as whom we send."""

    base_url: str
    api_key: SecretStr
    secret_key: SecretStr
    brandname: str
    callback_url: SecretStr
    """With its secret; empty: no receipts."""


@dataclass(frozen=True)
class Esms(HttpGateway):
    """The gateway."""

    account: EsmsAccount
    trait: Trait = TRAIT

    async def send(self, letter: Letter) -> Result:
        """Hand a text over. The same attempt id again is the same text: eSMS refuses it with 124 for 24 hours."""
        url = f"{self._url}/SendMultipleMessage_V4_post_json/"
        try:
            with timed(self.trait):
                answer = await self.transport.json("POST", url, json=self._body(letter))
        except Failed as error:
            return perhaps_taken(error.result)
        if "CodeResult" not in answer:  # {"error": "Invalid request"}: the gateway could not read the call
            return Result(Verdict.PAYLOAD, "no-code")
        code = str(answer["CodeResult"])
        verdict = verdict_of(code)
        # A refusal can carry an SMSID too (146); it names no message.
        taken = str(answer.get("SMSID") or "") if verdict is Verdict.TAKEN else ""
        return Result(verdict, code, taken)

    async def ask(self, question: Question) -> Answer:
        """What became of a text, within seven days (eSMS: GetSendStatus, whose code is called `CodeResponse`)."""
        params = {
            "RefId": question.provider_id,
            "ApiKey": self.account.api_key.get_secret_value(),
            "SecretKey": self.account.secret_key.get_secret_value(),
        }
        try:
            answer = await self.transport.json("GET", f"{self._url}/GetSendStatus", params=params)
        except Failed as error:
            return Answer(Fate.NO_ANSWER, error.result.gateway_code)
        code = str(answer.get("CodeResponse", ""))
        if code != TAKEN:
            return Answer(Fate.NO_ANSWER, code)
        if _number(answer.get("SendSuccess")) > 0:
            return Answer(Fate.DELIVERED, code)
        over = str(answer.get("SendStatus")) == FINISHED and _number(answer.get("SendFailed")) > 0
        return Answer(Fate.NOT_DELIVERED if over else Fate.ON_ITS_WAY, code)

    @property
    def _url(self) -> str:
        return f"{self.account.base_url.rstrip('/')}/MainService.svc/json"

    def _body(self, letter: Letter) -> dict[str, str]:
        body = {
            "ApiKey": self.account.api_key.get_secret_value(),
            "SecretKey": self.account.secret_key.get_secret_value(),
            "Phone": letter.contact.national,
            "Content": letter.wording.text,
            "Brandname": self.account.brandname,
            "SmsType": CUSTOMER_CARE,
            "IsUnicode": "1" if letter.wording.accented else "0",
            "RequestId": letter.attempt_id,
        }
        url = self.account.callback_url.get_secret_value()
        if url:
            # The callback's own RequestId is empty in every sample of the vendor: our id travels in the URL.
            body["CallbackUrl"] = f"{url}{'&' if '?' in url else '?'}ref={letter.attempt_id}"
        return body


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
