"""What each phone wants to hear, and what gateways taught us of it. A phone is known here by a keyed hash only."""

from __future__ import annotations

from services.notify.preferences.commands import LearnRefusal
from services.notify.preferences.keys import phone_key, read_phone_key
from services.notify.preferences.known import Preferences
from services.notify.preferences.preference import REFUSAL_CODES, REFUSAL_HOLDS, Preference

__all__ = [
    "REFUSAL_CODES",
    "REFUSAL_HOLDS",
    "LearnRefusal",
    "Preference",
    "Preferences",
    "phone_key",
    "read_phone_key",
]
