"""Which gateways could take a notice now, best first: what is set up, what rests, what is cheap enough, what works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from contracts.types import NoticeChannel
from services.notify.channels import Gateway
from services.notify.domain.notice import Notice
from services.notify.domain.routes import Routes, Traits
from services.notify.pace import Paces
from services.notify.stops import Stops

LONGEST_BACKLOG_S = 1.0
"""A claim waits no longer for its gateway's pace: it must not be taken for a dead process's."""
Order = Callable[[float], Sequence[str]]
"""SMS gateways for one message, by weight: `dice`, 0 to 1, drawn outside."""
Capped = Callable[[Notice], Mapping[str, datetime]]
"""Gateways that rest for this notice because its day's money is spent, and until when."""


@dataclass
class Desk:
    """The gateways of this process."""

    gateways: Mapping[str, Gateway]
    stops: Stops
    order: Order
    capped: Capped
    paces: Paces
    places: int
    """Calls under way that one gateway may have: one that hangs or is slow leaves room for the others."""
    _under_way: Counter[str] = field(default_factory=Counter)
    _coming: Counter[str] = field(default_factory=Counter)
    """How many of this round's claims each gateway has."""
    _taken: dict[str, str] = field(default_factory=dict)
    """Notices claimed in this round and their gateways; the calls have not begun."""

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
        busy = frozenset(name for name in self.gateways if self._busy(name, notice.id))
        return Routes((*zalo, *texts), closed, busy)

    def begin_round(self) -> None:
        """The calls of the last round have begun."""
        self._taken.clear()
        self._coming.clear()

    def takes(self, notice_id: str, provider: str) -> None:
        """A claim of this round goes there; decided again it may go elsewhere."""
        if notice_id in self._taken:
            self._coming[self._taken[notice_id]] -= 1
        self._coming[provider] += 1
        self._taken[notice_id] = provider

    @contextmanager
    def call(self, provider: str) -> Iterator[None]:
        """A call is under way."""
        self._under_way[provider] += 1
        try:
            yield
        finally:
            self._under_way[provider] -= 1

    def _busy(self, provider: str, notice_id: str) -> bool:
        coming = self._coming[provider] - (self._taken.get(notice_id) == provider)
        if self._under_way[provider] + coming >= self.places:
            return True
        pace = self.paces.of(provider)
        return pace.backlog + coming / pace.current > LONGEST_BACKLOG_S
