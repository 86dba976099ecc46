"""What every HTTP API of the house has: problem+json with slugs, keys, a body limit, traces, metrics, health."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, ORJSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problems import Refused
from services.kit import logs, metrics, telemetry
from services.kit.auth import ApiKeys, Caller, Unauthenticated
from services.kit.body_limit import PATIENCE, BodyLimit, BodyLimits
from services.kit.errors import HTTP_STATUS, Stale, Unavailable
from services.kit.health import Health
from services.kit.mongo.driver import PyMongoError
from services.kit.rule_words import rule_words

if TYPE_CHECKING:
    from services.kit.web.web import Web

log = logs.get("kit.http")
PROBLEM = "application/problem+json"
_HTTP_SLUGS = {
    400: "json-malformed",  # raised by FastAPI for a body that is no UTF-8, or nested too deep
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "media-type-unknown",
}
BUSY_S = 5
"""When to try again what others kept busy: their transactions are over in milliseconds, unless a process was killed."""
_NOT_JSON = "Nội dung gửi lên không phải là JSON hợp lệ."
_HTTP_WORDS = {400: _NOT_JSON, 404: "Không có địa chỉ này.", 405: "Địa chỉ này không nhận phương thức đó."}


def problem(status: int, slug: str, detail: str, /, **facts: object) -> JSONResponse:
    """RFC 9457 problem document. `slug` is the stable word, `detail` the Vietnamese sentence."""
    body = {
        **facts,
        "type": f"urn:motcua:problem:{slug}",
        "slug": slug,
        "status": status,
        "detail": detail,
        "correlation_id": telemetry.correlation_id(),
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if "retry_after_s" in facts:
        headers["Retry-After"] = str(facts["retry_after_s"])
    return JSONResponse(body, status_code=status, media_type=PROBLEM, headers=headers)


def make_app(
    title: str,
    *,
    health: Health,
    keys: ApiKeys,
    max_body_bytes: int,
    body_limits: Mapping[str, int] | None = None,
    lifespan: Callable[[], AsyncIterator[None]] | None = None,
    web: Web | None = None,
) -> FastAPI:
    """An API with the house's manners; routes are added by the service.

    Args:
        web: where there are pages; to them, and to browsers outside the API, a refusal is a page.
        body_limits: bytes by beginning of the path, where `max_body_bytes` does not suit; see `BodyLimits`.
    """

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        if lifespan is None:
            yield
        else:
            async with asynccontextmanager(lifespan)():
                yield

    app = FastAPI(title=title, version="1", lifespan=run, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.keys = keys
    app.state.web = web
    app.state.stopping = lambda: False
    app.add_middleware(
        BodyLimit, limits=BodyLimits(max_body_bytes, body_limits or {}), refuse=_too_large,
        tells=web.takes_too_large if web is not None else lambda scope, limit: False,
    )  # fmt: skip
    app.add_middleware(_Observed, name=title)
    add_routes(app, health.router())
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Stale, _stale)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(PyMongoError, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    return app


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """As `include_router`, which would build each route a second time when the first request comes (0.1 s a service)
    and look through its routers at each."""
    app.router.routes.extend(router.routes)


async def _caller(request: Request) -> Caller:
    keys: ApiKeys = request.app.state.keys
    caller = await keys.caller(request.headers.get("authorization"))
    structlog.contextvars.bind_contextvars(key_id=caller.key_id)
    return caller


CallerDep = Annotated[Caller, Depends(_caller)]
"""The authenticated caller; every route that shows or changes a dossier takes it."""


def _answer(request: Request, status: int, slug: str, detail: str, /, **facts: object) -> Response:
    """A page where a page was asked for, else a problem document."""
    web: Web | None = request.app.state.web
    if web is not None and web.answers(request):
        return web.refusal(request, status, slug, detail, facts)
    return problem(status, slug, detail, **facts)


async def _refused(request: Request, error: Any) -> Response:
    status = 401 if isinstance(error, Unauthenticated) else HTTP_STATUS[error.kind]
    return _answer(request, status, error.slug, error.message, **dict(error.facts))


async def _stale(request: Request, __: Any) -> Response:
    words = "Nhiều thao tác cùng ghi vào một chỗ nên chưa lưu được; chưa có gì được lưu. Hãy thử lại sau vài giây."
    return _answer(request, 503, Stale.slug, words, retryable=True, retry_after_s=BUSY_S)


async def _unavailable(request: Request, error: Any) -> Response:
    log.error("http.unavailable", error=type(error).__name__)
    words = "Hệ thống tạm thời chưa trả lời. Hãy thử lại sau ít phút."
    return _answer(request, 503, "unavailable", words, retryable=True)


async def _invalid(request: Request, error: Any) -> Response:
    """Name the places and the rules, never echo the values (they may be personal data)."""
    items = error.errors()
    if any(item["type"] == "json_invalid" for item in items):
        return _answer(request, 400, "json-malformed", _NOT_JSON)
    fields = [
        {
            "field": ".".join(str(part) for part in item["loc"][1:]) or "body",
            "rule": item["type"],
            "message": rule_words(item),
        }
        for item in items
    ]
    words = "Dữ liệu gửi lên chưa đúng; xem từng trường trong `fields`."
    return _answer(request, 422, "request-invalid", words, fields=fields)


async def _http(request: Request, error: Any) -> Response:
    slug = _HTTP_SLUGS.get(error.status_code, f"http-{error.status_code}")
    return _answer(
        request, error.status_code, slug, _HTTP_WORDS.get(error.status_code, "Yêu cầu không thực hiện được.")
    )


def _too_large(limit: int) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        words = f"Nội dung gửi lên quá dài (tối đa {limit // 1024} KiB)."
        # The middleware stands before the application has told its requests who it is.
        request = Request(scope, receive)
        web: Web | None = request.app.state.web
        if web is not None and web.answers(request):
            await _read_on(receive, PATIENCE * limit)
        await _answer(request, 413, "body-too-large", words, limit_bytes=limit)(scope, receive, send)

    return answer


async def _read_on(receive: Receive, most: int) -> None:
    """Let a browser send, and keep nothing of it."""
    read = 0
    while read <= most:
        message = await receive()
        read += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def _bug(error: Exception, request: Request) -> Response:
    log.error("http.bug", error=type(error).__name__, exc_info=error)
    words = "Hệ thống gặp lỗi ngoài dự kiến; không có gì được lưu. Mã tra cứu ở `correlation_id`."
    return _answer(request, 500, "bug", words)


class _Observed:
    """A span, a correlation id and metrics for each request.

    It also answers for bugs: Starlette's own handler of `Exception` runs outside every middleware, where the span has
    ended and the correlation id would be one that no log line knows.
    """

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parent = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"traceparent"), None)
        status = 500
        started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(process=self.name)
        with telemetry.span(f"{scope['method']}", parent) as span:
            correlation = telemetry.correlation_id()

            async def watch(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    headers = [*message["headers"], (b"x-correlation-id", correlation.encode())]
                    if not any(name.lower() == b"cache-control" for name, _ in headers):
                        headers.append((b"cache-control", b"no-store"))  # most answers hold personal data
                    message["headers"] = headers
                await send(message)

            try:
                await self._run(scope, receive, watch)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                span.update_name(f"{scope['method']} {route}")
                metrics.count("http_requests_total", method=scope["method"], route=route, status=str(status))
                metrics.observe("http_seconds", time.perf_counter() - started, route=route)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            if begun:
                raise
            await _bug(error, Request(scope, receive))(scope, receive, send)


__all__ = ["CallerDep", "ORJSONResponse", "make_app", "problem"]
