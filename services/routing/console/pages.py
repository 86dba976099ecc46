"""The console of routing: dossiers and messages that do not go on by themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from fastapi import Response

from services.kit.mongo import Mongo
from services.kit.web.console.frame import PATH, READ, Console, Tab
from services.kit.web.console.pages import make_console
from services.kit.web.console.words import WORDS
from services.kit.web.visit import VisitDep
from services.routing.domain.stuck import StuckKind
from services.routing.settings import RoutingSettings
from services.routing.stuck import MOST, find_stuck

FOLDER = Path(__file__).parent / "templates"
STUCK_PATH = f"{PATH}/ket"
KIND_WORDS = {
    StuckKind.UNPLACED: "chưa tới cơ quan nào",
    StuckKind.WITHOUT_OWNER: "không ai giữ",
    StuckKind.WITHOUT_TIMER: "không có hẹn giờ",
    StuckKind.TIMER_LATE: "hẹn giờ đã qua",
    StuckKind.NOT_ACCEPTED: "cơ quan chưa nhận",
    StuckKind.WAITING: "chờ quá lâu",
    StuckKind.PARKED: "bị giữ lại",
    StuckKind.NOT_SENT: "chưa gửi được",
    StuckKind.DEAD_LETTER: "thư chết",
    StuckKind.UNREADABLE: "không đọc được",
}


def routing_console(settings: RoutingSettings, mongo: Mongo) -> Console:
    """The console of routing."""
    now = settings.clock().now
    console = make_console("routing", settings, mongo, FOLDER)
    console.tabs.append(Tab("Đang kẹt", STUCK_PATH))

    @console.pages.get("/ket", READ)
    async def stuck(visit: VisitDep) -> Response:
        found = await find_stuck(mongo, now())
        counts = Counter(finding.kind for finding in found)
        return console.page(
            visit, "stuck.html", found=found, counts=counts, kinds=KIND_WORDS, words=WORDS, now=now(), most=MOST
        )

    return console
