"""Reference data remembered for a moment: what every decision reads and hardly anybody changes.

A decision on a case needs the calendar, the policy and the directory; reading them anew for each costs more than the
case itself (measured on the embedded engine). What a process changes itself it sees at once; what another one changed
within `FRESH_S`. A decision that changes reference data from an old copy fails on its version and is decided anew.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from services.kit.mongo import Mongo
from services.kit.store import Ref

FRESH_S = 1.0


@dataclass
class References:
    """What one process remembers of one database."""

    _known: dict[Ref, tuple[float, dict[str, Any], Any]] = field(default_factory=dict)

    def get(self, ref: Ref) -> tuple[dict[str, Any], Any] | None:
        """The document and its state, while they are fresh."""
        found = self._known.get(ref)
        if found is None or found[0] < time.monotonic():
            return None
        return found[1], found[2]

    def keep(self, ref: Ref, document: dict[str, Any], state: Any) -> None:
        """Remember what was read. What does not exist is not remembered: it may come at any moment."""
        if FRESH_S > 0:
            self._known[ref] = (time.monotonic() + FRESH_S, document, state)

    def forget(self, ref: Ref) -> None:
        self._known.pop(ref, None)


_ALL: WeakKeyDictionary[Mongo, References] = WeakKeyDictionary()


def references(mongo: Mongo) -> References:
    """Those of a database."""
    found = _ALL.get(mongo)
    if found is None:
        found = _ALL[mongo] = References()
    return found
