"""Files that pages load: read once, named by their content, kept by browsers for a year, sent compressed."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response

from contracts.problems import Missing

PATH = "/static"
KIT_FILES = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file."""

    name: str
    """With its content's hash in it: another content is another name."""
    media_type: str
    plain: bytes
    zipped: bytes


class Assets:
    """The kit's files and those of a service, which may stand in for the kit's by the same name."""

    def __init__(self, *folders: Path) -> None:
        files = {path.name: path for folder in (KIT_FILES, *folders) for path in sorted(folder.glob("*"))}
        assets = {name: _read(path) for name, path in files.items() if path.suffix in MEDIA_TYPES}
        self._urls = {name: f"{PATH}/{asset.name}" for name, asset in assets.items()}
        self._by_name = {asset.name: asset for asset in assets.values()}

    def url(self, name: str) -> str:
        """Where a page finds the file `name`. Raises: KeyError: there is none."""
        return self._urls[name]

    def router(self) -> APIRouter:
        """Serves them; who asks needs no right."""
        router = APIRouter(prefix=PATH, include_in_schema=False)

        @router.get("/{name}")
        async def asset(request: Request, name: str) -> Response:
            found = self._by_name.get(name)
            if found is None:
                raise Missing("not-found", "Không có tệp này.")
            headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
            if "gzip" in request.headers.get("accept-encoding", ""):
                return Response(found.zipped, 200, {**headers, "Content-Encoding": "gzip"}, found.media_type)
            return Response(found.plain, 200, headers, found.media_type)

        return router


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    zipped = gzip.compress(content, 9, mtime=0)
    return Asset(f"{path.stem}.{digest}{path.suffix}", MEDIA_TYPES[path.suffix], content, zipped)
