"""Page: whom the counters must telephone, because no channel brought the message."""

from __future__ import annotations

from fastapi import Response

from services.kit.web.console.frame import PATH, READ, Console, Light, Tab, asked
from services.kit.web.console.words import WORDS, number
from services.kit.web.visit import VisitDep
from services.notify.console.notices import UNIT, notice_path
from services.notify.domain.state_words import KIND_WORDS, reason_words
from services.notify.queries.call_list import call_list, calls_counted, calls_waiting

CALLS_PATH = f"{PATH}/goi-dien"
MANY = 1000


def call_pages(console: Console) -> None:
    """Add it, and its light."""
    mongo, now = console.mongo, console.settings.clock().now
    console.tabs.append(Tab("Cần gọi điện", CALLS_PATH))

    @console.pages.get("/goi-dien", READ)
    async def calls(visit: VisitDep) -> Response:
        counter = asked(visit, "quay", UNIT)
        found = None if counter is None else await call_list(mongo, counter, visit.caller)
        return console.page(
            visit, "calls.html", counters=sorted((await calls_waiting(mongo)).items()), found=found, words=WORDS,
            kinds=KIND_WORDS, reason_words=reason_words, notice_path=notice_path, path=CALLS_PATH, now=now(),
        )  # fmt: skip

    async def lights() -> list[Light]:
        waiting = await calls_counted(mongo, MANY)
        detail = "Không kênh nào gửi đến được: quầy gọi điện cho người dân." if waiting else "Không có ai phải gọi."
        return [
            Light(
                "Cần gọi điện",
                "warn" if waiting else "good",
                number(waiting) + ("+" if waiting >= MANY else ""),
                detail,
                CALLS_PATH,
            )
        ]

    console.lights.append(lights)
