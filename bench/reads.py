"""What people look for: the catalogue half-typed, the inbox of an agency with very many open transfers."""

from __future__ import annotations

from bench.catalogue import catalogue_figures
from bench.house import Session
from bench.inbox import inbox_figures
from bench.result import Bars, Result, number
from local.engines.engine_set import EngineKind

FEW, MANY = 10_000, 100_000


async def run(session: Session) -> Result:
    """In databases of their own; each question is asked over and over, so there are no rounds."""
    house = session.house
    embedded = house.engines.mongo_kind is EngineKind.EMBEDDED
    catalogue = await catalogue_figures(house.endpoints.mongodb_url)
    inbox = await inbox_figures(house.endpoints.mongodb_url, FEW if embedded else MANY, session.seconds)
    result = Result("reads", f"Tra cứu; hộp thư có {inbox['transfers']} hồ sơ", ("", "p50 ms", "p95 ms"))
    result.figures = {"catalogue": catalogue, "inbox": inbox}
    search = ("Tìm thủ tục", catalogue["search_p50_ms"], catalogue["search_p95_ms"])
    asked = [(name, found["p50_ms"], found["p95_ms"]) for name, found in inbox["asked"].items()]
    for name, p50, p95 in [search, *asked]:
        result.rows.append((name, number(p50), number(p95)))
    result.bars = [Bars("Tra cứu, p95", "mili giây", {name: p95 for name, _, p95 in [search, *asked]})]
    seconds = catalogue["import_seconds"]
    result.notes = [f"Nạp {catalogue['procedures']:.0f} thủ tục, {catalogue['papers']:.0f} giấy tờ: {seconds:.2f} giây"]
    return result
