"""Zalo ZBS template messages by phone: send, status, quota and templates."""

import secrets
from collections import Counter
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from local.simulators.clock import Clock
from local.simulators.faults import FaultBoard
from local.simulators.magic import Quirk
from local.simulators.messages import Ledger, Message
from local.simulators.receipts import ReceiptDesk
from local.simulators.replies import NoReply, bad_gateway, json_reply
from local.simulators.templates import STATUS_NUMBERS, TemplateShelf, ZaloTemplate
from local.simulators.zalo_errors import ZaloRefusal
from local.simulators.zalo_quota import ZaloQuota
from local.simulators.zalo_rules import CheckedRequest, ZaloRules
from local.simulators.zalo_tokens import TokenBook

PRICE_BY_PHONE, PRICE_BY_UID = "300", "200"  # the vendor prices each template; these are of its usual size
TEMPLATE_PAGE_MAX = 100


class ZaloApi:
    """The host `business.openapi.zalo.me`, as far as the notices of a one-stop shop need it."""

    def __init__(
        self,
        *,
        tokens: TokenBook,
        rules: ZaloRules,
        shelf: TemplateShelf,
        quota: ZaloQuota,
        board: FaultBoard,
        ledger: Ledger,
        desk: ReceiptDesk,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._rules = rules
        self._shelf = shelf
        self._quota = quota
        self._board = board
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self.refusals: Counter[str] = Counter()

    def router(self) -> APIRouter:
        """Return the routes of the host."""
        router = APIRouter()
        for path, method, endpoint in (
            ("/message/template", "POST", self.send),
            ("/message/status", "GET", self.status),
            ("/message/quota", "GET", self.quota),
            ("/template/info/v2", "GET", self.template_info),
            ("/template/all", "GET", self.template_list),
        ):
            router.add_api_route(path, endpoint, methods=[method], response_class=Response)
        return router

    async def send(self, request: Request) -> Response:
        """Take one message. A repeated tracking_id is a second message: Zalo only hands it back in receipts."""
        if self._board.bad_gateway("zalo"):
            self.refusals["502"] += 1
            return bad_gateway()
        try:
            self._authorise(request)
            if self._board.throttled("zalo"):
                raise ZaloRefusal(-32)
            checked = self._rules.check(_json_object(await request.body()))
            if checked.manners.zalo is Quirk.BAD_GATEWAY:
                self.refusals["502"] += 1
                return bad_gateway()
            if checked.manners.zalo_error is not None:
                raise ZaloRefusal(checked.manners.zalo_error)
            self._quota.require(checked.template)
        except ZaloRefusal as refusal:
            return self._refused(refusal)
        return await self._accept(checked)

    async def status(self, request: Request) -> Response:
        """Tell where a message is: -1 unknown, 0 on the server, 1 on the phone."""
        message_id = request.query_params.get("message_id", "")
        try:
            self._authorise(request)
            if not message_id:
                raise ZaloRefusal(-107)
        except ZaloRefusal as refusal:
            return self._refused(refusal)
        message = self._ledger.by_provider_id("zalo", message_id)
        if message is None:
            return _success({"message": "The message does not exist", "status": -1})
        if message.delivered_at is None:
            return _success({"message": "The message is on the server, not yet on the user's phone", "status": 0})
        text = "The message was delivered to the user's phone"
        return _success({"delivery_time": str(self._clock.moved(message.delivered_at)), "message": text, "status": 1})

    async def quota(self, request: Request) -> Response:
        """Show the quotas: here as numbers or null, where the reply to a message has strings."""
        try:
            self._authorise(request)
        except ZaloRefusal as refusal:
            return self._refused(refusal)
        data: dict[str, int | None] = {
            "dailyQuota": self._quota.daily,
            "remainingQuota": self._quota.remaining(),
            "dailyQuotaPromotion": None,
            "remainingQuotaPromotion": None,
            "monthlyPromotionQuota": 125,
            "remainingMonthlyPromotionQuota": 125,
            "estimatedNextMonthPromotionQuota": 2000,
        }
        return json_reply({"data": data, "error": 0, "message": "success"})

    async def template_info(self, request: Request) -> Response:
        """Show one template with its parameters."""
        try:
            self._authorise(request)
            template = self._shelf.any_state(request.query_params.get("template_id", ""))
            if template is None:
                raise ZaloRefusal(-109)
        except ZaloRefusal as refusal:
            return self._refused(refusal)
        return _success(_detail(template))

    async def template_list(self, request: Request) -> Response:
        """List templates, filtered by the state's number."""
        query = request.query_params
        try:
            self._authorise(request)
            offset, limit = _whole(query.get("offset", "0")), _whole(query.get("limit", "100"))
            if limit > TEMPLATE_PAGE_MAX or query.get("status", "1") not in STATUS_NUMBERS:
                raise ZaloRefusal(-132)
        except ZaloRefusal as refusal:
            return self._refused(refusal)
        wanted = STATUS_NUMBERS.get(query.get("status", ""))
        found = [one for one in self._shelf.all() if wanted is None or one.status == wanted]
        page = [_summary(one) for one in found[offset : offset + limit]]
        return json_reply({"error": 0, "message": "Success", "data": page, "metadata": {"total": len(found)}})

    def _authorise(self, request: Request) -> None:
        if not self._tokens.access_is_good(request.headers.get("access_token")):
            raise ZaloRefusal(-124)

    def _refused(self, refusal: ZaloRefusal) -> Response:
        self.refusals[str(refusal.code)] += 1
        headers = {"X-RateLimit-Limit": "4000", "X-RateLimit-Remain": "0"} if refusal.code == -32 else None
        return json_reply(refusal.as_json(), headers)

    async def _accept(self, checked: CheckedRequest) -> Response:
        now, quirk = self._clock.wall_ms(), checked.manners.zalo
        message = Message(
            seq=self._ledger.next_seq,
            provider="zalo",
            phone=checked.phone,
            provider_id=secrets.token_hex(10),
            text=checked.template.render(checked.data),
            accepted_at=now,
            block_from=self._clock.now_ms(),
            plan=self._board.plan("zalo", quirk, now),
            tracking_id=checked.tracking_id,
            template_id=checked.template.template_id,
            template_data=checked.data,
        )
        if not checked.development:
            self._quota.take(checked.template)
        daily, remaining = str(self._quota.daily), str(self._quota.remaining())
        self._ledger.accept(message)
        await self._desk.accepted(message)
        if self._board.drops("zalo", quirk):
            return NoReply()
        if self._board.hangs("zalo"):
            return NoReply(hold_ms=self._board.faults.hang_ms)
        return _success(
            {
                "msg_id": message.provider_id,
                "sent_time": str(now),
                "sending_mode": checked.sending_mode,
                "quota": {"dailyQuota": daily, "remainingQuota": remaining},
            }
        )


def _success(data: dict[str, Any]) -> Response:
    return json_reply({"error": 0, "message": "Success", "data": data})


def _json_object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        raise ZaloRefusal(-121)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ZaloRefusal(-122) from error
    if not isinstance(body, dict):
        raise ZaloRefusal(-122)
    return body


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ZaloRefusal(-132)
    return int(text)


def _summary(template: ZaloTemplate) -> dict[str, Any]:
    return {
        "templateId": template.template_id,
        "templateName": template.name,
        "createdTime": 1_767_225_600_000,
        "status": template.status,
        "templateQuality": "HIGH",
    }


def _detail(template: ZaloTemplate) -> dict[str, Any]:
    return {
        "templateId": template.template_id,
        "templateName": template.name,
        "status": template.status,
        "reason": "",
        "listParams": [one.as_list_param() for one in template.parameters],
        "listButtons": [],
        "timeout": template.timeout_ms,
        "previewUrl": f"https://account.zalo.cloud/tool/preview/{template.template_id}",
        "templateQuality": "HIGH",
        "templateTag": template.tag,
        "price": PRICE_BY_PHONE,
        "price_sdt": PRICE_BY_PHONE,
        "price_uid": PRICE_BY_UID,
    }
