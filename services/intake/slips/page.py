"""Slips as pages to print: one style sheet, no scripts, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import segno
from markupsafe import Markup

from services.intake.domain.slip import Form
from services.intake.slips.document import Templates
from services.intake.slips.sheet import Sheet

TEMPLATES = Templates(Path(__file__).parent / "templates", "print.css")
HEADERS = TEMPLATES.headers
"""Of every page with a person's data."""
_TEMPLATE_OF = {Form.CONTROL_SHEET: "control_sheet.html"}


def qr_code(url: str) -> str:
    """The URL as an inline SVG, about 3 cm wide; level M, of which 15 % may be creased or stained."""
    svg = segno.make(url, error="m", micro=False).svg_inline(scale=0.75, unit="mm", title="Mã QR tra cứu hồ sơ")
    return str(svg)


def printable_headers() -> Mapping[str, str]:
    """Of a slip with a bar: our own files beside the style in the page, still nothing from elsewhere."""
    policy = HEADERS["Content-Security-Policy"].replace("style-src", "script-src 'self'; style-src 'self'", 1)
    return {**HEADERS, "Content-Security-Policy": policy}


def page(sheet: Sheet, bar: Mapping[str, str] | None = None) -> str:
    """The slip as HTML.

    Args:
        bar: for people at a page of ours: where `back` and `next` lead, and the files `look` and `script`.
    """
    template = TEMPLATES.get(_TEMPLATE_OF.get(sheet.spec.form, "slip.html"))
    qr = Markup(qr_code(sheet.track_url)) if sheet.track_url else None  # noqa: S704 - drawn by segno, holds no text
    return template.render(
        sheet=sheet,
        spec=sheet.spec,
        letterhead=sheet.letterhead,
        office=sheet.office,
        symbol=sheet.symbol,
        dated_text=sheet.dated_text,
        qr=qr,
        bar=bar,
    )
