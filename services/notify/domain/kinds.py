"""What every kind of notice (loại thông báo) asks of the sender: to whom, how soon, and whether it rings at night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from contracts.types import NoticeChannel, NoticeKind


class Audience(StrEnum):
    """Who is told."""

    CITIZEN = "citizen"
    OFFICER = "officer"


class Lane(StrEnum):
    """What goes before what."""

    URGENT = "urgent"
    """Somebody waits in front of a screen."""
    NORMAL = "normal"
    BULK = "bulk"
    """Nobody misses it for an hour."""


@dataclass(frozen=True)
class KindRule:
    """How notices of one kind are sent."""

    audience: Audience = Audience.CITIZEN
    lane: Lane = Lane.NORMAL
    quiet: bool = True
    """Held back at night (giờ yên tĩnh)."""
    first: NoticeChannel = NoticeChannel.ZALO
    lifetime: timedelta | None = None
    """Of no use afterwards; None: the service's own limit (`NOTICE_LIFETIME_SECONDS`)."""


KINDS: Mapping[NoticeKind, KindRule] = {kind: KindRule() for kind in NoticeKind} | {
    # Zalo may bring it an hour late: of no use then.
    NoticeKind.ONE_TIME_CODE: KindRule(lane=Lane.URGENT, quiet=False, first=NoticeChannel.SMS),
    NoticeKind.RETURNED: KindRule(lane=Lane.BULK),
    NoticeKind.DUE_SOON: KindRule(audience=Audience.OFFICER, lifetime=timedelta(hours=12)),
    NoticeKind.OVERDUE: KindRule(audience=Audience.OFFICER, lifetime=timedelta(hours=24)),
}
