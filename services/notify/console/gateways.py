"""Page: how the gateways do, and what sending cost in a month."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import Response

from services.kit.web.console.frame import PATH, READ, Console, Light, Tab, asked
from services.kit.web.console.words import WORDS, since
from services.kit.web.forms import Form
from services.kit.web.visit import VisitDep
from services.notify.domain.costs import Caps, day_of
from services.notify.domain.state_words import KIND_WORDS, PROVIDER_WORDS
from services.notify.queries.costs import costs
from services.notify.queries.providers import Providers, providers
from services.notify.spending import month_of

GATEWAYS_PATH = f"{PATH}/cong-gui"
STALE = timedelta(minutes=1)
MANY_ERRORS = 5
"""In a minute: from then on texts go another way (docs/guides/operator.md, Notices)."""
MONTH = r"20[0-9]{2}-(0[1-9]|1[0-2])"


def gateway_pages(console: Console, caps: Caps) -> None:
    """Add it, and its light."""
    mongo, now = console.mongo, console.settings.clock().now
    console.tabs.append(Tab("Cổng gửi và chi phí", GATEWAYS_PATH))

    @console.pages.get("/cong-gui", READ)
    async def gateways(visit: VisitDep) -> Response:
        at = now()
        month = asked(visit, "thang", MONTH) or month_of(day_of(at))
        return console.page(
            visit, "gateways.html", picture=await providers(mongo), costs=await costs(mongo, month, None, caps, at),
            wish=Form({"thang": [month]}), words=WORDS, now=at, stale=STALE, kinds=KIND_WORDS, names=PROVIDER_WORDS,
            path=GATEWAYS_PATH,
        )  # fmt: skip

    async def lights() -> list[Light]:
        return [_light(await providers(mongo), now())]

    console.lights.append(lights)


def _light(picture: Providers, at: datetime) -> Light:
    words, count = "Cổng gửi tin", str(len(picture.providers))
    if picture.as_of is None or at - picture.as_of > STALE:
        told = (
            f"Tiến trình gửi im lặng {since(picture.as_of, at)}." if picture.as_of else "Tiến trình gửi chưa báo tin."
        )
        return Light(words, "bad", count, told, GATEWAYS_PATH)
    closed = [one.provider_words for one in picture.providers if one.closed_until is not None and one.closed_until > at]
    failing = [one.provider_words for one in picture.providers if one.errors_minute >= MANY_ERRORS]
    if len(closed) == len(picture.providers):
        return Light(words, "bad", count, "Không cổng nào gửi được.", GATEWAYS_PATH)
    if closed:
        return Light(words, "warn", count, f"Đang tạm ngừng: {', '.join(closed)}.", GATEWAYS_PATH)
    if failing:
        return Light(words, "warn", count, f"Nhiều lỗi: {', '.join(failing)}.", GATEWAYS_PATH)
    return Light(words, "good", count, "Các cổng đều gửi được.", GATEWAYS_PATH)
