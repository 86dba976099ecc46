"""What the console's pages share: their right, their tabs, who may act."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.problems import Missing
from services.kit.mongo import Mongo
from services.kit.operations.operation import Acting, caller_acting
from services.kit.settings import Settings
from services.kit.web.pages import Pages
from services.kit.web.paging import Paging
from services.kit.web.rights import roles
from services.kit.web.roles import Role
from services.kit.web.visit import Visit

PATH = "/van-hanh"
READ = roles(Role.OPERATOR, Role.INSPECTOR)
ACT = roles(Role.OPERATOR)
TEMPLATES = Path(__file__).parent / "templates"
ROWS = 50
LONGEST_ID = 1200
Kind = Literal["good", "warn", "bad"]
REASON_FIELDS = {"reason-missing": "reason", "reason-personal": "reason"}
"""Beside which field a refusal belongs."""


@dataclass(frozen=True)
class Light:
    """One thing that is well or not, on the first page."""

    words: str
    kind: Kind
    value: str
    detail: str = ""
    path: str = PATH


@dataclass(frozen=True)
class Tab:
    words: str
    path: str


Lights = Callable[[], Awaitable[list[Light]]]


class About(BaseModel):
    """To what, and why; the command judges both."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=LONGEST_ID)
    reason: str = Field(default="", max_length=1000)


@dataclass
class Console:
    """The console of one service."""

    group: str
    """Its consumer group, which is its name."""
    settings: Settings
    mongo: Mongo
    pages: Pages
    lights: list[Lights] = field(default_factory=list)
    tabs: list[Tab] = field(default_factory=list)

    def page(self, visit: Visit, template: str, status: int = 200, **values: object) -> Response:
        """A page within the console's frame."""
        return visit.page(
            template, status, tabs=self.tabs, may_act=Role.OPERATOR in visit.person.roles, console=PATH, **values
        )

    async def acting(self, visit: Visit, reason: str) -> Acting:
        """Raises: Invalid `reason-missing`, `reason-personal`."""
        return await caller_acting(self.mongo, visit.caller, reason)


def asked(visit: Visit, name: str, pattern: str = r"[a-z0-9.-]{1,100}") -> str | None:
    """A filter of a list as the address states it; None where it states none that could be meant."""
    value = visit.request.query_params.get(name, "").strip()
    return value if re.fullmatch(pattern, value) else None


def asked_id(visit: Visit) -> str:
    """Raises: Missing `not-found`."""
    id = visit.request.query_params.get("id", "")
    if not 0 < len(id) <= LONGEST_ID:
        raise Missing("not-found", "Không có địa chỉ này.")
    return id


def after(visit: Visit) -> str | None:
    """The mark of the page that is asked for."""
    return visit.request.query_params.get("sau") or None


def paging(visit: Visit, following: str | None, **keep: str | None) -> Paging:
    """Links below a list."""
    return Paging(visit.request.url.path, following, after(visit) is None, {k: v for k, v in keep.items() if v})


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Further facts of an operation, to be read by a person."""
    return [(name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            for name, value in values.items() if value not in (None, "", [])]  # fmt: skip
