"""Accepting many at once: each on its own, and each says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from contracts.events.agency import AcceptTransfer
from contracts.problems import Refused
from contracts.types import DOSSIER_CODE_PATTERN
from services.kit.commit import Committer
from services.kit.errors import Stale, Unavailable
from services.kit.mongo.driver import PyMongoError
from services.routing.commands.act_on_step import ActOnStep, Actor

MOST = 100
"""Of one form: more than a page shows."""
TOGETHER = 8
Row = Annotated[str, StringConstraints(pattern=rf"{DOSSIER_CODE_PATTERN[:-1]}~[1-9][0-9]{{0,2}}$", max_length=60)]
"""A dossier's code and the step: `H12.970.00-260302-0001~1`."""


class BulkIn(BaseModel):
    """The list with its ticks."""

    chosen: list[Row] = Field(default_factory=list, max_length=MOST)
    listed: list[Row] = Field(default_factory=list, max_length=MOST)
    """All that the page showed."""
    whole: bool = False
    """All of them, ticked or not."""

    @property
    def wanted(self) -> list[str]:
        return list(dict.fromkeys(self.listed if self.whole else self.chosen))


@dataclass(frozen=True)
class RowResult:
    """What came of one."""

    code: str
    step: int
    done: bool
    words: str


async def accept_each(committer: Committer, agency: str, rows: Sequence[str], actor: Actor) -> list[RowResult]:
    """In the order of the rows. Once more changes nothing: what is accepted stays accepted."""
    room = asyncio.Semaphore(TOGETHER)

    async def one(row: str) -> RowResult:
        code, _, step = row.partition("~")
        command = ActOnStep(AcceptTransfer(code=code, agency=agency, step=int(step)), actor)
        async with room:
            try:
                await committer.run(command)
            except Refused as refusal:
                return RowResult(code, int(step), False, refusal.message)
            except (Stale, Unavailable, PyMongoError):
                return RowResult(code, int(step), False, "Hệ thống chưa trả lời; hãy thử nhận lại hồ sơ này.")
        return RowResult(code, int(step), True, "Đã nhận.")

    return await asyncio.gather(*(one(row) for row in rows))
