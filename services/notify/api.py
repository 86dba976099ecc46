"""The API process: `python -m services.notify.api`. HTTP and MongoDB only."""

from __future__ import annotations

from fastapi import FastAPI

from services.kit.api import make_api
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.process import configure, serve
from services.kit.web.home import start_page
from services.kit.web.web import Web
from services.notify.console.pages import notify_console
from services.notify.consumers import SOURCE
from services.notify.http import Webhooks, queries_router
from services.notify.http_figures import Figures
from services.notify.http_log import NoticeLog
from services.notify.officers.http import OfficerRoutes
from services.notify.preferences.http import PreferenceRoutes
from services.notify.receipt_box import ReceiptBox
from services.notify.settings import NotifySettings
from services.notify.store import MORE, STORES
from services.notify.templates.http import routes as templates_router
from services.notify.templates.wordings import Overrides

PROCESS = "notify-api"


def create_app(settings: NotifySettings, mongo: Mongo) -> FastAPI:
    """The application; it starts without MongoDB and answers 503 until that is there."""
    now = settings.clock().now
    webhooks = Webhooks(settings, ReceiptBox(mongo), now)
    log = NoticeLog(mongo, Committer(mongo, SOURCE, now), now, settings.lifetime)
    figures = Figures(mongo, now, settings.caps)
    routers = [webhooks.router(), log.router(), figures.router(), queries_router(mongo)]
    overrides = Overrides(settings.sms_prefix, settings.zalo_template_ids)
    routers.append(templates_router(mongo, Committer(mongo, SOURCE, now), overrides))
    routers.append(PreferenceRoutes(mongo, Committer(mongo, SOURCE, now), settings.phone_key).router())
    routers.append(OfficerRoutes(mongo, Committer(mongo, SOURCE, now), settings.notify_public_key).router())
    web = Web("notify", settings, mongo, settings.notify_api_port)
    console = notify_console(settings, mongo, Committer(mongo, SOURCE, now), overrides)
    routers += web.routers(start_page(), console.pages)
    return make_api(PROCESS, settings, mongo, routers, STORES, MORE, web=web)


def main() -> None:
    settings = NotifySettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings, settings.mongo("notify")), settings, settings.notify_api_port)


if __name__ == "__main__":
    main()
