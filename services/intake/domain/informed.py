"""What the citizen was told: "you were informed on … by …"; and what could not be told.

Kept beside the dossier, not in it: receipts of messages arrive in masses and at any time, and would make a clerk's
change of the dossier lose its race again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events.notify import NoticeDelivered, NoticeEnded, NoticeSent
from contracts.types import NoticeChannel, NoticeEnd, NoticeKind

Fact = NoticeSent | NoticeDelivered | NoticeEnded


@dataclass(frozen=True)
class Told:
    """One notice that went out."""

    notice_id: str
    kind: NoticeKind
    channel: NoticeChannel
    at: datetime
    delivered: bool


@dataclass(frozen=True)
class Untold:
    """One notice that did not reach the citizen."""

    notice_id: str
    kind: NoticeKind
    end: NoticeEnd
    at: datetime


@dataclass(frozen=True)
class Informed:
    """All notices of one dossier that went out, each once per channel, and those that came to nothing."""

    told: tuple[Told, ...] = ()
    untold: tuple[Untold, ...] = ()


def learn(informed: Informed, fact: Fact) -> Informed:
    """Note a sending, a delivery or an end without delivery. A delivery replaces the sending of the same notice on the
    same channel; what is sent again is not at its end any more. What was not true any more is nobody's loss.
    """
    rest = tuple(one for one in informed.untold if one.notice_id != fact.notice_id)
    if isinstance(fact, NoticeEnded):
        if fact.state is NoticeEnd.CANCELLED:
            return replace(informed, untold=rest)
        return replace(informed, untold=(*rest, Untold(fact.notice_id, fact.kind, fact.state, fact.occurred_at)))
    informed = replace(informed, untold=rest)
    delivered = isinstance(fact, NoticeDelivered)
    new = Told(fact.notice_id, fact.kind, fact.channel, fact.occurred_at, delivered)
    same = [told for told in informed.told if (told.notice_id, told.channel) == (new.notice_id, new.channel)]
    if not delivered and any(told.delivered for told in same):
        return informed  # the receipt overtook the news of the sending
    return replace(informed, told=(*(told for told in informed.told if told not in same), new))
