"""What lists, inboxes and figures show, put into stored dossiers: today's work, results that wait, late steps, sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bench.stock import Stock
from local.samples.load import read_samples
from services.intake.domain.status import Status
from services.intake.store import DOSSIERS, INFORMED
from services.routing.domain.statistics import Figure
from services.routing.queries.names import directory_of
from services.routing.store import TRANSFERS
from services.routing.tallies import ALL_TIME, TALLIES
from services.routing.transfers import IN_WORK, WAITING

COUNTER = "H12.970.00"
LAST4 = "4567"
TODAY, FILED, WAIT_FOR_PICK_UP = 400, 200, 1_200
"""Of the counter: registered today, filed and not answered, results that wait: more than a page counts."""
MONTHS, UNITS = 36, 20
AT_ONCE = 1_000
PHONE = f"090123{LAST4}"
SLOTS = 200
"""Due times of late steps lie on so many moments."""


@dataclass(frozen=True)
class Furnished:
    """What the pages are opened with."""

    code: str
    """A dossier of the counter, with a phone."""
    agency: str
    """Whose inbox holds all open hand-overs."""
    handed_over: str
    """A dossier in it."""


async def furnish(stock: Stock) -> Furnished:
    """Make a working day of it. The number of dossiers stays."""
    codes = await _desk(stock)
    first = await stock.routing.collection(TRANSFERS).find_one({"box": {"$gt": ""}})
    assert first is not None, "some of the dossiers are open"
    await _inbox(stock, first["agency"])
    await _tallies(stock)
    return Furnished(codes[0], first["agency"], first["code"])


async def _desk(stock: Stock) -> list[str]:
    """Returns: today's codes."""
    dossiers = stock.intake.collection(DOSSIERS.collection)
    wanted = TODAY + FILED + WAIT_FOR_PICK_UP
    found = [row["_id"] async for row in dossiers.find({"counter": COUNTER}, {"_id": 1}).limit(wanted)]
    step = len(found) // 8  # a stock that is smaller than usual has all of it in the same proportions
    today, filed, resolved = found[: 2 * step], found[2 * step : 3 * step], found[3 * step :]
    for number, code in enumerate(today):
        at = stock.now - timedelta(seconds=number)
        change = {"received_at": at, "status": Status.RECEIVED.value, "applicant.phone": PHONE}
        await dossiers.update_one({"_id": code}, {"$set": change})
    await dossiers.update_many({"_id": {"$in": filed}}, {"$set": {"status": Status.REGISTERED.value}})
    await dossiers.update_many({"_id": {"$in": resolved}}, {"$set": {"status": Status.RESOLVED.value}})
    told = [_told(code, stock.now) for code in (*today, *resolved)]
    await stock.intake.collection(INFORMED.collection).insert_many(told, ordered=False)
    return today


def _told(code: str, at: datetime) -> dict[str, Any]:
    sent = [
        {"notice_id": f"{code}-{kind}", "kind": kind, "channel": "zalo", "at": at, "delivered": True}
        for kind in ("received", "resolved")
    ]
    return {"_id": code, "_v": 1, "_n": 0, "_e": None, "told": sent}


async def _inbox(stock: Stock, agency: str) -> None:
    """All open hand-overs lie with one agency: a third not accepted, some waiting, some late."""
    transfers = stock.routing.collection(TRANSFERS)
    ids = [row["_id"] async for row in transfers.find({"box": {"$gt": ""}}, {"_id": 1})]
    at = stock.now
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        third = len(some) // 3
        accepted = {"state": "accepted", "accepted_at": at}
        in_work, waiting = some[third : 3 * third - 50], some[3 * third - 50 :]
        await transfers.update_many({"_id": {"$in": some}}, {"$set": {"agency": agency}})
        await transfers.update_many({"_id": {"$in": in_work}}, {"$set": {"box": IN_WORK, **accepted}})
        await transfers.update_many({"_id": {"$in": waiting}}, {"$set": {"box": WAITING, **accepted}})
        for place in range(0, len(in_work), 5):  # a fifth is late
            late = at - timedelta(hours=1 + place % SLOTS)
            await transfers.update_one({"_id": in_work[place]}, {"$set": {"due_at": late}})


async def _tallies(stock: Stock) -> None:
    """Three years of sums, as many as a district has: a document for each month, unit and procedure."""
    units = sorted((await directory_of(stock.routing)).by_code())[:UNITS]
    rows = list(_sums(stock.now.date(), units))
    for start in range(0, len(rows), AT_ONCE):
        await stock.routing.collection(TALLIES).insert_many(rows[start : start + AT_ONCE], ordered=False)


def _sums(today: date, units: list[str]) -> Iterator[dict[str, Any]]:
    months = [f"{today.year - back // 12 - (today.month <= back % 12)}-{(today.month - back - 1) % 12 + 1:02d}"
              for back in range(MONTHS)]  # fmt: skip
    once = {Figure.RECEIVED_COUNTER.value: 1, Figure.EARLY.value: 1, Figure.STEP_EARLY.value: 1}
    for procedure in read_samples().catalogue().procedures:
        for unit in units:
            where = {"unit": unit, "procedure": procedure.code, "mechanism": "one_stop", "field": procedure.field}
            for period in (*months, ALL_TIME):
                many = len(months) if period == ALL_TIME else 1
                total = {name: many * 3 for name in once}
                days = {} if period == ALL_TIME else {"days": {f"{day:02d}": once for day in (3, 11, 20)}}
                yield {"_id": "|".join(("bench", period, *where.values())), "period": period, **where,
                       "total": total, **days}  # fmt: skip
