"""SpeedSMS.vn: send a text, ask for its status, ask for the balance. HTTP Basic with the token as user.

There is no id of the request: the same call again is a second text. A wrong token gives no JSON at all.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from local.simulators.clock import Clock
from local.simulators.courier import Parcel
from local.simulators.faults import FaultBoard
from local.simulators.magic import Quirk
from local.simulators.messages import Ledger, Message
from local.simulators.rate import RateWindow
from local.simulators.receipts import ReceiptDesk
from local.simulators.replies import NoReply, bad_gateway, json_reply
from local.simulators.settings import SimulatorSettings
from local.simulators.sms_parts import count_parts
from local.simulators.speedsms_rules import CheckedSms, SpeedsmsRefusal, SpeedsmsRules
from local.simulators.speedsms_webhook import DELIVERED, FAILED, TEMPORARY, speedsms_report

ACCEPTED = "00"
WINDOW_SECONDS = 60


class SpeedsmsApi:
    """The vendor's host; its clients do not agree on whether `/index.php` belongs to the paths."""

    def __init__(
        self,
        *,
        settings: SimulatorSettings,
        board: FaultBoard,
        ledger: Ledger,
        desk: ReceiptDesk,
        clock: Clock,
        tell: Callable[[Parcel | None], None],
    ) -> None:
        self._settings = settings
        self._rules = SpeedsmsRules(settings)
        self._rate = RateWindow(settings.speedsms_requests_per_minute, WINDOW_SECONDS)
        self._board = board
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._tell = tell
        self._spent = 0
        self._last_id = 0
        self.refusals: Counter[str] = Counter()

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        for base in ("/index.php", ""):
            router.add_api_route(f"{base}/sms/send", self.send, methods=["POST"], response_class=Response)
            router.add_api_route(
                f"{base}/sms/status/{{tran_id}}", self.status, methods=["GET"], response_class=Response
            )
            router.add_api_route(f"{base}/user/info", self.user_info, methods=["GET"], response_class=Response)
        return router

    def restore(self) -> None:
        """Count again what the stored messages cost."""
        self._spent = sum(message.price for message in self._ledger if message.provider == "speedsms")

    async def send(self, request: Request) -> Response:
        """Take one text for up to 100 phones."""
        if self._board.bad_gateway("speedsms"):
            return self._broken()
        stopped = self._stopped(request)
        if stopped is not None:
            return stopped
        try:
            code = self._board.refusal("speedsms")
            if code is not None:
                raise SpeedsmsRefusal(code)
            checked = self._rules.check(_json_object(await request.body()))
            if checked.quirk is Quirk.BAD_GATEWAY:
                return self._broken()
            parts = count_parts(checked.content)
            price = parts * self._settings.speedsms_price
            if self._settings.speedsms_balance - self._spent < price * len(checked.phones):
                raise SpeedsmsRefusal("300")
        except SpeedsmsRefusal as refusal:
            self.refusals[refusal.code] += 1
            return json_reply(refusal.as_json())
        return await self._accept(checked, parts, price)

    async def status(self, request: Request, tran_id: str) -> Response:
        """Tell what became of a text, phone by phone, in the numbers of the webhook."""
        stopped = self._stopped(request)
        if stopped is not None:
            return stopped
        messages = self._ledger.all_by_provider_id("speedsms", tran_id)
        if not messages:
            return json_reply(SpeedsmsRefusal("101", "tranId not found").as_json())
        found = [{"phone": message.phone, "status": _status_of(message)} for message in messages]
        return json_reply({"status": "success", "code": ACCEPTED, "data": found})

    async def user_info(self, request: Request) -> Response:
        """Tell what is left of the account's money, in dong."""
        stopped = self._stopped(request)
        if stopped is not None:
            return stopped
        left = float(self._settings.speedsms_balance - self._spent)
        return json_reply({"email": "motcua@example.vn", "balance": left, "currency": "VND"})

    def _stopped(self, request: Request) -> Response | None:
        """Return the answer to a stranger, or to a call that is one too many; both are no business errors."""
        if not self._rules.authorised(request.headers.get("authorization")):
            status = self._settings.speedsms_bad_token_status
            self.refusals[str(status)] += 1
            return Response(b"<html><body>Not Found</body></html>", status_code=status, media_type="text/html")
        if self._rate.exceeded() or self._board.throttled("speedsms"):
            self.refusals["429"] += 1
            body = {"name": "Too Many Requests", "message": "Rate limit exceeded.", "code": 0, "status": 429}
            headers = {"X-Rate-Limit-Reset": str(self._rate.seconds_left)}
            return Response(orjson.dumps(body), status_code=429, media_type="application/json", headers=headers)
        return None

    def _broken(self) -> Response:
        self.refusals["502"] += 1
        return bad_gateway()

    async def _accept(self, checked: CheckedSms, parts: int, price: int) -> Response:
        now = self._clock.wall_ms()
        tran_id = self._last_id = max(self._last_id + 1, now)  # another call may take the next while a receipt is sent
        for phone in checked.phones:
            message = Message(
                seq=self._ledger.next_seq,
                provider="speedsms",
                phone=phone,
                provider_id=str(tran_id),
                text=checked.content,
                accepted_at=now,
                block_from=self._clock.now_ms(),
                plan=self._board.plan("speedsms", checked.quirk, now),
                parts=parts,
                price=price,
            )
            self._spent += price
            self._ledger.accept(message)
            if checked.quirk is Quirk.TEMPORARY_FIRST:
                self._tell(speedsms_report(self._settings, message, _note_nothing, TEMPORARY))
            await self._desk.accepted(message)
        if self._board.drops("speedsms", checked.quirk):
            return NoReply()
        if self._board.hangs("speedsms"):
            return NoReply(hold_ms=self._board.faults.hang_ms)
        sent = len(checked.phones)
        taken = {
            "tranId": tran_id,
            "totalSMS": sent * parts,
            "totalPrice": sent * price,
            "invalidPhone": list(checked.invalid),
        }
        return json_reply({"status": "success", "code": ACCEPTED, "data": taken})


def _status_of(message: Message) -> int:
    if message.delivered_at is not None:
        return DELIVERED
    return TEMPORARY if message.failed_at is None else FAILED


def _note_nothing(acked: bool, closed: bool) -> None:
    """A report that is not final counts for no copy of the receipt."""


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
