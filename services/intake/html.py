"""Pages for citizens: templates with escaping on, one small style sheet, no script, nothing kept by browsers."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contracts.problems import Refused
from services.kit.errors import HTTP_STATUS

PAGES = Path(__file__).parent / "pages"


class Page:
    """One template. The style stands in the page, and its digest in the policy: nothing else is loaded or run."""

    def __init__(self, template: str) -> None:
        # Of our own file, which holds no `<`; and the digest in the policy would fit nothing else.
        self._style = Markup((PAGES / "page.css").read_text(encoding="utf-8"))  # noqa: S704
        environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined)
        environment.trim_blocks = environment.lstrip_blocks = True
        self._template = environment.get_template(template)
        digest = b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self._headers = {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def render(self, status: int, headers: dict[str, str] | None = None, **values: object) -> HTMLResponse:
        html = self._template.render(values, style=self._style)
        return HTMLResponse(html, status, self._headers | (headers or {}))


def said(refusal: Refused) -> tuple[int, dict[str, str]]:
    """Status and headers of a page that tells a refusal."""
    wait = refusal.facts.get("retry_after_s")
    return HTTP_STATUS[refusal.kind], {} if wait is None else {"Retry-After": str(wait)}
