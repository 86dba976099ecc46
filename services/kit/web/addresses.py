"""Addresses within the site: a page never leads away because somebody wrote an address into a link."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

LONGEST = 2000
HOME = "/can-bo"
SIGN_IN, SIGNED_IN, SIGN_OUT, SIGNED_OUT = "/dang-nhap", "/dang-nhap/xong", "/dang-xuat", "/da-dang-xuat"


def safe_path(text: str, otherwise: str = HOME) -> str:
    """The path (and query) of this site that `text` names; `otherwise` for anything else."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or len(text) > LONGEST:
        return otherwise
    if "\\" in text or any(ord(letter) <= 32 or ord(letter) == 127 for letter in text):
        return otherwise
    try:
        parts = urlsplit(text)
    except ValueError:
        return otherwise
    if parts.scheme or parts.netloc or parts.path.startswith((SIGN_IN, SIGN_OUT, SIGNED_OUT)):
        return otherwise
    return text


def here(request: Request) -> str:
    """The address of this request within the site."""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def is_own_form(request: Request, site: str) -> bool | None:
    """Whether the browser says that one of our own pages sent this; None: it says nothing."""
    told = request.headers.get("sec-fetch-site")
    if told is not None:
        return told in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return None
    return origin == site or urlsplit(origin).netloc == request.headers.get("host")
