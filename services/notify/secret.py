"""What travels sealed to the citizen's phone: one-time codes and invitations to rate. Opened for the call only."""

from __future__ import annotations

import re

from contracts.types import NoticeKind
from services.kit import logs
from services.kit.sealing import Opener
from services.notify.domain.notice import Notice
from services.notify.sealed import Unsendable, opened

log = logs.get("notify.secret")
_CODE = re.compile(r"[0-9]{6}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SecretUnusable(Unsendable):
    """A one-time code that cannot be read: there is nothing to send."""


def open_secret(opener: Opener, notice: Notice) -> str:
    """The code of `{"code": "123456"}`, or the token of `{"token": "…"}`.

    A result was handed over whether or not its invitation can be read: that notice goes out without, for empty.

    Raises: SecretUnusable `secret-unreadable`, `secret-malformed`.
    """
    if notice.kind is NoticeKind.ONE_TIME_CODE:
        return _secret(opener, notice.secret, "code", _CODE)
    try:
        return _secret(opener, notice.secret, "token", _TOKEN)
    except SecretUnusable as error:
        log.warning("invitation.left_out", notice_id=notice.id, reason=error.reason)
        return ""


def _secret(opener: Opener, sealed: str, name: str, form: re.Pattern[str]) -> str:
    secret = opened(opener, sealed, "secret", SecretUnusable).get(name)
    if not isinstance(secret, str) or not form.fullmatch(secret):
        raise SecretUnusable("secret-malformed", ours=True)
    return secret
