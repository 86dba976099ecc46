"""What every page tells the browser: run nothing but our own files, show it in nobody's frame, keep nothing."""

from __future__ import annotations

from collections.abc import Mapping

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""`form-action 'self'` holds for redirects after a form too: a form never leads straight to the provider's sign-in."""
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # Not `no-referrer`: browsers would send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def page_headers(*, https: bool) -> Mapping[str, str]:
    """The headers of a page."""
    more = {"Strict-Transport-Security": "max-age=31536000"} if https else {}
    return {**_HEADERS, **more}
