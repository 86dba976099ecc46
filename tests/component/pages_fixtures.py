"""People at their browsers: signed in without a provider, and every page of an application with its right."""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.intake import api as intake_api
from services.intake.settings import IntakeSettings
from services.kit.web.forms import CSRF
from services.kit.web.pages import page_rights
from services.kit.web.rights import Right
from services.kit.web.roles import Person, Role, scopes_of
from services.kit.web.web import Web
from services.notify import api as notify_api
from services.notify.settings import NotifySettings
from services.routing import api as routing_api
from services.routing.settings import RoutingSettings

CSRF_FIELD = re.compile(rf'name="{CSRF}" value="([^"]+)"')


def applications(**changes: Any) -> dict[str, FastAPI]:
    """The three applications, wired to nothing yet."""
    notify = NotifySettings(**changes)
    return {
        "intake": intake_api.create_app(IntakeSettings(**changes)),
        "routing": routing_api.create_app(RoutingSettings(**changes)),
        "notify": notify_api.create_app(notify, notify.mongo("notify")),
    }


def person(*roles: Role, units: Sequence[str] = (), subject: str = "person.test") -> Person:
    return Person(subject, "Cán bộ thử 01", frozenset(roles), scopes_of(roles, units))


@dataclass
class Browser:
    """A browser as far as HTTP goes: cookies, and the session's word in every form."""

    http: httpx.AsyncClient
    csrf: str = ""

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        return await self.http.post(path, data={CSRF: self.csrf} | (data or {}), **more)


async def sign_in(app: FastAPI, who: Person) -> Browser:
    """A browser of somebody who signed in."""
    web: Web = app.state.web
    token = await web.sessions.start(who)
    found = await web.sessions.find(token)
    assert found.session is not None
    return Browser(client(app, {web.cookie: token}, "https://test" if web.https else "http://test"), found.session.csrf)


def client(app: FastAPI, cookies: dict[str, str] | None = None, base: str = "http://test") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base, cookies=cookies)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with LifespanManager(app):
        yield app


@dataclass(frozen=True)
class PageCase:
    """One page of one service."""

    service: str
    method: str
    path: str
    right: Right | None

    @property
    def wanted(self) -> Right:
        assert self.right is not None
        return self.right


@functools.cache
def _pages() -> tuple[tuple[str, APIRoute, Right | None], ...]:
    """Service, address and right of every page; wiring the applications takes a while."""
    return tuple(
        (service, route, right)
        for service, app in applications().items()
        for route, right in sorted(page_rights(app), key=lambda item: item[0].path)
    )


def page_cases(guarded: bool | None = None) -> list[Any]:
    """Every page as a parameter; `guarded`: only those (not) for everybody."""
    return [
        pytest.param(PageCase(service, method, route.path, right), id=f"{service}-{method}-{route.path}")
        for service, route, right in _pages()
        for method in sorted(route.methods)
        if guarded is None or (right is not None and right.public is not guarded)
    ]
