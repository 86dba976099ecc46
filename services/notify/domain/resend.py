"""A notice is sent once more on somebody's word: when that is possible, and what the new one is."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.problems import Conflict
from contracts.types import NoticeKind
from services.notify.domain.kinds import KINDS, Audience
from services.notify.domain.notice import Entry, Notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.transitions import State

MOST_RESENDS = 3
SAME_TEXT_REFUSED = timedelta(minutes=6)
"""eSMS refuses the same text to the same phone for five minutes with the word for "I have it already" (124): it would
be called sent, and nothing would come. The sixth is for a call that waited its turn, and for clocks apart."""
RESENT = "resent"
"""Line in the history of both, the old notice and the new one."""
LONGEST_ROOT = 40
"""`.r3`, a hyphen and four digits of an attempt's number must still fit Zalo's 48 characters."""


@dataclass(frozen=True)
class Resend:
    """Who had what sent again, and why: kept under the caller's idempotency key."""

    fingerprint: str
    """Of the whole request: the same key for another one is a mistake."""
    notice_id: str
    """The new one."""
    resend_of: str
    by: str
    """Id of the key."""
    why: str
    note: str
    at: datetime


def root_of(notice: Notice) -> str:
    """The notice that an event made, which this one perhaps repeats."""
    return notice.resend_of or notice.id


def resend_id(root: str, number: int) -> str:
    """The id of the n-th repetition."""
    if len(root) > LONGEST_ROOT:
        root = "n-" + hashlib.sha256(root.encode()).hexdigest()[:32]
    return f"{root}.r{number}"


def resend_ids(root: str) -> tuple[str, ...]:
    """Of all that there may be."""
    return tuple(resend_id(root, number) for number in range(1, MOST_RESENDS + 1))


def was_resent(notice: Notice) -> bool:
    """Whether a later notice takes its place."""
    return any(entry.reason == RESENT and entry.state is not State.CREATED for entry in notice.history)


def check(notice: Notice, others: tuple[Notice, ...], recipient: Recipient | None, now: datetime) -> None:
    """Args: others: the notice that began it and its repetitions.

    Raises: Conflict `notice-not-resendable`, `notice-not-ended`, `notice-untrue`, `contact-wiped`, `resends-too-many`,
        `resend-too-soon`.
    """
    if notice.kind is NoticeKind.ONE_TIME_CODE or KINDS[notice.kind].audience is Audience.OFFICER:
        raise Conflict("notice-not-resendable", "Loại thông báo này không gửi lại được.", kind=notice.kind.value)
    if notice.state is State.CANCELLED:
        raise Conflict("notice-untrue", "Nội dung thông báo này không còn đúng nên không gửi lại được.")
    if any(not other.is_final for other in (notice, *others)):
        raise Conflict("notice-not-ended", "Thông báo này còn đang gửi; hãy chờ đến khi có kết quả.")
    if recipient is None or recipient.contact is None:
        raise Conflict("contact-wiped", "Số điện thoại đã được xóa theo thời hạn lưu nên không gửi lại được.")
    if any(recipient.is_untrue(other) for other in (notice, *others)):
        raise Conflict("notice-untrue", "Nội dung thông báo này không còn đúng nên không gửi lại được.")
    if sum(1 for other in others if other.resend_of) >= MOST_RESENDS:
        words = f"Thông báo này đã được gửi lại {MOST_RESENDS} lần."
        raise Conflict("resends-too-many", words, most=MOST_RESENDS)
    calls = [attempt.called_at for other in (notice, *others) for attempt in other.attempts]
    wait = max(calls) + SAME_TEXT_REFUSED - now if calls else timedelta(0)
    if wait > timedelta(0):
        words = "Vừa gọi cổng gửi tin cho thông báo này; hãy chờ vài phút, nếu không cổng sẽ bỏ tin trùng."
        raise Conflict("resend-too-soon", words, retry_after_s=math.ceil(wait.total_seconds()))


def again(original: Notice, number: int, by: str, why: str, now: datetime, lifetime: timedelta) -> Notice:
    """The new notice: the same words to the same person, with a life of its own.

    A link to rate is not in it: it was good for the first message only.
    """
    root, kind = root_of(original), KINDS[original.kind]
    fresh = replace(
        original,
        id=resend_id(root, number),
        created_at=now,
        event_at=now,
        expires_at=now + (kind.lifetime or lifetime),
        next_at=now,
        secret="",
        resend_of=root,
        resent_by=by,
        resent_why=why,
        excluded=(),
        state=State.CREATED,
        channel=kind.first,
        reason="",
        tries=0,
        made=0,
        attempts=(),
        history=(),
    )
    return fresh.note(Entry(State.CREATED, now, kind.first, RESENT))


def marked(ended: Notice, now: datetime) -> Notice:
    """An old notice says that it was sent again."""
    return ended.note(Entry(ended.state, now, ended.channel, RESENT))
