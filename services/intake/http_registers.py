"""HTTP in: old registers (sổ theo dõi hồ sơ) are imported by operators, and by a counter that may state the past."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.types import UnitCode
from services.intake.commands.import_register import import_register
from services.intake.http_imports import ReportShape, body_of, said_kind, shown
from services.intake.register import read_register
from services.kit.auth import Caller
from services.kit.commit import Committer
from services.kit.http import CallerDep

PATH = "/v1/registers/{counter}/imports"


def register_file_routes(committer: Committer) -> APIRouter:
    """Import of old registers."""
    api = APIRouter()
    # A file of the greatest size takes some hundred MB while it is read.
    one_at_a_time = asyncio.Semaphore(1)

    @api.post(PATH, response_model=None, openapi_extra=body_of())
    async def import_file(
        counter: UnitCode,
        request: Request,
        caller: CallerDep,
        dry_run: bool = False,
        report: ReportShape = "json",
    ) -> Response | dict[str, Any]:
        """Nhập sổ theo dõi hồ sơ cũ: the body is a CSV or XLSX. The same file again changes nothing."""
        _may_import(caller, counter)
        content = await request.body()
        async with one_at_a_time:
            file = await asyncio.to_thread(read_register, content, committer.now(), says=said_kind(request))
            found = await import_register(committer, counter, file, dry_run=dry_run)
        return shown(found, report)

    return api


def _may_import(caller: Caller, counter: str) -> None:
    """Raises: Denied `scope-missing`."""
    caller.require(f"counter:{counter}", "operator")
    caller.require("backfill", "operator")
