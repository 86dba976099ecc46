"""What the day came to: figures from the databases and the phones, latencies, the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from local.demo.measure import Measures, percentile
from local.stack import Stack
from motcua.check.facts import Facts, read_phones
from services.routing.queries.statistics import statistics

STATES = {"delivered": "đã nhận", "undeliverable": "không đến được", "failed": "lỗi", "expired": "hết hạn",
          "cancelled": "hủy", "sent": "đã gửi, chờ biên nhận"}  # fmt: skip


@dataclass(frozen=True)
class DayFigures:
    """What is shown."""

    statistics: dict[str, Any]
    notices: Counter[tuple[str, str]]
    """By channel and state."""
    returned: int


async def gather_figures(stack: Stack, measures: Measures) -> DayFigures:
    """Count from the stores, not from the drivers' memory."""
    routing, notify, intake = (stack.mongo(name) for name in ("routing", "notify", "intake"))
    figures = await statistics(routing)
    notices: Counter[tuple[str, str]] = Counter()
    created: dict[str, float] = {}
    attempts: dict[str, str] = {}
    offset = stack.clock_offset
    async for notice in notify.collection("notices").find({}, {"channel": 1, "state": 1, "event_id": 1, "attempts": 1}):
        notices[notice["channel"], notice["state"]] += 1
        attempts |= {attempt["id"]: notice["event_id"] for attempt in notice["attempts"]}
    for mongo in (intake, routing):
        async for document in mongo.collection("outbox").find({}, {"created_at": 1, "events.id": 1}):
            at = document["created_at"].timestamp() - offset
            created |= {event["id"]: at for event in document["events"]}
    facts = Facts()
    await read_phones(facts, stack.addresses.simulators)
    first: dict[str, float] = {}
    for message in facts.messages or ():
        event = attempts.get(message["tracking_id"] or message["request_id"])
        if event in created:
            taken = message["accepted_at"] / 1000
            first[event] = min(taken, first.get(event, taken))
    measures.notice_handed = [max(0.0, taken - created[event]) for event, taken in first.items()]
    returned = [d async for d in intake.collection("dossiers").find({"status": "returned"}, {"_id": 1})]
    for mongo in (routing, notify, intake):
        await mongo.close()
    return DayFigures(figures, notices, len(returned))


def show_day(console: Console, figures: DayFigures, measures: Measures, memory_mb: float) -> None:
    """The day's tables."""
    received, resolved = figures.statistics["received"], figures.statistics["resolved"]
    day = Table(title="Ngày làm việc", title_justify="left")
    for column in ("", "Số hồ sơ"):
        day.add_column(column, justify="right" if column else "left")
    for name, value in (
        ("Tiếp nhận một cửa", received["one_stop"]),
        ("Tiếp nhận liên thông", received["interlinked"]),
        ("Giải quyết trước hạn", resolved["early"]),
        ("Giải quyết đúng hạn", resolved["on_time"]),
        ("Giải quyết quá hạn", resolved["late"]),
        ("Đang giải quyết", figures.statistics["open"]),
        ("Đã trả kết quả", figures.returned),
    ):
        day.add_row(name, f"{value:,}")
    console.print(day)
    notices = Table(title="Thông báo", title_justify="left")
    for column in ("Kênh", "Trạng thái", "Số"):
        notices.add_column(column, justify="right" if column == "Số" else "left")
    for (channel, state), number in sorted(figures.notices.items()):
        notices.add_row(channel, f"{STATES.get(state, state)} ({state})", f"{number:,}")
    console.print(notices)
    speed = Table(title="Độ trễ (giây)", title_justify="left")
    for column in ("", "p50", "p95", "p99", "số mẫu"):
        speed.add_column(column, justify="right" if column else "left")
    for name, values in (
        ("Quầy nhận phiếu hẹn", measures.intake_reply),
        ("Cơ quan thấy hồ sơ", measures.agency_sees),
        ("Cổng nhắn tin nhận thông báo", measures.notice_handed),
    ):
        figures_of = (f"{percentile(values, share):.3f}" for share in (0.5, 0.95, 0.99))
        speed.add_row(name, *figures_of, f"{len(values):,}")
    console.print(speed)
    console.print(f"Bộ nhớ của toàn hệ thống: {memory_mb:,.0f} MB")
    for problem, number in Counter(measures.problems).most_common(10):
        console.print(f"[red]Bị từ chối {number} lần: {problem}[/red]")
