"""Where notify keeps things: recipients, notices, receipts, the sender's mark, Zalo's tokens.

One multikey index serves all look-ups of notices: each secondary index costs every write of a hot, often rewritten
document. Tokens: `due:<minute>` while something must happen, `urgent` instead while a one-time code is on its way,
`call:<counter>` on the call list, `sms:<SMSID>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from contracts.types import NoticeChannel, NoticeKind
from services.kit.store import Store
from services.notify.channels.zalo_tokens import TOKENS
from services.notify.domain.notice import Notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.transitions import State

RECEIPTS = "receipts"
SENDER = "sender"
MINUTE_S = 60
URGENT = "urgent"
"""What the notices are found by that go before all others."""


def due_token(moment: datetime) -> str:
    """The bucket of a minute: a poll asks for few buckets by equality, never for an open range."""
    return minute_token(int(moment.timestamp()) // MINUTE_S)


def minute_token(minute: int) -> str:
    """What notices due in this minute since 1970 are found by."""
    return f"due:{minute}"


def call_token(counter: str) -> str:
    """What the notices on a counter's call list are found by."""
    return f"call:{counter}"


def sms_token(sms_id: str) -> str:
    """What a notice is found by when eSMS names its own id in a receipt."""
    return f"sms:{sms_id}"


NOBODY_WAS_TOLD = frozenset({State.UNDELIVERABLE, State.EXPIRED, State.FAILED})
"""Ends after which the counter must call: the gateway's or our failure is no fault of the citizen."""


def _notice_tokens(notice: Notice) -> Mapping[str, Any]:
    tokens = [sms_token(a.provider_id) for a in notice.attempts if a.channel is NoticeChannel.SMS and a.provider_id]
    if notice.next_at is not None:
        tokens.append(URGENT if notice.is_urgent else due_token(notice.next_at))
    # A receipt that came after all takes the citizen off the list: the phone has the message. Nobody reads out a code.
    callable_ = notice.kind is not NoticeKind.ONE_TIME_CODE and notice.arrived is None
    if notice.state in NOBODY_WAS_TOLD and callable_:
        tokens.append(call_token(notice.counter))
    return {"tokens": tokens} if tokens else {}


def _recipient_flags(recipient: Recipient) -> Mapping[str, Any]:
    return {"sweeping": True} if recipient.sweep else {}


NOTICES: Store[Notice] = Store(
    "notices",
    Notice,
    indexes=(IndexModel([("tokens", ASCENDING)], name="tokens", sparse=True),),
    derived=_notice_tokens,
)
RECIPIENTS: Store[Recipient] = Store(
    "recipients",
    Recipient,
    indexes=(IndexModel([("sweeping", ASCENDING)], name="sweeping", sparse=True),),
    derived=_recipient_flags,
)
STORES: tuple[Store[Any], ...] = (NOTICES, RECIPIENTS)
MORE: Mapping[str, tuple[IndexModel, ...]] = {
    RECEIPTS: (
        IndexModel([("lane", ASCENDING)], name="lane", sparse=True),
        # Matched ones are kept for a month: complaints about messages come late.
        IndexModel([("received_at", ASCENDING)], name="ttl", expireAfterSeconds=31 * 86_400),
    ),
    SENDER: (),
    TOKENS: (),
}
