"""What the year came to, counted three times over: in the event log, in the statistics, in the cases themselves."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from contracts.events.intake import DossierSubmitted
from contracts.events.routing import DossierResolved
from contracts.topics import DOSSIER_EVENTS
from contracts.types import Mechanism, Timeliness
from local.demo.run import check_stack
from local.stack import Stack
from local.year.plan import YEAR, Year
from motcua.check import Report
from motcua.install import SERVICES
from services.kit.kafka import read_log
from services.kit.outbox import OUTBOX
from services.routing.recount import Recount, recount
from services.routing.store import CASES

SETTLED_WITHIN_S = 120.0
WORDS: Mapping[str, str] = {
    Mechanism.ONE_STOP: "Một cửa",
    Mechanism.INTERLINKED: "Một cửa liên thông",
    Timeliness.EARLY: "Trước hạn",
    Timeliness.ON_TIME: "Đúng hạn",
    Timeliness.LATE: "Quá hạn",
    "open": "Đang giải quyết khi hết năm",
}
Figures = Counter[str]
"""By the keys of `WORDS`."""


@dataclass(frozen=True)
class YearReport:
    """The year as everybody tells it."""

    expected: Figures
    log: Figures
    statistics: Figures
    cases: Figures
    recount: Recount
    recipients: int
    """Dossiers that notify has heard of."""
    notices: int
    """None: nobody is told of the past."""
    check: Report

    @property
    def good(self) -> bool:
        same = self.expected == self.log == self.statistics == self.cases
        told = self.recipients == self.expected[Mechanism.ONE_STOP] + self.expected[Mechanism.INTERLINKED]
        return same and not self.recount.differences and told and not self.notices and self.check.clean


async def report_on(stack: Stack, year: Year) -> YearReport:
    """Count, once everything has been taken off the log."""
    routing, notify = stack.mongo("routing"), stack.mongo("notify")
    try:
        expected = _expected(year)
        await _settled(stack, expected)
        return YearReport(
            expected,
            await _logged(stack),
            await _statistics(stack),
            await _cases(stack),
            await recount(routing, stack.clock.now(), under_way=timedelta(0)),
            await notify.collection("recipients").count_documents({}),
            await notify.collection("notices").count_documents({}),
            await check_stack(stack, timedelta(0)),
        )
    finally:
        await routing.close()
        await notify.close()


def show_year(console: Console, report: YearReport) -> None:
    table = Table(title=f"Năm {YEAR}", title_justify="left")
    for column in ("", "Nhật ký sự kiện", "Thống kê", "Đếm lại", "Kế hoạch"):
        table.add_column(column, justify="left" if not column else "right")
    for key, words in WORDS.items():
        told = (report.log, report.statistics, report.cases, report.expected)
        table.add_row(words, *(f"{figures[key]:,}".replace(",", ".") for figures in told))
    console.print(table)
    console.print(
        f"Đếm lại từng số liệu: {len(report.recount.differences)} số lệch. Thông báo biết {report.recipients} hồ sơ, "
        f"gửi {report.notices} tin (sổ cũ không nhắn tin)."
    )
    console.print(f"Đối chiếu: {report.check.verdict}")


def _expected(year: Year) -> Figures:
    found: Figures = Counter()
    for life in year.lives:
        found[Mechanism.INTERLINKED if life.procedure.interlinked else Mechanism.ONE_STOP] += 1
        found[life.timeliness or "open"] += 1
    return found


async def _settled(stack: Stack, expected: Figures) -> None:
    """Wait until nothing waits to be sent and every result is counted; what never comes is left to the report."""
    until = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < until:
        if not any([await _pending(stack, service) for service in SERVICES]) and await _statistics(stack) == expected:
            return
        await asyncio.sleep(0.5)


async def _pending(stack: Stack, service: str) -> int:
    mongo = stack.mongo(service)
    number: int = await mongo.collection(OUTBOX).count_documents({"pending": True})
    await mongo.close()
    return number


async def _logged(stack: Stack) -> Figures:
    """From Kafka's log: each dossier once, whatever is on it twice."""
    received: dict[str, str] = {}
    resolved: dict[str, str] = {}
    async with read_log(stack.endpoints.kafka_bootstrap, [DOSSIER_EVENTS.name]) as records:
        async for record in records:
            type = (dict(record.headers).get("ce_type") or b"").decode()
            if type == DossierSubmitted.TYPE:
                submitted = DossierSubmitted.parse(record.value or b"")
                assert isinstance(submitted, DossierSubmitted)
                received[submitted.code] = submitted.mechanism
            elif type == DossierResolved.TYPE:
                result = DossierResolved.parse(record.value or b"")
                assert isinstance(result, DossierResolved)
                resolved[result.code] = result.timeliness
    return Counter([*received.values(), *resolved.values(), *("open" for code in received if code not in resolved)])


async def _statistics(stack: Stack) -> Figures:
    """As the API answers."""
    headers = {"Authorization": f"Bearer {stack.identity.operator_key}"}
    period = {"from": date(YEAR, 1, 1).isoformat(), "to": date(YEAR, 12, 31).isoformat()}
    async with httpx.AsyncClient(base_url=stack.addresses.routing, headers=headers, timeout=60) as http:
        answer = await http.get("/v1/statistics", params=period)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
    return +Counter({**told["received"], **told["resolved"], "open": told["open"]})


async def _cases(stack: Stack) -> Figures:
    """From the cases, one by one."""
    mongo = stack.mongo("routing")
    found: Figures = Counter()
    async for case in mongo.collection(CASES.collection).find({}, {"mechanism": 1, "timeliness": 1}):
        found.update((case["mechanism"], case["timeliness"] or "open"))
    await mongo.close()
    return found
