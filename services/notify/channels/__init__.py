"""The gateways: each an adapter behind `Channel`, with its error table as data."""

from __future__ import annotations

from services.notify.channels.base import Channel, Letter

__all__ = ["Channel", "Letter"]
