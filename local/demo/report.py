"""What the day came to: figures from the databases and the phones, latencies, the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.events.routing import DossierSentBack, DossierStepRecalled
from local.demo.measure import Measures, percentile
from local.demo.opening import BASIS
from local.demo.visit import Turn
from local.stack import Stack
from motcua.check.facts import Facts
from motcua.check.reading import read_phones
from services.intake.domain.dossier import DESK
from services.intake.domain.status import ENDED
from services.intake.queries.ratings import summary
from services.kit.mongo import Mongo
from services.routing.queries.statistics import statistics
from services.routing.store import CASES

STATES = {"delivered": "đã nhận", "undeliverable": "không đến được", "failed": "lỗi", "expired": "hết hạn",
          "cancelled": "không còn cần", "sent": "đã gửi, chờ biên nhận"}  # fmt: skip


PROOFS = {"signature": "ký nhận", "one_time_code": "mã một lần", "postal_receipt": "bưu chính"}


@dataclass(frozen=True)
class DeskFigures:
    """What intake's database says of the day."""

    dossiers: int
    ended: int
    accepted: int
    """Received by a desk: those that routing counts."""
    online: int
    completed: int
    """Accepted after the desk had asked for papers."""
    late_answers: int
    refused: int
    withdrawn: int
    on_the_spot: int
    returned: int
    proofs: Counter[str]
    rated: int
    average: float | None
    follow_ups: int


@dataclass(frozen=True)
class AgencyFigures:
    """What routing's database says of the day."""

    sent_back: int
    recalled: int
    """Branches that were not needed any more."""
    new_dates: int
    past_the_closure: int
    """Dossiers whose promise says that it passes over the district's day off."""


@dataclass(frozen=True)
class DayFigures:
    """What is shown."""

    statistics: dict[str, Any]
    agencies: AgencyFigures
    notices: Counter[tuple[str, str]]
    """By channel and state."""
    desk: DeskFigures

    def turns(self, measures: Measures) -> tuple[tuple[str, int, int], ...]:
        """What agencies did beside the usual: in words, how often they did it, how often the system says so."""
        stopped, done = self.statistics["stopped"], measures.turns
        return (
            ("Yêu cầu bổ sung", done[Turn.PAPERS], stopped["supplement"]),
            ("Yêu cầu nghĩa vụ tài chính", done[Turn.PAYMENT], stopped["payment"]),
            ("Tạm dừng lấy ý kiến", done[Turn.OPINION], stopped["consultation"]),
            ("Xin lỗi và hẹn lại, thủ trưởng ký", done[Turn.NEW_DATE], self.agencies.new_dates),
            ("Trả lại bước trước", done[Turn.SENT_BACK], self.agencies.sent_back),
        )


async def gather_figures(stack: Stack, measures: Measures) -> DayFigures:
    """Count from the stores, not from the drivers' memory."""
    routing, notify, intake = (stack.mongo(name) for name in ("routing", "notify", "intake"))
    figures = await statistics(routing)
    notices: Counter[tuple[str, str]] = Counter()
    created: dict[str, float] = {}
    told: Counter[str] = Counter()
    attempts: dict[str, str] = {}
    offset = stack.clock_offset
    async for notice in notify.collection("notices").find({}, {"channel": 1, "state": 1, "event_id": 1, "attempts": 1}):
        notices[notice["channel"], notice["state"]] += 1
        attempts |= {attempt["id"]: notice["event_id"] for attempt in notice["attempts"]}
    for mongo in (intake, routing):
        async for document in mongo.collection("outbox").find({}, {"created_at": 1, "events.id": 1, "events.type": 1}):
            at = document["created_at"].timestamp() - offset
            created |= {event["id"]: at for event in document["events"]}
            told.update(event["type"] for event in document["events"])
    facts = Facts()
    await read_phones(facts, stack.addresses.simulators)
    first: dict[str, float] = {}
    for message in facts.messages or ():
        event = attempts.get(message["tracking_id"] or message["request_id"])
        if event in created:
            taken = message["accepted_at"] / 1000
            first[event] = min(taken, first.get(event, taken))
    measures.notice_handed = [max(0.0, taken - created[event]) for event, taken in first.items()]
    desk, agencies = await _desk(intake), await _agencies(routing, told)
    for mongo in (routing, notify, intake):
        await mongo.close()
    return DayFigures(figures, agencies, notices, desk)


async def _agencies(routing: Mongo, told: Counter[str]) -> AgencyFigures:
    cases = routing.collection(CASES.collection)
    return AgencyFigures(
        sent_back=told[DossierSentBack.TYPE],
        recalled=told[DossierStepRecalled.TYPE],
        new_dates=await cases.count_documents({"extended": True}),
        past_the_closure=await cases.count_documents({"promises.trail.legal_basis": BASIS}),
    )


