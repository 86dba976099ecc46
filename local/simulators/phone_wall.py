"""The wall of phones: what the citizens see, as it happens, without any outside request.

Drawn on the server; a script puts in what the stream brings. Without scripts the page asks for itself anew.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from local.simulators.clock import VIETNAM, Clock
from local.simulators.magic import FICTITIOUS_LABEL, magic_of, manners_of
from local.simulators.messages import PROVIDERS, Ledger, Message
from local.simulators.phone_numbers import esms_phone
from local.simulators.settings import SimulatorSettings
from local.simulators.wall_news import WallNews

PHONES_ON_WALL = 48
MESSAGES_ON_WALL, MESSAGES_ON_PHONE = 4, 200
REFRESH_SECONDS = 2
LOOK_SECONDS, SILENT_SECONDS = 0.25, 15.0
"""How often the stream looks for news, and says at least that it is still there."""
FOLDER = Path(__file__).parent / "wall"
FILES = {"wall.css": "text/css; charset=utf-8", "wall.js": "text/javascript; charset=utf-8"}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
_SMS_NAMES = {"esms": "eSMS", "speedsms": "SpeedSMS", "vnpt": "VNPT", "smpp": "SMPP"}


def phone_wall_router(ledger: Ledger, settings: SimulatorSettings, clock: Clock) -> APIRouter:
    """Return the pages, their files and their stream."""
    router = APIRouter(prefix="/phones")
    wall = _Wall(ledger, settings, clock)

    @router.get("")
    async def all_phones(so: str | None = None) -> Response:
        """The phones that were written to last; `so`: a number that somebody typed."""
        if so is not None:
            typed = "".join(letter for letter in so if letter.isdigit())
            return wall.page("unknown.html", 404, said=so) if esms_phone(typed) is None else _to(typed)
        phones = [wall.phone(phone, MESSAGES_ON_WALL) for phone in ledger.latest_phones(PHONES_ON_WALL)]
        return wall.page("wall.html", phones=phones, sums=wall.sums(), most=PHONES_ON_WALL)

    @router.get("/stream")
    async def stream(request: Request, after: int = 0, only: str | None = None) -> Response:
        """Server-sent events: phones that changed, drawn anew, and the sums."""
        begun = request.headers.get("last-event-id", "")
        number = int(begun) if begun.isascii() and begun.isdigit() else after
        return StreamingResponse(wall.news_from(request, number, only), 200, HEADERS, "text/event-stream")

    @router.get("/files/{name}")
    async def file(name: str) -> Response:
        if name not in FILES:
            return Response(status_code=404)
        return Response((FOLDER / name).read_bytes(), 200, {**HEADERS, "Cache-Control": "no-cache"}, FILES[name])

    @router.get("/{phone}")
    async def one_phone(phone: str) -> Response:
        number = esms_phone(phone)
        if number is None:
            return wall.page("unknown.html", 404, said=phone)
        return wall.page("phone.html", phone=wall.phone(number, MESSAGES_ON_PHONE))

    return router


class _Wall:
    """Draws phones."""

    def __init__(self, ledger: Ledger, settings: SimulatorSettings, clock: Clock) -> None:
        self._ledger, self._settings, self._clock = ledger, settings, clock
        self._news = WallNews(ledger)
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._templates.globals["file"] = {name: _address(name) for name in FILES}

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Draw a page."""
        whole = {"refresh": REFRESH_SECONDS, "number": self._news.number, "now": self._clock.vietnam()} | values
        return HTMLResponse(self._templates.get_template(template).render(whole), status, HEADERS)

    def phone(self, phone: str, most: int) -> dict[str, Any]:
        """Return what is drawn of one phone. A message the network has not delivered is counted, not shown."""
        messages = self._ledger.of_phone(phone)
        arrived = sorted((one for one in messages if one.delivered_at is not None), key=_arrival, reverse=True)
        magic = magic_of(phone)
        no_zalo = magic is None and manners_of(phone, self._settings.no_zalo_every).zalo_error is not None
        return {
            "id": phone,
            "number": _national(phone),
            "arrived": len(arrived),
            "waiting": sum(one.outcome == "pending" for one in messages),
            "lost": sum(one.outcome in ("failed", "undelivered") for one in messages),
            "no_zalo": no_zalo,
            "magic": f"{magic.meaning} · {FICTITIOUS_LABEL}" if magic is not None else "",
            "messages": [self._bubble(one) for one in arrived[:most]],
            "more": max(0, len(arrived) - most),
        }

    def sums(self) -> dict[str, int]:
        """Return how many messages there are, over all gateways."""
        totals = [self._ledger.totals(provider) for provider in PROVIDERS]
        accepted, delivered = sum(one.accepted for one in totals), sum(one.delivered for one in totals)
        zalo = self._ledger.totals("zalo").delivered
        failed = sum(one.failed for one in totals)
        return {"accepted": accepted, "zalo": zalo, "sms": delivered - zalo, "waiting": accepted - delivered - failed,
                "failed": failed}  # fmt: skip

    async def news_from(self, request: Request, number: int, only: str | None) -> AsyncIterator[bytes]:
        """Yield events until the browser leaves."""
        silent = 0.0
        while not await request.is_disconnected():
            if number == self._news.number:
                await asyncio.sleep(LOOK_SECONDS)
                silent += LOOK_SECONDS
                if silent >= SILENT_SECONDS:
                    silent = 0.0
                    yield b": still here\n\n"
                continue
            silent = 0.0
            changed, number = self._news.since(number), self._news.number
            if changed is None:
                yield _event("anew", {}, number)
                continue
            yield _event("phones", {"phones": self._drawn(changed, only), "sums": self.sums()}, number)
            await asyncio.sleep(LOOK_SECONDS)

    def _drawn(self, changed: list[str], only: str | None) -> list[dict[str, str]]:
        template = self._templates.get_template("one.html")
        wanted, most = changed[-PHONES_ON_WALL:], MESSAGES_ON_WALL
        if only is not None:
            wanted, most = [phone for phone in changed if phone == only], MESSAGES_ON_PHONE
        return [{"id": phone, "html": template.render(phone=self.phone(phone, most))} for phone in wanted]

    def _bubble(self, message: Message) -> dict[str, Any]:
        zalo = message.provider == "zalo"
        return {
            "seq": message.seq,
            "provider": message.provider,
            "app": "Zalo" if zalo else "SMS",
            "via": "" if zalo else f"{_SMS_NAMES[message.provider]}, {message.parts} phần",
            "at": datetime.fromtimestamp(self._clock.moved(message.delivered_at or 0) / 1000, VIETNAM),
            "text": message.text,
        }


def _to(typed: str) -> Response:
    return RedirectResponse(f"/phones/{typed}", 303)


def _address(name: str) -> str:
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:8]
    return f"/phones/files/{name}?{digest}"


def _event(name: str, data: object, number: int) -> bytes:
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name.encode(), number, orjson.dumps(data))


def _arrival(message: Message) -> tuple[int, int]:
    return message.delivered_at or 0, message.seq


def _national(phone: str) -> str:
    digits = "0" + phone[2:]
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}"
