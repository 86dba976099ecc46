"""Pages: templates with escaping on, one small style sheet, no script, nothing kept by browsers."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from contracts.problems import Refused
from services.kit.errors import HTTP_STATUS

PAGES = Path(__file__).parent / "pages"


class Templates:
    """A folder of templates, each of which may extend `document.html`, and their one style sheet.

    The style stands in the page, and its digest in the policy: nothing else is loaded or run.
    """

    def __init__(self, folder: Path, style_sheet: str, *, form_action: str) -> None:
        # Of our own file, which holds no `<`; and the digest in the policy would fit nothing else.
        style = Markup((folder / style_sheet).read_text(encoding="utf-8"))  # noqa: S704
        self._environment = Environment(
            loader=FileSystemLoader((folder, PAGES)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["style"] = style
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.headers: Mapping[str, str] = {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action {form_action}; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def get(self, name: str) -> Template:
        return self._environment.get_template(name)


_FOR_CITIZENS = Templates(PAGES, "page.css", form_action="'self'")


class Page:
    """One template, as a page for citizens."""

    def __init__(self, template: str) -> None:
        self._template = _FOR_CITIZENS.get(template)

    def render(self, status: int, headers: dict[str, str] | None = None, **values: object) -> HTMLResponse:
        return HTMLResponse(self._template.render(values), status, {**_FOR_CITIZENS.headers, **(headers or {})})


def said(refusal: Refused) -> tuple[int, dict[str, str]]:
    """Status and headers of a page that tells a refusal."""
    wait = refusal.facts.get("retry_after_s")
    return HTTP_STATUS[refusal.kind], {} if wait is None else {"Retry-After": str(wait)}
