"""VNPT SMS Brandname: one address for all calls, wrapped in RQST and answered in RPLY, every value a string.

Nothing is pushed: what became of a text is asked for by the REQID it was sent under.
"""

from collections import Counter
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from local.simulators.clock import Clock
from local.simulators.faults import FaultBoard
from local.simulators.magic import Quirk
from local.simulators.messages import Ledger, Message
from local.simulators.rate import RateWindow
from local.simulators.receipts import ReceiptDesk
from local.simulators.replies import NoReply, bad_gateway, json_reply
from local.simulators.settings import SimulatorSettings
from local.simulators.vnpt_rules import DESCRIPTIONS, CheckedList, VnptRefusal, VnptRules
from local.simulators.vnpt_templates import VnptShelf

EXCEPTION, SENT, FAILED, PENDING, PUSHED, RETRYING, NOT_GENERATED, NOT_AUTHORISED = (
    "-1",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "10",
)
Reply = dict[str, str]


class VnptApi:
    """The path `/smsbn/api` of the vendor's host."""

    def __init__(
        self, *, settings: SimulatorSettings, board: FaultBoard, ledger: Ledger, desk: ReceiptDesk, clock: Clock
    ) -> None:
        self._settings = settings
        self._shelf = VnptShelf()
        self._rules = VnptRules(settings, self._shelf, ledger, clock)
        self._rate = RateWindow(settings.vnpt_tps, 1)
        self._board = board
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._used = 0
        self.refusals: Counter[str] = Counter()

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter()
        for path in ("/smsbn/api", "/smsbn/api/"):
            router.add_api_route(path, self.call, methods=["POST"], response_class=Response)
        return router

    def restore(self) -> None:
        """Count again what the stored messages took from the package; registered templates are forgotten."""
        self._used = sum(message.parts for message in self._ledger if message.provider == "vnpt")
        self._shelf.reset()

    async def call(self, request: Request) -> Response:
        """Answer one call, whichever it names."""
        if self._board.bad_gateway("vnpt"):
            return self._broken()
        fields = _request(await request.body())
        name = str(fields.get("name"))
        try:
            self._check_call(name, fields)
            match name:
                case "send_sms_list":
                    return await self._send(fields)
                case "create_template":
                    template_id = self._shelf.register(*self._rules.check_template(fields))
                    return _reply(name, "0", TEMPLATEID=template_id)
                case _:
                    return self._status(fields)
        except VnptRefusal as refusal:
            self.refusals[refusal.code] += 1
            asked = name == "get_sms_status_api"
            return _reply(name, refusal.code, **({"STATUS": NOT_AUTHORISED} if asked and refusal.code == "1" else {}))

    def _check_call(self, name: str, fields: dict[str, Any]) -> None:
        if not fields:
            raise VnptRefusal("-1")
        if name not in ("send_sms_list", "create_template", "get_sms_status_api"):
            raise VnptRefusal("3")
        self._rules.authorise(fields)
        if self._rate.exceeded() or self._board.throttled("vnpt"):
            raise VnptRefusal("16")
        code = self._board.refusal("vnpt")
        if code is not None:
            raise VnptRefusal(code)

    async def _send(self, fields: dict[str, Any]) -> Response:
        checked = self._rules.check(fields)
        if checked.quirk is Quirk.BAD_GATEWAY:
            return self._broken()
        if self._used + checked.parts * len(checked.phones) > self._settings.vnpt_package:
            raise VnptRefusal("20")
        return await self._accept(checked, fields)

    async def _accept(self, checked: CheckedList, fields: dict[str, Any]) -> Response:
        now = self._clock.wall_ms()
        for phone in checked.phones:
            seq = self._ledger.next_seq
            message = Message(
                seq=seq,
                provider="vnpt",
                phone=phone,
                provider_id=f"vnpt-{now}-{seq}",  # the ledger's own; VNPT tells none
                text=checked.text,
                accepted_at=now,
                block_from=self._clock.now_ms(),
                plan=self._board.plan("vnpt", checked.quirk, now, checked.not_before_ms),
                request_id=checked.request_id,
                template_id=checked.template_id,
                template_data={str(one["NUM"]): one["CONTENT"] for one in fields["PARAMS"]},
                parts=checked.parts,
            )
            self._used += checked.parts
            self._ledger.accept(message)
            await self._desk.accepted(message)
        if self._board.drops("vnpt", checked.quirk):
            return NoReply()
        if self._board.hangs("vnpt"):
            return NoReply(hold_ms=self._board.faults.hang_ms)
        return _reply("send_sms_list", "0")

    def _status(self, fields: dict[str, Any]) -> Response:
        """Tell the state of a call of ours; of several phones the least settled one speaks for all."""
        name = "get_sms_status_api"
        for field, right, code in (
            ("CONTRACTID", self._settings.vnpt_contract_id, "13"),
            ("AGENTID", self._settings.vnpt_agent_id, "15"),
        ):
            if str(fields.get(field)) != right:
                raise VnptRefusal(code)
        messages = self._ledger.all_by_request_id("vnpt", str(fields.get("REQID")))
        if not messages or not fields.get("SENDTIME"):
            return _reply(name, "0", STATUS=EXCEPTION, MT_COUNT="0")
        states = [self._state_of(message) for message in messages]
        worst = next((one for one in (NOT_GENERATED, PENDING, PUSHED, RETRYING, FAILED) if one in states), SENT)
        counted = sum(one.parts for one, state in zip(messages, states, strict=True) if state == SENT)
        return _reply(name, "0", STATUS=worst, MT_COUNT=str(counted))

    def _state_of(self, message: Message) -> str:
        """Return one STATUS: where a receipt would be late or lost elsewhere, here the state stays behind."""
        now, plan = self._clock.wall_ms(), message.plan
        if message.delivered_at is not None or message.failed_at is not None:
            if plan.copies == 0 or (now < plan.receipt_at and not plan.before_reply):
                return PUSHED
            return SENT if message.delivered_at is not None else FAILED
        if plan.deliver_at is None:
            return RETRYING
        gone, whole = now - message.accepted_at, max(1, plan.deliver_at - message.accepted_at)
        return (NOT_GENERATED, PENDING, PUSHED)[min(2, 3 * gone // whole)]

    def _broken(self) -> Response:
        self.refusals["502"] += 1
        return bad_gateway()


def _reply(name: str, code: str, **more: str) -> Response:
    reply: Reply = {"name": name, "ERROR": code, "ERROR_DESC": DESCRIPTIONS.get(code, "Loi khong xac dinh"), **more}
    return json_reply({"RPLY": reply})


def _request(raw: bytes) -> dict[str, Any]:
    """Return what is in RQST; empty where nothing can be read."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    fields = body.get("RQST") if isinstance(body, dict) else None
    return fields if isinstance(fields, dict) else {}
