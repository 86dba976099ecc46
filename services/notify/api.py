"""The API process: `python -m services.notify.api`. HTTP and MongoDB only."""

from __future__ import annotations

from fastapi import FastAPI

from services.kit.api import make_api
from services.kit.mongo import Mongo
from services.kit.process import configure, serve
from services.notify.http import Webhooks, queries_router
from services.notify.receipt_box import ReceiptBox
from services.notify.settings import NotifySettings
from services.notify.store import MORE, STORES

PROCESS = "notify-api"


def create_app(settings: NotifySettings, mongo: Mongo) -> FastAPI:
    """The application; it starts without MongoDB and answers 503 until that is there."""
    webhooks = Webhooks(settings, ReceiptBox(mongo), settings.clock().now)
    return make_api(PROCESS, settings, mongo, [webhooks.router(), queries_router(mongo)], STORES, MORE)


def main() -> None:
    settings = NotifySettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings, settings.mongo("notify")), settings, settings.notify_api_port)


if __name__ == "__main__":
    main()
