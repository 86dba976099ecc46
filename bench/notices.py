"""Notices: seconds from a dossier's event to the gateway that took the message; what is on the phones after kills."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from math import isinf
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from bench.machine import spent
from local.demo.measure import percentile
from local.demo.run import check_stack
from local.dossier_news import DossierNews, News
from local.notices_told import Ledger, Verdict, unfinished, verdict_on, within
from local.notify_stack import NotifyStack
from local.plan import Ports
from local.worker_kills import WorkerKills
from motcua.check import Report

SOON_S = 10.0
"""GOV.UK Notify promises it for 95 of 100; here it is 999 of 1,000."""
KILL_EVERY_S = 5.0
TIMEOUTS = 0.05
RECEIPTS_MS = (2_000, 6_000)
"""Around the time limit of a call: a receipt that came before it would settle every doubt before it begins."""
SILENCE_S = 20.0
"""`ZALO_UNKNOWN_SECONDS` of a local installation, the shortest silence that makes an SMS follow."""
HANDED_OVER_WITHIN_S = 180.0
AT_REST_WITHIN_S = 400.0
"""What a killed process held is locked for a minute, then the waits of the ladder begin."""
SETTINGS = {
    # What these simulators grant: without a contract 50 calls a second and gateway are a careful guess, SpeedSMS has 1.
    "GATEWAY_RATES": '{"zalo": 500, "esms": 400, "speedsms": 150, "vnpt": 400}',
    "SMPP_RATE": "400",
    "GATEWAY_TIMEOUT_SECONDS": "3",
    "CLAIM_MARGIN_SECONDS": "3",
    "SMS_UNKNOWN_SECONDS": "30",
}


@dataclass
class Phase:
    """One load and what came of it; times in seconds."""

    name: str
    asked_per_second: float
    notices: int
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    p999: float = 0.0
    slowest: float = 0.0
    """Infinite where one was never handed over: its call died, and the counter calls instead."""
    soon: float = 0.0
    """Share handed over within ten seconds."""
    handed_per_second: float = 0.0
    """While the load lasted."""
    backlog: int = 0
    """Told but not handed over when the load ended."""
    caught_up: float = 0.0
    """Until the last one was handed over, after the load ended."""
    kills: int = 0
    longest_rest: float = 0.0
    machine: dict[str, float] = field(default_factory=dict)
    """Shares of the processors while the load lasted: ours and others'."""
    verdict: dict[str, Any] = field(default_factory=dict)


async def notice_figures(console: Console, seconds: float, rate: float = 100.0, most: float = 200.0) -> dict[str, Any]:
    """Measure on an installation of its own.

    Args:
        seconds: how long each load lasts.
        rate: notices a second of the first load and of the one with kills.
        most: notices a second of the second load.
    """
    data = Path(tempfile.mkdtemp(prefix="motcua-notices-"))
    stack = NotifyStack(data, lambda _, __: None, ports=Ports.free(), settings=SETTINGS)
    try:
        await stack.start()
        console.print(f"Thông báo. Máy chủ: Kafka {stack.engines.broker_kind}, MongoDB {stack.engines.mongo_kind}")
        bench = _Bench(stack, DossierNews(stack))
        await bench.warm_up(rate)
        phases = [
            await bench.load(f"{rate:g}/giây", rate, seconds),
            await bench.load(f"{most:g}/giây", most, seconds),
            await bench.load_with_kills(f"{rate:g}/giây, giết và quá giờ", rate, seconds),
        ]
        report = await bench.compare()
    finally:
        await stack.stop()
        shutil.rmtree(data, ignore_errors=True)
    _show(console, phases, report)
    return {
        "engines": {"kafka": str(stack.engines.broker_kind), "mongodb": str(stack.engines.mongo_kind)},
        "seconds": seconds,
        "phases": [asdict(phase) for phase in phases],
        "checker": report.as_dict()["counts"],
        "valid": report.clean and all(phase.verdict["as_it_must_be"] for phase in phases),
    }


