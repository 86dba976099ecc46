"""VNPT SMS Brandname: registered templates with parameters, over one address (VNPT: send_sms_list, get_sms_status_api).

The attempt's id is the REQID: refused with 33 when it comes again, and what became of it is asked for by it. VNPT tells
no id of its own and reports nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from contracts.types import NoticeChannel
from services.kit.clock import Now
from services.notify.channels.base import Letter, Question
from services.notify.channels.http_gateway import HttpGateway, perhaps_taken, timed
from services.notify.channels.transport import Failed
from services.notify.channels.vnpt_errors import fate_of, verdict_of
from services.notify.domain.policy import VIETNAM
from services.notify.domain.results import Answer, Fate, Result, Verdict
from services.notify.domain.routes import Trait

# For how long a REQID is kept is published nowhere; a day is what eSMS keeps its own.
TRAIT = Trait("vnpt", NoticeChannel.SMS, repeat_holds=timedelta(hours=23), asked_by_attempt=True)
CUSTOMER_CARE = "1"
UNACCENTED, ACCENTED = "0", "8"
_XML_SPECIAL = str.maketrans({"&": "va", "<": "(", ">": ")", '"': None, "'": None})
"""Refused with -1, in JSON too."""


@dataclass(frozen=True)
class VnptAccount:
    """Where and as whom we send; VNPT hands all of it out."""

    base_url: str
    agent_id: str
    api_user: str
    api_pass: SecretStr
    username: str
    label_id: str
    """Of the brandname."""
    contract_id: str
    send_time_format: str
    """How SENDTIME is written, by which a text is asked for."""


@dataclass(frozen=True)
class Vnpt(HttpGateway):
    """The gateway."""

    account: VnptAccount
    trait: Trait = TRAIT
    now: Now = lambda: datetime.now(UTC)

    async def send(self, letter: Letter) -> Result:
        """Hand a template's parameters over. The same attempt id again is the same text: refused with 33."""
        wording = letter.wording
        if not wording.vnpt_template_id:
            return Result(Verdict.TEMPLATE, "no-template")
        contents = [content.translate(_XML_SPECIAL) for content in wording.vnpt_params]
        fields = {
            "REQID": letter.attempt_id,
            "LABELID": self.account.label_id,
            "CONTRACTTYPEID": CUSTOMER_CARE,
            "TEMPLATEID": wording.vnpt_template_id,
            "PARAMS": [{"NUM": str(number), "CONTENT": text} for number, text in enumerate(contents, start=1)],
            "SCHEDULETIME": "",
            "MOBILELIST": letter.contact.phone,
            "ISTELCOSUB": "0",
            "USERNAME": self.account.username,
            "DATACODING": UNACCENTED if all(map(str.isascii, contents)) else ACCENTED,
        }
        try:
            with timed(self.trait):
                answer = await self._call("send_sms_list", **fields)
        except Failed as error:
            return perhaps_taken(error.result)
        return read_answer(answer)

    async def ask(self, question: Question) -> Answer:
        """What became of a text, whether or not its call got an answer.

        VNPT finds it under the day on which it was taken. That may be the day after the first call: a call that spans
        midnight, or a repeat. It is no later one: repeats end within a day of the first call.
        """
        first = question.at.astimezone(VIETNAM)
        answer = await self._ask(question, first)
        if answer.fate is Fate.NOT_THERE and self.now().astimezone(VIETNAM).date() > first.date():
            return await self._ask(question, first + timedelta(days=1))
        return answer

    async def _ask(self, question: Question, day: datetime) -> Answer:
        sent_at = day.strftime(self.account.send_time_format)
        try:
            answer = await self._call("get_sms_status_api", REQID=question.attempt_id, SENDTIME=sent_at)
        except Failed as error:
            return Answer(Fate.NO_ANSWER, error.result.gateway_code)
        return read_status(answer)

    async def _call(self, name: str, **fields: Any) -> Mapping[str, Any]:
        """Raises: Failed."""
        account = self.account
        request = {
            "name": name,
            "CONTRACTID": account.contract_id,
            "AGENTID": account.agent_id,
            "APIUSER": account.api_user,
            "APIPASS": account.api_pass.get_secret_value(),
            **fields,
        }
        url = f"{account.base_url.rstrip('/')}/smsbn/api"
        return await self.transport.json("POST", url, json={"RQST": request})


def read_answer(answer: Mapping[str, Any]) -> Result:
    """HTTP 200 says nothing: `ERROR` in `RPLY` does."""
    code = _said(answer, "ERROR")
    return Result(verdict_of(code), code or "no-code")


def read_status(answer: Mapping[str, Any]) -> Answer:
    """Some clients of it know no `ERROR` in this reply, others no `STATUS`: an error comes first."""
    error, status = _said(answer, "ERROR"), _said(answer, "STATUS")
    if error not in ("", "0"):
        return Answer(Fate.NO_ANSWER, error)
    return Answer(fate_of(status), status or "no-status")


def _said(answer: Mapping[str, Any], name: str) -> str:
    """A value as it is in the tables: strings, and numbers in some answers."""
    reply = answer.get("RPLY")
    value = reply.get(name) if isinstance(reply, dict) else None
    return str(value).strip() if isinstance(value, str | int) else ""
