"""Events that notify publishes on `notice.events.v1`: what became of each notice."""

from __future__ import annotations

from typing import ClassVar

from contracts.events.base import NAMESPACE, DossierEvent
from contracts.types import Count, NoticeChannel, NoticeEnd, NoticeKind, ReasonCode, Reference


class NoticeEvent(DossierEvent):
    """Something that happened to one notice (thông báo) of a dossier."""

    notice_id: Reference
    kind: NoticeKind


class NoticeSent(NoticeEvent):
    """A gateway took the message over (đã gửi)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.notice.sent.v1"

    channel: NoticeChannel
    attempt: Count


class NoticeDelivered(NoticeEvent):
    """The gateway's receipt says the phone has it (đã nhận)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.notice.delivered.v1"

    channel: NoticeChannel


class NoticeEnded(NoticeEvent):
    """The notice ended without delivery; `state` says how, `reason` why."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.notice.ended.v1"

    state: NoticeEnd
    reason: ReasonCode
