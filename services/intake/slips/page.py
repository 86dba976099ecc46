"""Slips as pages to print: one style sheet, no scripts, nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path

import segno
from markupsafe import Markup

from services.intake.domain.slip import Form
from services.intake.html import Templates
from services.intake.slips.sheet import Sheet

TEMPLATES = Templates(Path(__file__).parent / "templates", "print.css", form_action="'none'")
HEADERS = TEMPLATES.headers
"""Of every page with a person's data."""
_TEMPLATE_OF = {Form.CONTROL_SHEET: "control_sheet.html"}


def qr_code(url: str) -> str:
    """The URL as an inline SVG, about 3 cm wide; level M, of which 15 % may be creased or stained."""
    svg = segno.make(url, error="m", micro=False).svg_inline(scale=0.75, unit="mm", title="Mã QR tra cứu hồ sơ")
    return str(svg)


def page(sheet: Sheet) -> str:
    """The slip as HTML."""
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
    )
