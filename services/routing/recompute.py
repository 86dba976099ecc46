"""Count all open dossiers anew after a change of the calendar: an audited job, dry first, resumable after a stop.

A dossier's own change, its event and its row of the audit are one transaction; the run notes its progress behind each
page. Killed in between, it looks at a page again, which changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.problems import Conflict, Missing
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.work import Cause
from services.routing.commands.recompute_case import (
    BeginRecomputation,
    EndRecomputation,
    NoteRecomputed,
    RecomputeCase,
    ResumeRecomputation,
    row,
)
from services.routing.commands.recompute_due import Recomputed, RecomputeDue
from services.routing.domain.recomputation import Place, Recomputation
from services.routing.open_cases import AT_ONCE, decide_each, pages
from services.routing.store import RECOMPUTATIONS, RECOMPUTED

Row = Mapping[str, Any]
"""`code`, and `before`, `after`, `explained`, or `error`."""
OnPage = Callable[[int, Sequence[Row]], None]
"""Called with the number of dossiers looked at and what became of those that are not as before."""


def quietly(looked_at: int, rows: Sequence[Row]) -> None:
    """Tell nobody of the progress."""


@dataclass
class Recompute:
    """The job against one installation."""

    mongo: Mongo
    committer: Committer
    at_once: int = AT_ONCE

    async def dry_run(self, on_page: OnPage = quietly) -> None:
        """What a run would do; nothing is stored."""
        async for page in pages(self.mongo, at_once=self.at_once):
            codes = [place.code for place in page]
            found = await decide_each(
                self.committer, codes, lambda code: RecomputeDue(code, "", "", dry_run=True), Cause("")
            )
            on_page(len(page), _rows(found))

    async def run(self, by: str, reason: str, on_page: OnPage = quietly) -> Recomputation:
        """A new run to its end.

        Raises: Invalid `account-malformed`, `reason-missing`; Conflict `recomputation-unfinished`.
        """
        last = await latest(self.mongo, 1)
        if last and last[0].ended_at is None:
            words = f"Lần tính lại {last[0].id} chưa xong; hãy chạy tiếp lần đó (--resume)."
            raise Conflict("recomputation-unfinished", words, recomputation=last[0].id)
        return await self._to_the_end(await self.committer.run(BeginRecomputation(new_id(), by, reason)), on_page)

    async def resume(self, id: str, on_page: OnPage = quietly) -> Recomputation:
        """A run that was interrupted, to its end.

        Raises: Missing `recomputation-unknown`; Conflict `recomputation-ended`.
        """
        return await self._to_the_end(await self.committer.run(ResumeRecomputation(id)), on_page)

    async def _to_the_end(self, job: Recomputation, on_page: OnPage) -> Recomputation:
        while job.ended_at is None:
            async for page in pages(self.mongo, job.place, self.at_once):
                job = await self._page(job, page, on_page)
            changed, failed = await self._written(job.id)
            job = await self.committer.run(EndRecomputation(job, changed, failed))
        return job

    async def _page(self, job: Recomputation, page: Sequence[Place], on_page: OnPage) -> Recomputation:
        cause = Cause(job.id)  # the events of one run share its id
        codes = [place.code for place in page]
        found = await decide_each(self.committer, codes, lambda code: RecomputeCase(code, job), cause)
        changed = sum(isinstance(result, Recomputed) for _, result in found)
        failures = {code: type(result).__name__ for code, result in found if isinstance(result, Exception)}
        noted = await self.committer.run(NoteRecomputed(job, page[-1], len(page), changed, failures))
        on_page(len(page), _rows(found))
        return noted

    async def _written(self, job: str) -> tuple[int, int]:
        """How many dossiers changed, and how many failed, by the rows of a run."""
        rows = self.mongo.collection(RECOMPUTED)
        whole = await rows.count_documents(_of(job))
        failed = await rows.count_documents({**_of(job), "error": {"$exists": True}})
        return whole - failed, failed


async def latest(mongo: Mongo, limit: int) -> list[Recomputation]:
    """Runs, the newest first."""
    cursor = mongo.collection(RECOMPUTATIONS.collection).find({}).sort("_id", -1).limit(limit)
    return [RECOMPUTATIONS.to_state(document) async for document in cursor]


async def rows_of(mongo: Mongo, id: str, after: str | None, limit: int) -> tuple[Recomputation, list[Row], str | None]:
    """A run and what it did, by dossier code.

    Returns: also where the next page begins; None: that was all.

    Raises: Missing `recomputation-unknown`.
    """
    job = await RECOMPUTATIONS.read(mongo, id)
    if job is None:
        raise Missing("recomputation-unknown", "Không có lần tính lại nào với mã này.")
    query = _of(id) if after is None else {"_id": {"$gt": f"{id}/{after}", "$lt": f"{id}0"}}
    cursor = mongo.collection(RECOMPUTED).find(query).sort("_id", 1).limit(limit + 1)
    found = [document async for document in cursor]
    more = found[limit - 1]["_id"].partition("/")[2] if len(found) > limit else None
    rows: list[Row] = [{name: value for name, value in document.items() if name != "_id"} for document in found[:limit]]
    return job, rows, more


def _of(job: str) -> dict[str, Any]:
    """The rows of a run, by their ids: "0" follows "/"."""
    return {"_id": {"$gte": f"{job}/", "$lt": f"{job}0"}}


def _rows(found: Sequence[tuple[str, Recomputed | Exception | None]]) -> list[Row]:
    rows: list[Row] = []
    for code, result in found:
        if isinstance(result, Recomputed):
            rows.append(row(code, result))
        elif isinstance(result, Exception):
            rows.append({"code": code, "error": type(result).__name__})
    return rows
