"""eSMS.vn, customer-care SMS under a brandname (eSMS: SendMultipleMessage_V4_post_json)."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pydantic import SecretStr

from services.kit import metrics
from services.notify.channels.base import Letter
from services.notify.channels.esms_errors import verdict_of
from services.notify.channels.transport import Failed, Transport
from services.notify.domain.results import Result, Verdict

CUSTOMER_CARE = "2"


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
class Esms:
    """The SMS channel."""

    transport: Transport
    account: EsmsAccount

    async def send(self, letter: Letter) -> Result:
        """Hand a text over. The same attempt id again is the same text: eSMS refuses it with 124 for 24 hours."""
        started = time.perf_counter()
        try:
            answer = await self.transport.json(
                "POST",
                f"{self.account.base_url.rstrip('/')}/MainService.svc/json/SendMultipleMessage_V4_post_json/",
                json=self._body(letter),
            )
        except Failed as error:
            return _ask_again(error.result)
        finally:
            metrics.observe("gateway_seconds", time.perf_counter() - started, channel="sms")
        if "CodeResult" not in answer:  # {"error": "Invalid request"}: the gateway could not read the call
            return Result(Verdict.PAYLOAD, "no-code")
        code = str(answer["CodeResult"])
        verdict = verdict_of(code)
        # A refusal can carry an SMSID too (146); it names no message.
        taken = str(answer.get("SMSID") or "") if verdict is Verdict.TAKEN else ""
        return Result(verdict, code, taken)

    def _body(self, letter: Letter) -> dict[str, str]:
        body = {
            "ApiKey": self.account.api_key.get_secret_value(),
            "SecretKey": self.account.secret_key.get_secret_value(),
            "Phone": letter.contact.national,
            "Content": letter.text,
            "Brandname": self.account.brandname,
            "SmsType": CUSTOMER_CARE,
            "IsUnicode": "0",
            "RequestId": letter.attempt_id,
        }
        url = self.account.callback_url.get_secret_value()
        if url:
            # The callback's own RequestId is empty in every sample of the vendor: our id travels in the URL.
            body["CallbackUrl"] = f"{url}{'&' if '?' in url else '?'}ref={letter.attempt_id}"
        return body


def _ask_again(result: Result) -> Result:
    """A broken gateway may have taken the text before it broke; asking again under the same id is free of risk."""
    if result.verdict is Verdict.TRANSIENT and result.gateway_code.startswith("http-5"):
        return Result(Verdict.NO_ANSWER, result.gateway_code)
    return result
