"""HTTP in: the gateways' webhooks, and what clerks and operators read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contracts.problems import Refused
from contracts.types import DossierCode, Reference, UnitCode
from services.kit import metrics, points
from services.kit.clock import Now
from services.kit.http import CallerDep
from services.kit.mongo import Mongo
from services.notify.queries.call_list import CallList, call_list
from services.notify.queries.dossier_notices import DossierNotices, dossier_notices
from services.notify.queries.notice_by_id import notice_by_id
from services.notify.queries.notice_view import NoticeView
from services.notify.quota import quota_changed
from services.notify.receipt_box import ReceiptBox
from services.notify.settings import NotifySettings
from services.notify.speedsms_webhook import speedsms_document
from services.notify.webhooks import (
    QUOTA_CHANGED,
    check_secret,
    check_zalo_signature,
    daily_quota,
    esms_document,
    zalo_document,
)


@dataclass
class Webhooks:
    """The addresses the gateways call; they answer once the receipt is stored."""

    settings: NotifySettings
    box: ReceiptBox
    now: Now

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
        router.add_api_route("/zalo", self.zalo, methods=["POST"], response_class=Response)
        router.add_api_route("/esms/{secret}", self.esms, methods=["GET"], response_class=Response)
        router.add_api_route("/speedsms/{secret}", self.speedsms, methods=["POST"], response_class=Response)
        return router

    async def zalo(self, request: Request) -> Response:
        raw = await request.body()
        headers = request.headers
        try:
            event = check_zalo_signature(
                raw,
                headers.get("x-zevent-signature"),
                headers.get("x-zevent-timestamp"),
                self.settings.zalo_app_id,
                self.settings.zalo_oa_secret_key.get_secret_value(),
            )
            document = zalo_document(event, raw, self.now())
        except Refused:
            metrics.count("receipts_total", provider="zalo", result="refused")
            raise
        reply = await self._stored(document)
        if document["event"] == QUOTA_CHANGED:
            await quota_changed(self.box.mongo, daily_quota(event), self.now())
        return reply

    async def esms(self, secret: str, request: Request) -> Response:
        try:
            check_secret(secret, self.settings.esms_callback_secret.get_secret_value())
            document = esms_document(request.query_params, self.now())
        except Refused:
            metrics.count("receipts_total", provider="esms", result="refused")
            raise
        return Response() if document is None else await self._stored(document)

    async def speedsms(self, secret: str, request: Request) -> Response:
        try:
            check_secret(secret, self.settings.speedsms_callback_secret.get_secret_value())
            document = speedsms_document(await request.body(), self.now())
        except Refused:
            metrics.count("receipts_total", provider="speedsms", result="refused")
            raise
        return Response() if document is None else await self._stored(document)

    async def _stored(self, document: dict[str, object]) -> Response:
        new = await self.box.put(document)
        await points.reached("receipt-before-answer")
        metrics.count("receipts_total", provider=str(document["provider"]), result="stored" if new else "repeated")
        return Response()


def queries_router(mongo: Mongo) -> APIRouter:
    """What is read, each with a key."""
    router = APIRouter(prefix="/v1", tags=["notices"])

    @router.get("/dossiers/{code}/notices")
    async def notices_of_dossier(code: DossierCode, caller: CallerDep) -> DossierNotices:
        return await dossier_notices(mongo, code, caller)

    @router.get("/notices/{id}")
    async def notice(id: Reference, caller: CallerDep) -> NoticeView:
        return await notice_by_id(mongo, id, caller)

    @router.get("/call-list")
    async def calls(counter: Annotated[UnitCode, Query()], caller: CallerDep) -> CallList:
        return await call_list(mongo, counter, caller)

    return router