@dataclass
class _Bench:
    stack: NotifyStack
    news: DossierNews

    async def warm_up(self, rate: float) -> None:
        """First calls open connections and fetch Zalo's token."""
        await self._hand_over(await self.news.tell(int(rate), rate), Ledger(self.stack))

    async def load(self, name: str, rate: float, seconds: float) -> Phase:
        """Tell at a rate; then wait until all is handed over and has come to its end."""
        phase, ledger = Phase(name, rate, int(rate * seconds)), Ledger(self.stack)
        began, before = time.time(), spent(self._pids())
        told = await self.news.tell(phase.notices, rate)
        ended, phase.machine = time.time(), spent(self._pids()).since(before)
        await self._hand_over(told, ledger)
        _measure(phase, told, ledger.handed_over(told), began, ended)
        phase.verdict = _as_dict(await self._ended(told))
        return phase

    async def load_with_kills(self, name: str, rate: float, seconds: float) -> Phase:
        """The same while the worker dies every few seconds and gateways take messages without saying so."""
        await self._faults(timeout_after_accept=TIMEOUTS, receipt_delay_ms=RECEIPTS_MS)
        kills = WorkerKills(self.stack, KILL_EVERY_S)
        killing = asyncio.create_task(kills.run())
        try:
            phase = await self.load(name, rate, seconds)
        finally:
            killing.cancel()
            with suppress(asyncio.CancelledError):
                await killing
            await self._faults()
        phase.kills, phase.longest_rest = kills.kills, kills.longest_rest_s
        return phase

    async def compare(self) -> Report:
        """The checker, with the journal that intake would have."""
        await self.news.journal()
        return await check_stack(self.stack, timedelta(0))

    def _pids(self) -> list[int | None]:
        engines = (self.stack.engines.broker, self.stack.engines.mongo)
        processes = self.stack.supervisor.running.values()
        return [os.getpid(), *(e.pid for e in engines if e is not None), *(process.pid for process in processes)]

    async def _hand_over(self, told: Sequence[News], ledger: Ledger) -> None:
        """Wait until each has been taken by a gateway, or no longer."""

        async def all_taken() -> bool:
            await ledger.read()
            return len(ledger.handed_over(told)) == len(told)

        await within(HANDED_OVER_WITHIN_S, all_taken)

    async def _ended(self, told: Sequence[News]) -> Verdict:
        async def at_rest() -> bool:
            return await unfinished(self.stack) == 0

        await within(AT_REST_WITHIN_S, at_rest)
        return await verdict_on(self.stack, told, SILENCE_S)

    async def _faults(self, **faults: Any) -> None:
        async with httpx.AsyncClient(base_url=self.stack.addresses.simulators, trust_env=False) as http:
            (await http.put("/control/faults", json=faults)).raise_for_status()


def _measure(phase: Phase, told: Sequence[News], taken: dict[str, float], began: float, ended: float) -> None:
    """One that was never handed over took for ever."""
    times = [taken.get(one.code, float("inf")) - one.at for one in told]
    phase.p50, phase.p95, phase.p99, phase.p999 = (percentile(times, share) for share in (0.5, 0.95, 0.99, 0.999))
    phase.slowest = max(times)
    phase.soon = sum(seconds <= SOON_S for seconds in times) / len(times)
    in_time = sum(moment <= ended for moment in taken.values())
    phase.handed_per_second, phase.backlog = in_time / (ended - began), len(told) - in_time
    phase.caught_up = max(0.0, max(taken.values(), default=ended) - ended)


def _as_dict(verdict: Verdict) -> dict[str, Any]:
    counts = {name: len(v) if isinstance(v, list) else v for name, v in asdict(verdict).items()}
    return counts | {"as_it_must_be": verdict.as_it_must_be}


def _show(console: Console, phases: Sequence[Phase], report: Report) -> None:
    table = Table(title="Từ sự kiện đến khi cổng nhận tin", title_justify="left")
    table.add_column("")
    for phase in phases:
        table.add_column(phase.name, justify="right")
    for name, show in ROWS.items():
        table.add_row(name, *(show(phase) for phase in phases))
    console.print(table)
    console.print(f"Đối chiếu thông báo: {report.verdict}")
    for finding in report.findings[:10]:
        console.print(f"  [red]{finding.kind} {finding.rule}: {finding.subject} {finding.detail}[/red]")


def _seconds(value: float) -> str:
    return "–" if isinf(value) else f"{value:.2f} s"


ROWS: Mapping[str, Callable[[Phase], str]] = {
    "thông báo": lambda phase: str(phase.notices),
    "p50": lambda phase: _seconds(phase.p50),
    "p95": lambda phase: _seconds(phase.p95),
    "p99": lambda phase: _seconds(phase.p99),
    "p99,9": lambda phase: _seconds(phase.p999),
    "chậm nhất": lambda phase: _seconds(phase.slowest),
    "giao trong 10 s": lambda phase: f"{100 * phase.soon:.2f} %",
    "giao mỗi giây": lambda phase: f"{phase.handed_per_second:.0f}",
    "còn đọng khi hết tải": lambda phase: str(phase.backlog),
    "đuổi kịp sau": lambda phase: _seconds(phase.caught_up),
    "việc khác chiếm máy": lambda phase: f"{100 * phase.machine['others']:.0f} %",
    "điện thoại hiện một tin": lambda phase: str(phase.verdict["on_phones"]),
    "trong danh sách gọi": lambda phase: str(phase.verdict["on_call_list"]),
    "mất": lambda phase: str(phase.verdict["lost"]),
    "trùng": lambda phase: str(phase.verdict["doubled"]),
    "chưa kết thúc": lambda phase: str(phase.verdict["open"]),
    "lần gọi không có trả lời": lambda phase: str(phase.verdict["in_doubt"]),
    "Zalo im lặng, gửi SMS": lambda phase: str(phase.verdict["fallen_back"]),
    "… điện thoại hiện cả hai": lambda phase: str(phase.verdict["after_silence"]),
    "giết tiến trình gửi": lambda phase: f"{phase.kills} lần",
    "nghỉ lâu nhất sau khi giết": lambda phase: _seconds(phase.longest_rest),
}
