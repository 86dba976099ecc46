"""Templates with escaping on; a name that is not there is an error and never an empty place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.kit.clock import VIETNAM
from services.kit.web.assets import Assets

KIT_TEMPLATES = Path(__file__).parent / "templates"


class Look:
    """The kit's templates and those of a service (`layout.html`, `forms.html` are the kit's)."""

    def __init__(self, assets: Assets, *folders: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader((*folders, KIT_TEMPLATES)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.filters |= {"moment": moment, "day": day, "money": money}

    def add(self, *folders: Path) -> None:
        """Templates of pages that several services have."""
        loader = self._environment.loader
        assert isinstance(loader, FileSystemLoader)
        loader.searchpath += [str(folder) for folder in folders]

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render(values)


def moment(at: datetime | None) -> str:
    """`07:30 ngày 02/03/2026`, as clerks write it."""
    return "" if at is None else f"{at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"


def day(at: date | datetime | None) -> str:
    """`02/03/2026`."""
    if at is None:
        return ""
    return f"{at.astimezone(VIETNAM) if isinstance(at, datetime) else at:%d/%m/%Y}"


def money(vnd: int | None) -> str:
    """`700.000 đồng`."""
    return "" if vnd is None else f"{vnd:,} đồng".replace(",", ".")
