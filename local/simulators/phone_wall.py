"""The wall of phones: what the citizens see, drawn on the server in one page without any outside request."""

from datetime import datetime
from html import escape

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from local.simulators.clock import VIETNAM
from local.simulators.magic import FICTITIOUS_LABEL, magic_of, manners_of
from local.simulators.messages import Ledger, Message
from local.simulators.phone_numbers import esms_phone
from local.simulators.settings import SimulatorSettings

PHONES_ON_WALL = 48
MESSAGES_ON_WALL, MESSAGES_ON_PHONE = 4, 200
REFRESH_SECONDS = 2

_STYLE = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;padding:1.25rem;font:15px/1.45 system-ui,sans-serif;background:#e9edf2;color:#17202a}
h1{font-size:1.3rem;margin:0 0 .2rem}
.lead{margin:0 0 1.1rem;color:#51606f}
.wall{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:1rem;align-items:start}
.phone{background:#10161d;border-radius:26px;padding:14px 10px 18px;box-shadow:0 3px 10px #0003}
.phone header{color:#eef3f8;padding:0 8px 9px;display:flex;flex-wrap:wrap;gap:.1rem .5rem;align-items:baseline}
.phone header a{color:inherit;font-weight:650;text-decoration:none;letter-spacing:.02em}
.tag{font-size:.74rem;color:#9fb0c0}
.tag.test{color:#ffcf70;flex-basis:100%}
.screen{background:#f7f9fb;color:#17202a;border-radius:15px;padding:9px;min-height:8.5rem;display:grid;gap:8px;
 align-content:start}
.one .screen{min-height:60vh}
.one{max-width:420px;margin:0 auto}
article{border-radius:12px;padding:8px 10px;background:#fff;border:1px solid #dde4ea;overflow-wrap:anywhere}
article.zalo{border-left:4px solid #0068ff}
article.esms{border-left:4px solid #2b9348}
article.smpp{border-left:4px solid #b5651d}
article.speedsms{border-left:4px solid #d1711f}
article.vnpt{border-left:4px solid #0a5ba5}
article p{margin:0;white-space:pre-line}
article small{display:flex;justify-content:space-between;color:#5b6b7a;margin-bottom:3px}
.empty{color:#6c7a88;margin:.4rem}
"""
_SMS_NAMES = {"esms": "SMS", "speedsms": "SMS · SpeedSMS", "vnpt": "SMS · VNPT", "smpp": "SMS · SMPP"}


def phone_wall_router(ledger: Ledger, settings: SimulatorSettings) -> APIRouter:
    """Return the two pages."""
    router = APIRouter()

    @router.get("/phones", response_class=HTMLResponse)
    async def wall() -> HTMLResponse:
        phones = ledger.latest_phones(PHONES_ON_WALL)
        drawn = "".join(_phone(phone, ledger.of_phone(phone), settings, MESSAGES_ON_WALL) for phone in phones)
        body = (
            "<h1>Điện thoại của người dân</h1>"
            f"<p class=lead>Mạng giả lập: không tin nào rời khỏi máy này. {len(phones)} máy nhận tin gần nhất.</p>"
            + (f"<main class=wall>{drawn}</main>" if drawn else "<p class=empty>Chưa có tin nhắn nào.</p>")
        )
        return _page("Điện thoại của người dân", body)

    @router.get("/phones/{phone}", response_class=HTMLResponse)
    async def one_phone(phone: str) -> HTMLResponse:
        number = esms_phone(phone)
        if number is None:
            text = f"<h1>Không phải số di động Việt Nam</h1><p>{escape(phone)}</p>"
            return _page("Số không hợp lệ", text + "<p><a href=/phones>Về trang chung</a></p>", status=404)
        drawn = _phone(number, ledger.of_phone(number), settings, MESSAGES_ON_PHONE)
        return _page(f"Điện thoại {_national(number)}", f"<main class=one>{drawn}</main>")

    return router


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    head = (
        "<!doctype html><html lang=vi><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<meta http-equiv=refresh content={REFRESH_SECONDS}><link rel=icon href='data:,'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
    )
    return HTMLResponse(f"{head}{body}</body></html>", status_code=status, headers={"Cache-Control": "no-store"})


def _phone(phone: str, messages: list[Message], settings: SimulatorSettings, limit: int) -> str:
    """Draw one phone. A message the network has not delivered is counted beside the screen, not shown on it."""
    arrived = sorted((one for one in messages if one.delivered_at is not None), key=_arrival, reverse=True)
    waiting = sum(one.outcome == "pending" for one in messages)
    tags = [f"{len(arrived)} tin"]
    if waiting:
        tags.append(f"{waiting} tin đang trên đường")
    magic = magic_of(phone)
    if magic is None and manners_of(phone, settings.no_zalo_every).zalo_error is not None:
        tags.append("không dùng Zalo")
    notes = "".join(f"<span class=tag>{escape(tag)}</span>" for tag in tags)
    if magic is not None:
        notes += f"<span class='tag test'>{escape(magic.meaning)} · {escape(FICTITIOUS_LABEL)}</span>"
    screen = "".join(_bubble(one) for one in arrived[:limit]) or "<p class=empty>Màn hình trống</p>"
    number = _national(phone)
    return (
        f"<section class=phone><header><a href='/phones/{phone}'>{number}</a>{notes}</header>"
        f"<div class=screen>{screen}</div></section>"
    )


def _arrival(message: Message) -> tuple[int, int]:
    return message.delivered_at or 0, message.seq


def _bubble(message: Message) -> str:
    moment = datetime.fromtimestamp((message.delivered_at or 0) / 1000, VIETNAM)
    channel = "Zalo" if message.provider == "zalo" else f"{_SMS_NAMES[message.provider]} · {message.parts} phần"
    return (
        f"<article class={message.provider}><small><span>{channel}</span><time>{moment:%H:%M:%S %d/%m}</time></small>"
        f"<p>{escape(message.text)}</p></article>"
    )


def _national(phone: str) -> str:
    digits = "0" + phone[2:]
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}"
