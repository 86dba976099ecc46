"""HTTP in: the catalogue. Reading it is public; importing it is the operators'."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query, Request, Response

from contracts.problems import Invalid
from contracts.types import ProcedureCode
from services.intake.catalogue import CatalogueFile, ImportReport, read_catalogue, read_papers
from services.intake.commands.import_catalogue import import_catalogue
from services.intake.http_imports import ReportShape, body_of, said_kind, shown
from services.intake.queries.procedures import PublishedCatalogue, Search, procedure_in_version, published, summary
from services.intake.tables import Kind
from services.kit.auth import Caller
from services.kit.commit import Committer
from services.kit.http import CallerDep
from services.kit.mongo import Mongo

_BODY = body_of("application/x-ndjson")


@dataclass(frozen=True)
class ImportQuery:
    """How a file is imported."""

    dry_run: bool = False
    skip_refused: bool = False
    report: ReportShape = "json"


class Reader(Protocol):
    """Reads a file of the catalogue."""

    def __call__(self, content: bytes, *, says: Kind | None) -> CatalogueFile: ...


class Importer:
    """Reads and imports files one at a time: one of the greatest size takes some hundred MB while it is read."""

    def __init__(self, committer: Committer) -> None:
        self.committer = committer
        self._one_at_a_time = asyncio.Semaphore(1)

    async def run(self, read: Reader, content: bytes, says: Kind | None, how: ImportQuery) -> ImportReport:
        """Raises: Invalid, when the file cannot be read as a whole; Stale, Unavailable."""
        async with self._one_at_a_time:
            file = await asyncio.to_thread(
                read, content, says=says
            )  # seconds for the largest; the desks go on meanwhile
            return await import_catalogue(self.committer, file, skip_refused=how.skip_refused, dry_run=how.dry_run)


def catalogue_routes(mongo: Mongo, importer: Importer) -> APIRouter:
    """Import of procedures and papers, and the published catalogue."""
    api = APIRouter(prefix="/v1")
    catalogue = PublishedCatalogue(mongo)

    async def run(read: Reader, request: Request, caller: Caller, how: ImportQuery) -> Response | dict[str, Any]:
        caller.require("operator")
        content = await request.body()
        found = await importer.run(read, content, said_kind(request), how)
        if not how.dry_run and not found.stored:
            raise Invalid(
                "rows-refused",
                f"Có {found.refused} dòng bị từ chối nên chưa lưu gì. Hãy sửa tệp rồi gửi lại, hoặc gửi với "
                "skip_refused=true để chỉ nạp các dòng đúng.",
                report=found.as_data(),
            )
        return shown(found, how.report)

    @api.post("/catalogue/imports", response_model=None, openapi_extra=_BODY)
    async def import_procedures(
        request: Request, caller: CallerDep, how: Annotated[ImportQuery, Depends()]
    ) -> Response | dict[str, Any]:
        """Nạp danh mục thủ tục: the body is a CSV, or an XLSX that may hold the papers in a second sheet."""
        return await run(read_catalogue, request, caller, how)

    @api.post("/catalogue/imports/papers", response_model=None, openapi_extra=_BODY)
    async def import_papers(
        request: Request, caller: CallerDep, how: Annotated[ImportQuery, Depends()]
    ) -> Response | dict[str, Any]:
        """Nạp thành phần hồ sơ for procedures in use: the body is a CSV, an XLSX or JSON Lines."""
        return await run(read_papers, request, caller, how)

    @api.get("/procedures")
    async def find_procedures(
        q: Annotated[str, Query(max_length=200)] = "",
        field: Annotated[str, Query(max_length=500)] = "",
        level: Annotated[str, Query(max_length=20)] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> dict[str, Any]:
        """Search the published catalogue; `dang ky khai s` finds `Đăng ký khai sinh`."""
        found = await catalogue.search(Search(q, field, level, limit))
        return {"procedures": [summary(procedure) for procedure in found]}

    @api.get("/procedures/fields")
    async def list_fields() -> dict[str, Any]:
        return {"fields": await catalogue.fields()}

    @api.get("/procedures/{code}")
    async def show_procedure(
        code: ProcedureCode, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
    ) -> dict[str, Any]:
        """The version in use, or the one that an open dossier keeps."""
        return published(await procedure_in_version(mongo, code, version))

    return api
