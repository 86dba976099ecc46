"""Slips as pages to print: one style sheet, no scripts, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.intake.domain.slip import Form
from services.intake.slips.sheet import Sheet

TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (TEMPLATES / "print.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS: Mapping[str, str] = {
    # The one style sheet stands in the page and is known by its hash: whatever else a page might hold does nothing.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of every page with a person's data."""
_TEMPLATE_OF = {Form.CONTROL_SHEET: "control_sheet.html"}


def qr_code(url: str) -> str:
    """The URL as an inline SVG, about 3 cm wide; level M, of which 15 % may be creased or stained."""
    svg = segno.make(url, error="m", micro=False).svg_inline(scale=0.75, unit="mm", title="Mã QR tra cứu hồ sơ")
    return str(svg)


def page(sheet: Sheet) -> str:
    """The slip as HTML."""
    template = ENVIRONMENT.get_template(_TEMPLATE_OF.get(sheet.spec.form, "slip.html"))
    qr = Markup(qr_code(sheet.track_url)) if sheet.track_url else None  # noqa: S704 - drawn by segno, holds no text
    return template.render(
        sheet=sheet,
        spec=sheet.spec,
        letterhead=sheet.letterhead,
        office=sheet.office,
        symbol=sheet.symbol,
        dated_text=sheet.dated_text,
        qr=qr,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup(_STYLE)  # noqa: S704 - our own file
    return environment


ENVIRONMENT = _environment()