async def _desk(intake: Mongo) -> DeskFigures:
    fields = ("status", "channel", "on_the_spot", "due_at", "answer_overdue", "requests.by", "hand_over.proof")
    cursor = intake.collection("dossiers").find({}, dict.fromkeys(fields, 1))
    dossiers = [dossier async for dossier in cursor]
    states = Counter(dossier["status"] for dossier in dossiers)
    accepted = [dossier for dossier in dossiers if dossier["due_at"] is not None]
    ratings = await summary(intake, None, None, None)
    return DeskFigures(
        dossiers=len(dossiers),
        ended=sum(states[status.value] for status in ENDED),
        accepted=len(accepted),
        online=sum(dossier["channel"] == "online" for dossier in dossiers),
        completed=sum(any(request["by"] == DESK for request in dossier["requests"]) for dossier in accepted),
        late_answers=sum(dossier["answer_overdue"] for dossier in dossiers),
        refused=states["refused"],
        withdrawn=states["withdrawn"],
        on_the_spot=sum(dossier["on_the_spot"] for dossier in dossiers),
        returned=states["returned"],
        proofs=Counter(dossier["hand_over"]["proof"] for dossier in dossiers if dossier["status"] == "returned"),
        rated=ratings["count"],
        average=ratings["average"]["overall"],
        follow_ups=await intake.collection("ratings").count_documents({"follow_up": {"$ne": None}}),
    )


def show_day(console: Console, figures: DayFigures, measures: Measures, memory_mb: float) -> None:
    """The day's tables."""
    console.print(_day(figures, measures))
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
        ("Phần mềm của quầy nhận trả lời", measures.command_answered),
        ("Cơ quan thấy hồ sơ", measures.agency_sees),
        ("Cổng nhắn tin nhận thông báo", measures.notice_handed),
    ):
        figures_of = (f"{percentile(values, share):.3f}" for share in (0.5, 0.95, 0.99))
        speed.add_row(name, *figures_of, f"{len(values):,}")
    console.print(speed)
    console.print(f"Bộ nhớ của toàn hệ thống: {memory_mb:,.0f} MB")
    for problem, number in Counter(measures.problems).most_common(10):
        console.print(f"[red]Bị từ chối {number} lần: {problem}[/red]")


def _day(figures: DayFigures, measures: Measures) -> Table:
    received, resolved, desk = figures.statistics["received"], figures.statistics["resolved"], figures.desk
    steps = figures.statistics["steps"]
    day = Table(title="Ngày làm việc", title_justify="left")
    for column in ("", "Số", ""):
        day.add_column(column, justify="right" if column else "left")
    proofs = ", ".join(f"{words} {desk.proofs[proof]:,}" for proof, words in PROOFS.items())
    average = "" if desk.average is None else f"trung bình {desk.average:.1f}/5"
    for name, value, more in (
        ("Nộp hồ sơ", desk.dossiers, f"trực tuyến {desk.online:,}"),
        ("Tiếp nhận một cửa", received["one_stop"], f"giải quyết ngay tại quầy {desk.on_the_spot:,}"),
        ("Tiếp nhận liên thông", received["interlinked"], ""),
        ("Tiếp nhận sau khi bổ sung", desk.completed, ""),
        ("Từ chối tiếp nhận", desk.refused, ""),
        ("Trả lời quá hạn", desk.late_answers, "quá 8 giờ làm việc"),
        ("Công dân rút hồ sơ", desk.withdrawn, ""),
        ("Giải quyết trước hạn", resolved["early"], ""),
        ("Giải quyết đúng hạn", resolved["on_time"], ""),
        ("Giải quyết quá hạn", resolved["late"], ""),
        ("Đang giải quyết", figures.statistics["open"], ""),
        *((name, kept, "") for name, _, kept in figures.turns(measures)),
        ("Bước đã xong", sum(steps[one] for one in ("early", "on_time", "late")), f"quá hạn {steps['late']:,}"),
        ("Nhánh không còn cần", figures.agencies.recalled, "đủ nơi đồng ý"),
        ("Hẹn bỏ qua ngày nghỉ của huyện", figures.agencies.past_the_closure, ""),
        ("Đã trả kết quả", desk.returned, proofs),
        ("Đã đánh giá", desk.rated, average),
        ("Điểm thấp cần theo dõi", desk.follow_ups, ""),
        ("Nộp trùng có xác nhận", measures.warned, ""),
        ("Công dân tra cứu", measures.tracked, ""),
    ):
        day.add_row(name, f"{value:,}", more)
    return day
