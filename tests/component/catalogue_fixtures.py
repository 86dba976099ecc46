"""The catalogue's routes on a real database, without the rest of intake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager

from services.intake.catalogue import CatalogueFile, ImportReport, read_catalogue
from services.intake.commands.import_catalogue import import_catalogue
from services.intake.domain.procedure import Procedure
from services.intake.http_catalogue import Importer, catalogue_routes
from services.intake.store import CATALOGUE, PROCEDURE_VERSIONS, PROCEDURES
from services.intake.tables import MOST_BYTES
from services.kit import schema, telemetry
from services.kit.api import make_api
from services.kit.auth import ApiKeys
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.settings import Settings
from tests.component.ledger import events, now

STORES = (PROCEDURES, PROCEDURE_VERSIONS, CATALOGUE)
HEADER = "code,name,field,level,time_limit_value,time_limit_unit,reduced_limit_value,reduced_limit_unit,result"
PAPERS = "code,number,name,originals,copies,form,case"
ROWS = {
    "1.000001": "Đăng ký khai sinh,Hộ tịch,xã,1,trong ngày,,,Giấy khai sinh",
    "1.000002": "Cấp giấy phép xây dựng,Hoạt động xây dựng,huyện;xã,20,ngày,15,ngày,Giấy phép",
    "1.000003": "Đăng ký kết hôn,Hộ tịch,xã,1,trong ngày,,,Giấy chứng nhận kết hôn",
}


def csv_of(rows: Mapping[str, str] = ROWS) -> bytes:
    return "\n".join([HEADER, *(f"{code},{row}" for code, row in rows.items())]).encode()


def papers_of(*rows: str) -> bytes:
    return "\n".join([PAPERS, *rows]).encode()


@dataclass
class CatalogueApi:
    """Routes, database, and an operator's key."""

    mongo: Mongo
    http: httpx.AsyncClient
    committer: Committer
    operator: dict[str, str]
    counter: dict[str, str]

    async def send(
        self, content: bytes, path: str = "", headers: Mapping[str, str] | None = None, **query: str
    ) -> httpx.Response:
        return await self.http.post(
            f"/v1/catalogue/imports{path}", content=content, params=query, headers={**self.operator, **(headers or {})}
        )

    async def load(self, content: bytes, papers: bytes | None = None) -> ImportReport:
        report = await import_catalogue(self.committer, read_catalogue(content, papers))
        assert report.stored
        return report

    async def judge(self, file: CatalogueFile) -> ImportReport:
        return await import_catalogue(self.committer, file, dry_run=True)

    async def stored(self) -> dict[str, int]:
        """How many documents each collection has."""
        names = (*(store.collection for store in STORES), "outbox")
        return {name: await self.mongo.collection(name).count_documents({}) for name in names}

    async def procedure(self, code: str) -> Procedure:
        found = await PROCEDURES.read(self.mongo, code)
        assert found is not None
        return found

    async def events(self) -> list[dict[str, Any]]:
        return await events(self.mongo, topic="catalogue.procedures.v1")

    async def found(self, **query: str) -> list[str]:
        """Codes, the best first."""
        reply = await self.http.get("/v1/procedures", params=query)
        assert reply.status_code == 200, reply.text
        return [procedure["code"] for procedure in reply.json()["procedures"]]


@pytest.fixture
async def catalogue(mongodb_url: str, prefix: str) -> AsyncIterator[CatalogueApi]:
    telemetry.configure("test")
    settings = Settings(mongodb_url=mongodb_url, mongodb_prefix=prefix)
    mongo = settings.mongo("intake")
    await schema.ensure(mongo, STORES)
    committer = Committer(mongo, "/intake", now)
    routes, limits = catalogue_routes(mongo, Importer(committer)), {"/v1/catalogue/imports": MOST_BYTES}
    app = make_api("intake-api", settings, mongo, [routes], STORES, body_limits=limits)
    keys = ApiKeys(mongo, now)

    async def key(scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await keys.issue([scope], label='test')}"}

    async with LifespanManager(app) as manager:
        transport = httpx.ASGITransport(app=manager.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as http:
            operator, counter = await key("operator"), await key("counter:H12.970.00")
            yield CatalogueApi(mongo, http, committer, operator, counter)
            await mongo.drop()
    await mongo.close()
