"""The one ASGI application: the gateways, the wall of phones and the control API under one port."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from local.simulators.control import Control
from local.simulators.network import Network
from local.simulators.phone_wall import phone_wall_router
from local.simulators.replies import TRANSPORT
from local.simulators.settings import SimulatorSettings

ZALO_PREFIX, ZALO_OAUTH_PREFIX, ESMS_PREFIX = "/zalo", "/zalo-oauth", "/esms"
SPEEDSMS_PREFIX, VNPT_PREFIX = "/speedsms", "/vnpt"


class SimulatorApp(FastAPI):
    """Keeps the connection at hand for answers that are none (see `NoReply`): what is inside may wrap `receive`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[TRANSPORT] = receive.__self__.transport  # type: ignore[attr-defined]
        await super().__call__(scope, receive, send)


def create_app(settings: SimulatorSettings, *, wall: Callable[[], float] = time.time) -> FastAPI:
    """Return the application; `wall` replaces the wall clock in tests."""
    network = Network(settings, wall)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await network.start()
        try:
            yield
        finally:
            await network.stop()

    app = SimulatorApp(
        title="Mạng điện thoại giả lập", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.network = network

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    app.include_router(network.oauth.router(), prefix=ZALO_OAUTH_PREFIX)
    app.include_router(network.zalo.router(), prefix=ZALO_PREFIX)
    app.include_router(network.esms.router(), prefix=ESMS_PREFIX)
    app.include_router(network.speedsms.router(), prefix=SPEEDSMS_PREFIX)
    app.include_router(network.vnpt.router(), prefix=VNPT_PREFIX)
    app.include_router(phone_wall_router(network.ledger, settings, network.clock))
    app.include_router(Control(network).router())
    return app
