"""Pages: who reads Kafka and how far, what waits to be sent, holding the consumer."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from contracts.problems import Invalid
from services.kit.clock import Now
from services.kit.consumer_view import GroupView, group_view, partitions_of
from services.kit.outbox_depth import outbox_depth
from services.kit.pauses import pause, resume
from services.kit.watch import wall
from services.kit.web.console.frame import ACT, PATH, READ, REASON_FIELDS, About, Console, Tab
from services.kit.web.console.overview import processes_of
from services.kit.web.console.words import WORDS
from services.kit.web.forms import Form
from services.kit.web.visit import Visit, VisitDep

CONSUMER = f"{PATH}/bo-doc"


def consumer_pages(console: Console, now: Now) -> None:
    """Add them."""
    pages, mongo, group = console.pages, console.mongo, console.group
    console.tabs.append(Tab("Bộ đọc và hàng chờ", CONSUMER))

    async def shown(visit: Visit, form: Form[Any], status: int = 200) -> Response:
        view = await group_view(mongo, group)
        limits = console.settings.health
        return console.page(
            visit, "console_consumers.html", status, form=form, view=view, topics=_topics(view), words=WORDS,
            processes=await processes_of(mongo), depth=await outbox_depth(mongo), now=now(), wall=wall(),
            limits=limits,
        )  # fmt: skip

    @pages.get("/bo-doc", READ)
    async def consumer(visit: VisitDep) -> Response:
        return await shown(visit, visit.blank())

    async def change(visit: Visit, *, hold: bool) -> Response:
        form = visit.read(About)
        if form.value is None:
            return await shown(visit, form, 422)
        try:
            acting = await console.acting(visit, form.value.reason)
        except Invalid as refusal:
            return await shown(visit, form.refused(refusal, REASON_FIELDS), 422)
        changed = await (pause if hold else resume)(mongo, group, acting, now())
        if not changed:
            return await visit.go(CONSUMER, "Không có gì thay đổi: bộ đọc đã ở trạng thái đó.", "note")
        words = "Đã tạm dừng bộ đọc; lô đang làm được làm xong." if hold else "Bộ đọc chạy tiếp."
        return await visit.go(CONSUMER, words)

    @pages.post("/bo-doc/tam-dung", ACT)
    async def hold(visit: VisitDep) -> Response:
        return await change(visit, hold=True)

    @pages.post("/bo-doc/chay-tiep", ACT)
    async def let_go(visit: VisitDep) -> Response:
        return await change(visit, hold=False)


def _topics(view: GroupView) -> list[dict[str, Any]]:
    """One row a topic: partitions, where they stand, what is left."""
    rows: dict[str, dict[str, Any]] = {}
    for place in partitions_of(view.group):
        row = rows.setdefault(
            place[0], {"topic": place[0], "partitions": 0, "next": 0, "lag": 0, "unread": 0, "unknown": 0}
        )
        lag = view.lag(place)
        row["partitions"] += 1
        row["next"] += view.read_to.get(place, 0)
        row["lag"] += lag or 0
        row["unread"] += view.holder(place) is None
        row["unknown"] += lag is None
    return list(rows.values())
