"""The gateways: each an adapter behind `Gateway`, with its error table as data."""

from __future__ import annotations

from services.notify.channels.base import Gateway, Letter, Question, Trait, Wording

__all__ = ["Gateway", "Letter", "Question", "Trait", "Wording"]
