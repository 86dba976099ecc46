"""Where notify keeps things: recipients, notices, receipts, the sender's mark, Zalo's tokens.

One multikey index serves all look-ups of notices: each secondary index costs every write of a hot, often rewritten
document. Tokens: `due:<minute>` while something must happen, `bulk:<minute>` where it is in no hurry, `urgent` instead
while a one-time code is on its way; `call:<counter>` on the call list; `sms:<provider>:<id>` where a receipt names only
the gateway's id; `poll:<provider>` while a gateway must be asked for its receipt. Written once and never changed, for
the delivery log: `day:<counter>:<day>` and `slot:<ten minutes>`, the latter over all counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from contracts.types import NoticeChannel, NoticeKind
from services.kit.store import Store
from services.notify.channels.zalo_tokens import TOKENS
from services.notify.domain.costs import day_of
from services.notify.domain.kinds import Lane
from services.notify.domain.notice import Notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.resend import Resend, was_resent
from services.notify.domain.transitions import State
from services.notify.figures import FIGURES
from services.notify.figures import INDEXES as FIGURES_INDEXES
from services.notify.officers.store import OFFICERS
from services.notify.preferences.store import PREFERENCES
from services.notify.spending import INDEXES as SPENDING_INDEXES
from services.notify.spending import SPENDING
from services.notify.templates.store import TEMPLATE_VERSIONS, TEMPLATES

RECEIPTS = "receipts"
SENDER = "sender"
MINUTE_S = 60
LASTING = ("day:", "slot:", "sms:")
"""Tokens of a notice that stay whatever becomes of it begin so."""
SLOT_S = 600
URGENT = "urgent"
"""What the notices are found by that go before all others."""
BUCKETS: Mapping[Lane, str] = {Lane.NORMAL: "due", Lane.BULK: "bulk"}
POLLED = frozenset({"vnpt"})
"""Gateways that report nothing by themselves."""


def due_token(moment: datetime, lane: Lane = Lane.NORMAL) -> str:
    """The bucket of a minute: a poll asks for few buckets by equality, never for an open range."""
    return minute_token(int(moment.timestamp()) // MINUTE_S, lane)


def minute_token(minute: int, lane: Lane = Lane.NORMAL) -> str:
    """What notices of a lane due in this minute since 1970 are found by."""
    return f"{BUCKETS[lane]}:{minute}"


def call_token(counter: str) -> str:
    """What the notices on a counter's call list are found by."""
    return f"call:{counter}"


def sms_token(provider: str, sms_id: str) -> str:
    """What a notice is found by when a gateway names only its own id in a receipt."""
    return f"sms:{provider}:{sms_id}"


def poll_token(provider: str) -> str:
    """What the notices are found by of which a gateway must be asked."""
    return f"poll:{provider}"


def day_token(counter: str, day: date) -> str:
    """What a counter's notices of a day in Viet Nam are found by.

    Two indexes on the moment would do too; but they made every rewrite half as dear again, these two words make none.
    """
    return f"day:{counter}:{day:%Y%m%d}"


def slot_token(slot: int) -> str:
    """What all notices made in these ten minutes since 1970 are found by."""
    return f"slot:{slot}"


def slot_of(moment: datetime) -> int:
    return int(moment.timestamp()) // SLOT_S


NOBODY_WAS_TOLD = frozenset({State.UNDELIVERABLE, State.EXPIRED, State.FAILED})
"""Ends after which the counter must call: the gateway's or our failure is no fault of the citizen."""


def _notice_tokens(notice: Notice) -> Mapping[str, Any]:
    texts = (a for a in notice.attempts if a.channel is NoticeChannel.SMS and a.provider_id)
    tokens = [sms_token(a.provider, a.provider_id) for a in texts]
    if notice.next_at is not None:
        tokens.append(URGENT if notice.lane is Lane.URGENT else due_token(notice.next_at, notice.lane))
    if notice.state is State.SENT and notice.current is not None and notice.current.provider in POLLED:
        tokens.append(poll_token(notice.current.provider))
    # A receipt that came after all takes the citizen off the list: the phone has the message. Nobody reads out a code.
    callable_ = notice.kind is not NoticeKind.ONE_TIME_CODE and notice.arrived is None and not was_resent(notice)
    if notice.state in NOBODY_WAS_TOLD and callable_ and not notice.unit:  # an officer is no citizen of the counter
        tokens.append(call_token(notice.counter))
    made_at = notice.created_at
    return {"tokens": [*tokens, day_token(notice.counter, day_of(made_at)), slot_token(slot_of(made_at))]}


def _recipient_flags(recipient: Recipient) -> Mapping[str, Any]:
    flags: dict[str, Any] = {"sweeping": True} if recipient.sweep else {}
    looked_at = recipient.quiet_since or recipient.look_at or recipient.contact_since
    if recipient.contact is not None and looked_at is not None:
        flags["wipes"] = looked_at
    return flags


NOTICES: Store[Notice] = Store(
    "notices",
    Notice,
    indexes=(IndexModel([("tokens", ASCENDING)], name="tokens", sparse=True),),
    derived=_notice_tokens,
)
RECIPIENTS: Store[Recipient] = Store(
    "recipients",
    Recipient,
    indexes=(
        IndexModel([("sweeping", ASCENDING)], name="sweeping", sparse=True),
        # Of those whose contact is still there. Notices do not move it, so that it costs nothing but once.
        IndexModel([("wipes", ASCENDING)], name="wipes", sparse=True),
    ),
    derived=_recipient_flags,
)
RESENDS: Store[Resend] = Store("resends", Resend)
STORES: tuple[Store[Any], ...] = (NOTICES, RECIPIENTS, RESENDS, TEMPLATES, TEMPLATE_VERSIONS, OFFICERS, PREFERENCES)
MORE: Mapping[str, tuple[IndexModel, ...]] = {
    RECEIPTS: (
        IndexModel([("lane", ASCENDING)], name="lane", sparse=True),
        # Matched ones are kept for a month: complaints about messages come late.
        IndexModel([("received_at", ASCENDING)], name="ttl", expireAfterSeconds=31 * 86_400),
    ),
    SENDER: (),
    SPENDING: SPENDING_INDEXES,
    FIGURES: FIGURES_INDEXES,
    TOKENS: (),
}
