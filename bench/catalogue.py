"""The catalogue: how long an import takes, and a search in it."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path

from local.samples.load import read_samples
from motcua.install import load_catalogue
from services.intake.catalogue import CatalogueFile, read_catalogue
from services.intake.queries.procedures import PublishedCatalogue, Search
from services.intake.search_words import fold
from services.intake.store import CATALOGUE, PROCEDURE_VERSIONS, PROCEDURES
from services.kit import schema
from services.kit.mongo import Mongo
from services.kit.settings import Settings

SEARCHES = 300


async def catalogue_figures(mongodb_url: str) -> dict[str, float]:
    """Import the catalogue that `CATALOGUE` and `PAPERS` name, or the samples; then search half-typed words."""
    mongo = Mongo(mongodb_url, "bench_catalogue", driver=Settings().mongo_driver)
    await mongo.drop()
    await schema.ensure(mongo, (PROCEDURES, PROCEDURE_VERSIONS, CATALOGUE))
    started = time.perf_counter()
    file = _file()
    report = await load_catalogue(mongo, lambda: datetime.now(UTC), file, skip_refused=True)
    imported = time.perf_counter() - started
    published = PublishedCatalogue(mongo)
    seconds = []
    for words in _queries(file):
        started = time.perf_counter()
        await published.search(Search(words))
        seconds.append(time.perf_counter() - started)
    seconds.sort()
    await mongo.drop()
    await mongo.close()
    return {
        "procedures": report.added,
        "papers": sum(len(procedure.papers) for procedure in file.procedures),
        "import_seconds": imported,
        "search_p50_ms": 1000 * seconds[len(seconds) // 2],
        "search_p95_ms": 1000 * seconds[int(len(seconds) * 0.95)],
        "search_max_ms": 1000 * seconds[-1],
    }


def _file() -> CatalogueFile:
    if not os.environ.get("CATALOGUE"):
        return read_samples().catalogue()
    papers = os.environ.get("PAPERS")
    return read_catalogue(Path(os.environ["CATALOGUE"]).read_bytes(), Path(papers).read_bytes() if papers else None)


def _queries(file: CatalogueFile) -> list[str]:
    """One to four words that stand side by side in a name, the last one only begun."""
    chance = random.Random(2018)
    queries = []
    for _ in range(SEARCHES):
        words = fold(chance.choice(file.procedures).name)
        start = chance.randrange(len(words))
        *whole, last = words[start : start + chance.randint(1, 4)]
        queries.append(" ".join([*whole, last[: chance.randint(1, len(last))]]))
    return queries
