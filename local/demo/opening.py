"""What is in place before the doors open: agencies, catalogue, workflows, and a calendar with a day off of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from rich.console import Console

from local.demo.day import CALENDAR
from local.samples.load import read_samples
from local.stack import Stack
from motcua.calendar import publish_calendar
from motcua.install import load_agencies, load_catalogue
from motcua.workflows import load_workflows
from services.intake.catalogue import CatalogueFile
from services.intake.store import CALENDAR as KEPT_CALENDAR
from services.intake.store import THE_CALENDAR
from services.kit.clock import VIETNAM
from services.kit.mongo import Mongo
from services.kit.worktime import CalendarDay, CalendarTable, DayKind, DayRow
from services.routing.store import WORKFLOWS
from services.routing.workflows import Kind, read_workflows

DISTRICT = "H12.970"
BASIS = "Quyết định mẫu của UBND huyện (dữ liệu thử)"
LONGEST_WAIT_S = 120.0


@dataclass(frozen=True)
class Opened:
    """What the day goes by."""

    closed_on: date
    """The next day on which the district would have worked: every promise of a day or more passes it."""
    branching: frozenset[str] = frozenset()
    """Codes of procedures with agencies side by side."""


async def open_doors(stack: Stack, file: CatalogueFile, console: Console, *, own: bool) -> Opened:
    """Load everything, and wait until both services know it.

    Args:
        own: the catalogue is the project's own sample, which the sample workflows are about.
    """
    now, samples = stack.clock.now, read_samples()
    routing, intake = stack.mongo("routing"), stack.mongo("intake")
    try:
        await load_agencies(routing, now, samples.agencies_file.read_bytes())
        closed_on = CALENDAR.nth_working_day(now().astimezone(VIETNAM).date(), 1)
        await publish_calendar(routing, now, _closed(closed_on))
        report = await load_catalogue(intake, now, file, skip_refused=True)
        await _until(lambda: _knows_calendar(intake), "lịch")
        await _until(lambda: _knows_procedures(routing, report.added), "danh mục")
        console.print(
            f"Danh mục: {report.added} thủ tục, {report.without_limit} chưa có thời hạn, "
            f"{report.refused} dòng bị từ chối, {len(file.doubtful)} dòng cần xem lại."
        )
        branching = await _load_workflows(stack, routing) if own else frozenset()
        console.print(
            f"Lịch: {DISTRICT} nghỉ ngày {closed_on:%d/%m/%Y}; {len(branching)} quy trình có nhánh song song."
        )
    finally:
        await routing.close()
        await intake.close()
    return Opened(closed_on, branching)


def _closed(day: date) -> CalendarTable:
    closure = CalendarDay(day, DayKind.EMERGENCY_CLOSURE, BASIS, "Nghỉ phòng chống bão")
    return CalendarTable(days=(DayRow(closure, DISTRICT),))


async def _load_workflows(stack: Stack, routing: Mongo) -> frozenset[str]:
    """Returns: codes of the procedures in which branches meet again."""
    read = read_workflows(read_samples().workflows_file.read_bytes(), Kind.YAML)
    report = await load_workflows(routing, stack.clock.now, read)
    assert report.stored, [row.reason for row in report.rows]
    drafts = ((entry.code, entry.draft) for entry in read.entries)
    return frozenset(code for code, draft in drafts if draft and any(len(step.after) > 1 for step in draft.steps))


async def _until(known: Callable[[], Awaitable[bool]], what: str) -> None:
    """Raises: TimeoutError."""
    until = time.monotonic() + LONGEST_WAIT_S
    while not await known():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: chưa tới sau {LONGEST_WAIT_S:g} giây")
        await asyncio.sleep(0.2)


async def _knows_calendar(intake: Mongo) -> bool:
    return await KEPT_CALENDAR.read(intake, THE_CALENDAR) is not None


async def _knows_procedures(routing: Mongo, wanted: int) -> bool:
    number: int = await routing.collection(WORKFLOWS.collection).count_documents({})
    return number >= wanted
