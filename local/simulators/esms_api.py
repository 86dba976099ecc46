"""eSMS.vn, service MainService.svc: send a customer-care text, ask for its status, ask for the balance.

Every business answer is HTTP 200. The code is called CodeResult where a text is sent and CodeResponse elsewhere.
"""

import secrets
from collections import Counter
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from local.simulators.clock import Clock
from local.simulators.esms_rules import CheckedText, EsmsRefusal, EsmsRules
from local.simulators.faults import FaultBoard
from local.simulators.magic import Quirk
from local.simulators.messages import Ledger, Message
from local.simulators.receipts import ReceiptDesk
from local.simulators.replies import NoReply, bad_gateway, json_reply
from local.simulators.settings import SimulatorSettings
from local.simulators.sms_parts import count_parts

ACCEPTED = "100"
STATUS_DAYS_MS = 7 * 86_400_000
STATUS_SENT, STATUS_FINISHED = 7, 5


class EsmsApi:
    """The path `/MainService.svc/json/` of the vendor's host."""

    def __init__(
        self,
        *,
        settings: SimulatorSettings,
        rules: EsmsRules,
        board: FaultBoard,
        ledger: Ledger,
        desk: ReceiptDesk,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._rules = rules
        self._board = board
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._spent = 0
        self.refusals: Counter[str] = Counter()

    def router(self) -> APIRouter:
        """Return the routes; the vendor writes some with a closing slash, its clients do not agree."""
        router = APIRouter()
        for name, method, endpoint in (
            ("SendMultipleMessage_V4_post_json", "POST", self.send),
            ("GetSendStatus", "GET", self.send_status),
            ("GetBalance_json", "POST", self.balance),
        ):
            for path in (f"/MainService.svc/json/{name}", f"/MainService.svc/json/{name}/"):
                router.add_api_route(path, endpoint, methods=[method], response_class=Response)
        return router

    def restore(self) -> None:
        """Count again what the stored messages cost."""
        self._spent = sum(message.price for message in self._ledger if message.provider == "esms")

    async def send(self, request: Request) -> Response:
        """Take one text. CodeResult 100 says that eSMS has it, not that it arrived."""
        if self._board.bad_gateway("esms"):
            self.refusals["502"] += 1
            return bad_gateway()
        body = _json_object(await request.body())
        if body is None:
            return _invalid_request()
        sms_id = secrets.token_hex(16)
        try:
            self._rules.authorise(body)
            self._rules.count_rate()
            if self._board.throttled("esms"):
                raise EsmsRefusal("160")
            checked = self._rules.check(body, sms_id)
            if checked.manners.sms is Quirk.BAD_GATEWAY:
                self.refusals["502"] += 1
                return bad_gateway()
            parts = count_parts(checked.content)
            if not checked.sandbox and self._balance() < parts * self._settings.esms_price:
                raise EsmsRefusal("103")
        except EsmsRefusal as refusal:
            self.refusals[refusal.code] += 1
            return json_reply(refusal.as_json())
        if checked.sandbox:  # accepted, neither stored nor charged nor delivered
            return _taken(sms_id)
        return await self._accept(checked, sms_id, parts)

    async def send_status(self, request: Request) -> Response:
        """Tell the state of a text of the last seven days: 7 sent and waiting for the report, 5 finished."""
        try:
            self._rules.authorise(dict(request.query_params))
            message = self._ledger.by_provider_id("esms", request.query_params.get("RefId", ""))
            if message is None or self._clock.now_ms() - message.block_from > STATUS_DAYS_MS:
                raise EsmsRefusal("105")
        except EsmsRefusal as refusal:
            return json_reply({"CodeResponse": refusal.code, "ErrorMessage": str(refusal)})
        finished = message.delivered_at is not None or message.failed_at is not None
        return json_reply(
            {
                "CodeResponse": ACCEPTED,
                "SMSID": message.provider_id,
                "SendFailed": int(message.failed_at is not None),
                "SendStatus": STATUS_FINISHED if finished else STATUS_SENT,
                "SendSuccess": int(message.delivered_at is not None),
                "TotalPrice": float(message.price),
                "TotalReceiver": 1,
                "TotalSent": 1,
            }
        )

    async def balance(self, request: Request) -> Response:
        """Tell what is left of the account's money, in dong."""
        body = _json_object(await request.body())
        if body is None:
            return _invalid_request()
        try:
            self._rules.authorise(body)
        except EsmsRefusal as refusal:
            return json_reply({"CodeResponse": refusal.code, "ErrorMessage": str(refusal)})
        return json_reply({"Balance": self._balance(), "CodeResponse": ACCEPTED, "UserID": self._settings.esms_user_id})

    def _balance(self) -> int:
        return self._settings.esms_balance - self._spent

    async def _accept(self, checked: CheckedText, sms_id: str, parts: int) -> Response:
        now, quirk = self._clock.wall_ms(), checked.manners.sms
        message = Message(
            seq=self._ledger.next_seq,
            provider="esms",
            phone=checked.phone,
            provider_id=sms_id,
            text=checked.content,
            accepted_at=now,
            block_from=self._clock.now_ms(),
            plan=self._board.plan("esms", quirk, now, checked.not_before_ms),
            request_id=checked.request_id,
            callback_url=checked.callback_url,
            parts=parts,
            price=parts * self._settings.esms_price,
        )
        self._spent += message.price
        self._ledger.accept(message)
        await self._desk.accepted(message)
        if self._board.drops("esms", quirk):
            return NoReply()
        if self._board.hangs("esms"):
            return NoReply(hold_ms=self._board.faults.hang_ms)
        return _taken(sms_id)


def _taken(sms_id: str) -> Response:
    return json_reply({"CodeResult": ACCEPTED, "CountRegenerate": 0, "SMSID": sms_id})


def _invalid_request() -> Response:
    """Return what a malformed call gets: neither CodeResult nor CodeResponse is in it."""
    return json_reply({"error": "Invalid request"})


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
