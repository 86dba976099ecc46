"""What travels sealed to notify: opened only for the moment of sending, never stored or logged in clear."""

from __future__ import annotations

import json
from typing import Any

from contracts.problems import Invalid
from services.kit.sealing import Opener


class Unsendable(Exception):
    """This message cannot go out; `reason` is a coded word without personal data."""

    def __init__(self, reason: str, *, ours: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ours = ours
        """The fault lies with keys or senders, not with the citizen's number: an operator must act."""


def opened(opener: Opener, sealed: str, what: str, error: type[Unsendable]) -> dict[str, Any]:
    """The sealed JSON object.

    Raises: `error` with `<what>-unreadable`, `<what>-malformed`.
    """
    try:
        value = json.loads(opener.open(sealed))
    except Invalid:
        raise error(f"{what}-unreadable", ours=True) from None
    except ValueError:
        raise error(f"{what}-malformed", ours=True) from None
    if not isinstance(value, dict):
        raise error(f"{what}-malformed", ours=True)
    return value
