"""HTTP in: the workflow of a procedure, as data and as a diagram."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from contracts.problems import Denied
from contracts.types import ProcedureCode
from services.kit.auth import Caller
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.routing.queries.workflows import workflow_in_version
from services.routing.workflows import as_data, as_mermaid

Version = Annotated[int | None, Query(ge=1, le=1_000_000)]


def routes(mongo: Mongo) -> APIRouter:
    """For officers of counters and agencies; nothing in it is personal."""
    api = APIRouter(prefix="/v1/procedures/{code}")

    @api.get("/workflow")
    async def show(code: ProcedureCode, caller: CallerDep, version: Version = None) -> dict[str, Any]:
        """Quy trình nội bộ của phiên bản đang dùng, hoặc của phiên bản được hỏi."""
        _may_see(caller)
        return as_data(await workflow_in_version(mongo, code, version))

    @api.get("/workflow.mmd", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def draw(code: ProcedureCode, caller: CallerDep, version: Version = None) -> Response:
        """The same as a Mermaid flowchart."""
        _may_see(caller)
        workflow = await workflow_in_version(mongo, code, version)
        return Response(as_mermaid(workflow).encode(), media_type="text/plain; charset=utf-8")

    return api


def _may_see(caller: Caller) -> None:
    """Raises: Denied `scope-missing`."""
    if not (caller.may("operator", "service") or caller.units("agency") or caller.units("counter")):
        raise Denied("scope-missing", "Khóa truy cập này không có quyền làm việc đó.")
