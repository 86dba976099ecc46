"""Documents to print: templates with escaping on and one style sheet in the page, no script, nothing fetched."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup


class Templates:
    """A folder of templates and their one style sheet.

    The style stands in the page, and its digest in the policy: nothing else is loaded or run.
    """

    def __init__(self, folder: Path, style_sheet: str) -> None:
        # Of our own file, which holds no `<`; and the digest in the policy would fit nothing else.
        style = Markup((folder / style_sheet).read_text(encoding="utf-8"))  # noqa: S704
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["style"] = style
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.headers: Mapping[str, str] = {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    def get(self, name: str) -> Template:
        return self._environment.get_template(name)
