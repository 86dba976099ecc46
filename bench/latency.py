"""How long things take while fifty dossiers a second come in at the desks."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import orjson

from bench.clerks import application
from bench.house import Session
from bench.line import Line
from bench.result import Bars, Goal, Result, middle, number
from bench.road import applicant, phones
from contracts.events.routing import AgencyTransferOpened
from contracts.topics import AGENCY_TRANSFERS
from local.demo.measure import percentile
from local.dossier_news import News
from local.notices_told import Ledger, within
from local.samples.load import read_samples
from services.kit.kafka import follow

RATE = 50.0
LINES = 32
ARRIVES_WITHIN_S = 60.0
SHARES = {"p50": 0.5, "p99": 0.99, "p99,9": 0.999}
SEEN, TOLD = "cơ quan thấy hồ sơ", "cổng nhận tin nhắn"
GOALS = {SEEN: 1.0, TOLD: 2.0}


async def run(session: Session) -> Result:
    measured: dict[str, list[list[float]]] = {SEEN: [], TOLD: []}
    await _Steady(session, 5.0).run()
    for _ in range(session.rounds):
        steady = _Steady(session, max(10.0, 4 * session.seconds))
        for name, times in zip((SEEN, TOLD), await steady.run(), strict=True):
            measured[name].append(times)
    result = Result(
        "latency", f"Độ trễ khi có {RATE:g} hồ sơ/giây, giây", ("", *SHARES), check=await session.house.check()
    )
    for name, rounds in measured.items():
        found = {words: middle([percentile(times, share) for times in rounds]) for words, share in SHARES.items()}
        result.rows.append((name, *(number(value) for value in found.values())))
        result.figures[name] = found
        result.bars.append(Bars(f"Từ khi quầy gửi đến khi {name}", "giây", found))
        result.goals.append(Goal(f"{name}, p99, giây", found["p99"], GOALS[name], at_least=False))
    result.notes.append("Đo từ lúc đến lượt hồ sơ ở quầy, không phải từ lúc máy khách rảnh.")
    return result


class _Steady:
    """One stretch of steady load."""

    def __init__(self, session: Session, seconds: float) -> None:
        self._house, self._number = session.house, int(RATE * seconds)
        self._due: dict[str, News] = {}
        self._seen: dict[str, float] = {}

    async def run(self) -> tuple[list[float], list[float]]:
        """Returns: seconds until an agency saw each dossier, and until a gateway had its first message."""
        watching = asyncio.create_task(self._watch())
        await asyncio.sleep(1.0)  # who follows the log must have found its place
        await self._register()
        ledger = Ledger(self._house)

        async def all_there() -> bool:
            await ledger.read()
            return len(self._seen) == len(self._due) == len(ledger.handed_over(list(self._due.values())))

        await within(ARRIVES_WITHIN_S, all_there)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        told = ledger.handed_over(list(self._due.values()))
        never = float("inf")
        return (
            [self._seen.get(code, never) - one.at for code, one in self._due.items()],
            [told.get(code, never) - one.at for code, one in self._due.items()],
        )

    async def _watch(self) -> None:
        since = time.time() * 1000
        async for record in follow(self._house.endpoints.kafka_bootstrap, [AGENCY_TRANSFERS.name]):
            if record.timestamp_ms >= since:
                opened = AgencyTransferOpened.parse(record.value or b"")
                assert isinstance(opened, AgencyTransferOpened)
                self._seen[opened.code] = time.time()

    async def _register(self) -> None:
        lines: asyncio.Queue[Line] = asyncio.Queue()
        for _ in range(LINES):
            lines.put_nowait(await Line.to(self._house.addresses.intake, self._house.identity.counters_key))
        counters, begin = read_samples().counter_codes, time.time() + 0.1
        tasks = []
        for n, phone in enumerate(phones(self._number)):
            due = begin + n / RATE
            await asyncio.sleep(max(0.0, due - time.time()))
            body = application(n, counters[n % len(counters)]) | {"applicant": applicant(phone)}
            tasks.append(asyncio.create_task(self._one(lines, orjson.dumps(body), phone, due)))
        await asyncio.gather(*tasks)
        while not lines.empty():
            lines.get_nowait().close()

    async def _one(self, lines: asyncio.Queue[Line], body: bytes, phone: str, due: float) -> None:
        line = await lines.get()
        status, answer = await line.post("/v1/dossiers", body, f"steady-{phone}")
        lines.put_nowait(line)
        if status != 201:
            raise RuntimeError(f"registration refused: {answer[:300].decode('utf-8', 'replace')}")
        code = orjson.loads(answer)["code"]
        self._due[code] = News(code, phone, due)
