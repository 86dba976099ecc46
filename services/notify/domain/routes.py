"""The ways a message can take: what each gateway can do, and which one is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.types import NoticeChannel

ZALO, SMS = NoticeChannel.ZALO, NoticeChannel.SMS


@dataclass(frozen=True)
class Trait:
    """What a gateway can do, which decides what follows a call without an answer."""

    provider: str
    """`zalo`, `esms`, `speedsms`, `vnpt`, `smpp`."""
    channel: NoticeChannel
    repeat_holds: timedelta = timedelta(0)
    """So long the same id again is the same message, not a second one. Zero: never repeat on a doubt."""
    asked_by_attempt: bool = False
    """It can be asked by our own id, so also after a call without an answer."""
    asked_by_message: bool = False
    """It can be asked by its own id, once that is known."""


Traits = Mapping[str, Trait]
"""Of every gateway that is set up, by provider."""


@dataclass(frozen=True)
class Routes:
    """The gateways that could take one notice now, best first."""

    traits: tuple[Trait, ...]
    closed: Mapping[str, datetime]
    """Providers that rest, and until when."""
    busy: frozenset[str] = frozenset()
    """Providers that have enough to do for the moment."""

    def open(self, channel: NoticeChannel, without: Iterable[str], avoid: str = "") -> Trait | None:
        """The best gateway of a channel that does not rest; the avoided one only where there is no other."""
        ruled_out = {*without, *self.closed}
        ways = [trait for trait in self._of(channel) if trait.provider not in ruled_out]
        return next((trait for trait in ways if trait.provider != avoid), ways[0] if ways else None)

    def opens_at(self, channel: NoticeChannel, without: Iterable[str]) -> datetime | None:
        """When the first gateway of a channel that rests is back; None: there is none to wait for."""
        ruled_out = set(without)
        return min(
            (self.closed[t.provider] for t in self._of(channel) if t.provider in self.closed.keys() - ruled_out),
            default=None,
        )

    def _of(self, channel: NoticeChannel) -> Iterable[Trait]:
        return (trait for trait in self.traits if trait.channel is channel)


def others(traits: Traits, provider: str, without: Iterable[str]) -> bool:
    """Whether another SMS gateway is left."""
    ruled_out = {provider, *without}
    return any(trait.channel is SMS and trait.provider not in ruled_out for trait in traits.values())
