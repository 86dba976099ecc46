"""What the citizen was told: "you were informed on … by …".

Kept beside the dossier, not in it: receipts of messages arrive in masses and at any time, and would make a clerk's
change of the dossier lose its race again and again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.events.notify import NoticeDelivered, NoticeSent
from contracts.types import NoticeChannel, NoticeKind


@dataclass(frozen=True)
class Told:
    """One notice that went out."""

    notice_id: str
    kind: NoticeKind
    channel: NoticeChannel
    at: datetime
    delivered: bool


@dataclass(frozen=True)
class Informed:
    """All notices of one dossier that went out, each once per channel."""

    told: tuple[Told, ...] = ()


def learn(informed: Informed, fact: NoticeSent | NoticeDelivered) -> Informed:
    """Note a sending or a delivery; a delivery replaces the sending of the same notice on the same channel."""
    delivered = isinstance(fact, NoticeDelivered)
    new = Told(fact.notice_id, fact.kind, fact.channel, fact.occurred_at, delivered)
    same = [told for told in informed.told if (told.notice_id, told.channel) == (new.notice_id, new.channel)]
    if not delivered and any(told.delivered for told in same):
        return informed  # the receipt overtook the news of the sending
    return replace(informed, told=(*(told for told in informed.told if told not in same), new))
