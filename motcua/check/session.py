"""A check with what it leaves behind: its verdict, and where the next incremental one goes on. That is all it writes,
in collections of its own in the database of intake."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from contracts.problems import Conflict
from motcua.check.findings import Report
from motcua.check.incremental import Options, Run
from motcua.check.marks import Memory
from motcua.check.run import OnPhase, Sources, check
from motcua.check.verdicts import keep_verdict
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError

LEASE = "check"
TTL_S = 15.0
NOT_KEPT = "what the next run must know was not kept: another run took over meanwhile"


async def full_check(
    sources: Sources, now: datetime, options: Options, on_phase: OnPhase = lambda phase: None, *, save: bool = True
) -> Report:
    """Compare everything."""
    report = await check(sources, now, on_phase, grace=options.grace, epoch=options.epoch)
    if save:
        await _keep_verdict(sources.databases["intake"], report)
    return report


async def incremental_check(
    sources: Sources, now: datetime, options: Options, on_phase: OnPhase = lambda phase: None, *, save: bool = True
) -> Report:
    """Compare what is new. Without `save` the next run reads the same again.

    Raises: Conflict `check-running`.
    """
    intake = sources.databases["intake"]
    run = Run(sources, Memory(intake), now, options, on_phase)
    if not save:
        return await run.compare()
    async with _alone(intake) as lease:
        epoch = lease.epoch
        report = await run.compare()
        if lease.epoch == epoch and await lease.hold():
            await run.keep()
        else:
            report.notes.append(NOT_KEPT)
        await _keep_verdict(intake, report)
    return report


async def _keep_verdict(intake: Mongo, report: Report) -> None:
    """Who may only read has a verdict all the same."""
    try:
        await keep_verdict(intake, report)
    except PyMongoError as error:
        report.notes.append(f"the verdict was not kept: {type(error).__name__}")


@asynccontextmanager
async def _alone(intake: Mongo) -> AsyncIterator[Lease]:
    """One incremental run at a time; one that was killed is waited for until its lease is over.

    Raises: Conflict `check-running`.
    """
    await intake.ping()
    lease = Lease(intake, LEASE, ttl_s=TTL_S)
    until = time.monotonic() + 1.5 * TTL_S
    while not await lease.hold():
        if time.monotonic() > until:
            raise Conflict("check-running", "Một lần kiểm tra khác đang chạy; hãy đợi nó xong.")
        await asyncio.sleep(0.5)
    beat = asyncio.create_task(_beat(lease), name="check-lease")
    try:
        yield lease
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
        await lease.release()


async def _beat(lease: Lease) -> None:
    """Until it is lost: who had it meanwhile may be done, and to take it back would look as if nobody had."""
    while True:
        await asyncio.sleep(TTL_S / 5)
        if not lease.epoch:
            return
        await lease.hold()
