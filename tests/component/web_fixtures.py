"""A small service with pages of its own: what the kit promises is tested on it, not on what a service makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.problems import Missing
from local.oidc.app import create_app as create_provider
from local.oidc.people import groups
from local.oidc.settings import OidcDevSettings
from local.samples.load import read_samples
from local.simulators.server import serving
from services.kit.api import make_api
from services.kit.mongo import Mongo
from services.kit.settings import Settings
from services.kit.web.pages import Pages
from services.kit.web.rights import ANY_STAFF, PUBLIC, roles
from services.kit.web.roles import Role
from services.kit.web.visit import VisitDep
from services.kit.web.web import Web
from tests.component.pages_fixtures import running
from tests.ports import free_port

NOTES, SECRET = "notes", "bí+mật: 1/2"
FORM = """{% extends "layout.html" %}{% import "forms.html" as f with context %}
{% block title %}Ghi chú{% endblock %}
{% block main %}<h1>Ghi chú</h1>{{ f.summary(form) }}
{% call f.form("/ghi-chu", key=visit.form_key) %}
{{ f.field(form, "text", "Nội dung", hint="Ngắn gọn", required=True) }}
{{ f.field(form, "owner.name", "Của ai") }}
{{ f.choices(form, "kinds[]", "Loại", [("a", "Loại A"), ("b", "Loại B")], many=True) }}
{{ f.button("Lưu") }}{% endcall %}{% endblock %}"""
SHOWN = """{% extends "layout.html" %}{% block title %}Xem{% endblock %}
{% block main %}<h1>{{ words }}</h1>{% endblock %}"""


class OwnerIn(BaseModel):
    name: str = Field(max_length=10)


class NoteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=40)
    owner: OwnerIn | None = None
    kinds: list[str] = []


@dataclass
class Watch:
    """The machine's clock, as the pages see it."""

    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0) + self.ahead


@dataclass
class Desk:
    """The small service under test."""

    app: FastAPI
    web: Web
    mongo: Mongo
    watch: Watch
    provider: str

    async def notes(self) -> list[str]:
        return [row["text"] async for row in self.mongo.collection(NOTES).find({})]


def desk_pages(mongo: Mongo) -> Pages:
    pages = Pages()

    @pages.get("/ghi-chu/moi", roles(Role.CLERK, Role.SUPERVISOR), form=True, nav="Ghi chú mới", hint="Một hai dòng")
    async def new(visit: VisitDep) -> Response:
        return visit.page("form.html", form=visit.blank(text=""))

    @pages.post("/ghi-chu", roles(Role.CLERK, Role.SUPERVISOR))
    async def save(visit: VisitDep) -> Response:
        form = visit.read(NoteIn)
        if form.value is None:
            return visit.page("form.html", 422, form=form)
        await mongo.collection(NOTES).insert_one({"text": form.value.text, "by": visit.caller.key_id})
        return await visit.go("/ghi-chu/moi", "Đã lưu ghi chú.")

    @pages.get("/quay/{counter}", roles(Role.CLERK, Role.INSPECTOR, Role.OPERATOR, unit="counter"))
    async def counter(visit: VisitDep, counter: str) -> Response:
        return visit.page("shown.html", words=counter)

    @pages.get("/hong", PUBLIC)
    async def broken(visit: VisitDep) -> Response:
        raise RuntimeError("broken on purpose")

    @pages.get("/khong-co", ANY_STAFF)
    async def missing(visit: VisitDep) -> Response:
        raise Missing("dossier-unknown", "Không tìm thấy <b>hồ sơ</b>.")

    return pages


@asynccontextmanager
async def open_desk(mongodb_url: str, prefix: str, folder: Path, **oidc: Any) -> AsyncIterator[Desk]:
    """The service, and a provider of sign-in beside it."""
    (folder / "form.html").write_text(FORM, encoding="utf-8")
    (folder / "shown.html").write_text(SHOWN, encoding="utf-8")
    dev = OidcDevSettings(port=free_port(), back="https://test/", secret=SECRET)
    async with serving(create_provider(dev, groups(read_samples())), dev.port) as url:
        settings = Settings(
            mongodb_url=mongodb_url,  # type: ignore[arg-type]
            mongodb_prefix=prefix,
            web={"sites": {"intake": "https://test", "routing": "https://routing.example"}},  # type: ignore[arg-type]
            oidc={"issuer": url, "development": True, "client_secret": SECRET, **oidc},  # type: ignore[arg-type]
        )
        mongo, watch = settings.mongo("desk"), Watch()
        web = Web("intake", settings, mongo, 0, folder, now=watch.now)
        app = make_api("desk-api", settings, mongo, web.routers(desk_pages(mongo)), (), web=web)
        async with running(app):
            yield Desk(app, web, mongo, watch, url)
            await mongo.drop()
