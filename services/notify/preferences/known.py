"""All preferences in the memory of a sender: asked for every message, so asked without a round trip."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.kit.mongo import Mongo
from services.notify.preferences.keys import phone_key
from services.notify.preferences.preference import Preference
from services.notify.preferences.store import PREFERENCES

LATE = timedelta(minutes=3)
"""A transaction may become visible later than the time it wrote down, and clocks of machines differ."""
NOTHING_SAID = Preference()


@dataclass
class Preferences:
    """Few phones have one: those whose holders asked for something, and those that refuse Zalo."""

    mongo: Mongo
    key: bytes | None = field(repr=False)
    """None: no preferences are kept here, and everybody is told as the dossier says."""
    every_s: float = 3.0
    """An opt-out is heeded at most this much later."""
    whole_every_s: float = 3600.0
    """All of them anew: what a clock far behind wrote, and what was removed."""
    _known: dict[str, Preference] = field(default_factory=dict, repr=False)
    _newest: datetime | None = None
    _next_at: float = 0.0
    _whole_at: float = 0.0

    async def refresh(self) -> None:
        """Read what changed since the last time; at once the first time, then at most every few seconds."""
        started = time.monotonic()
        if self.key is None or started < self._next_at:
            return
        whole = self._newest is None or started >= self._whole_at
        query: dict[str, Any] = {} if whole else {"changed_at": {"$gte": self._newest - LATE}}  # type: ignore[operator]
        cursor = self.mongo.collection(PREFERENCES.collection).find(query)
        found = {document["_id"]: PREFERENCES.to_state(document) async for document in cursor}
        if whole:
            self._known, self._whole_at = {}, started + self.whole_every_s
        for id, preference in found.items():
            self._keep(id, preference)
        self._next_at = started + self.every_s

    def of(self, phone: str) -> Preference:
        """What is known of a phone, written `84…`."""
        if self.key is None or not self._known:
            return NOTHING_SAID
        return self._known.get(phone_key(self.key, phone), NOTHING_SAID)

    def key_of(self, phone: str) -> str | None:
        """What the phone is kept under; None: nothing is kept."""
        return None if self.key is None else phone_key(self.key, phone)

    def _keep(self, id: str, preference: Preference) -> None:
        if preference.changed_at is not None:
            self._newest = max(self._newest or preference.changed_at, preference.changed_at)
        if preference.says_nothing:
            self._known.pop(id, None)
        else:
            self._known[id] = preference
