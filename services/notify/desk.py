"""Which gateways could take a notice now, best first: what is set up, what rests, what is cheap enough, what works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.types import NoticeChannel
from services.notify.channels import Gateway
from services.notify.domain.notice import Notice
from services.notify.domain.routes import Routes, Traits
from services.notify.stops import Stops

Order = Callable[[float], Sequence[str]]
"""SMS gateways for one message, by weight: `dice`, 0 to 1, drawn outside."""
Capped = Callable[[Notice], Mapping[str, datetime]]
"""Gateways that rest for this notice because its day's money is spent, and until when."""


@dataclass(frozen=True)
class Desk:
    """The gateways of this process."""

    gateways: Mapping[str, Gateway]
    stops: Stops
    order: Order
    capped: Capped

    @property
    def traits(self) -> Traits:
        """What each of them can do."""
        return {name: gateway.trait for name, gateway in self.gateways.items()}

    def routes(self, notice: Notice, dice: float) -> Routes:
        """The ways of one notice."""
        zalo = [trait for trait in self.traits.values() if trait.channel is NoticeChannel.ZALO]
        texts = [self.gateways[name].trait for name in self.order(dice) if name in self.gateways]
        closed = dict(self.capped(notice))
        for provider, until in self.stops.closed(notice.kind).items():
            closed[provider] = max(until, closed.get(provider, until))
        return Routes((*zalo, *texts), closed)
