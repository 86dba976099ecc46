"""The ledger: every message a gateway accepted, what became of it, and which receipts left the house.

It is the truth the tests count by. A message stands here before its sender gets an answer, whether or not that
answer ever arrives.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from local.simulators.journal import Journal, Record

Provider = Literal["zalo", "esms", "speedsms", "vnpt", "smpp"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
Outcome = Literal["delivered", "failed"]


@dataclass(frozen=True, slots=True)
class ReceiptPlan:
    """What will become of a message, decided when it is accepted so that a restart cannot change it.

    `deliver_at` None means that it never reaches the phone, `copies` zero that its receipt is never sent.
    """

    deliver_at: int | None
    receipt_at: int
    copies: int = 1
    outcome: Outcome = "delivered"
    before_reply: bool = False


@dataclass(slots=True)
class Message:
    """One accepted message. Times are epoch milliseconds of the wall clock, except `block_from` (moved clock)."""

    seq: int
    provider: Provider
    phone: str
    provider_id: str
    text: str
    accepted_at: int
    block_from: int
    plan: ReceiptPlan
    tracking_id: str | None = None
    request_id: str | None = None
    template_id: str | None = None
    template_data: dict[str, str] | None = None
    callback_url: str | None = None
    route: dict[str, Any] | None = None
    """SMPP: who sent it, and which receipts the SMSC owes."""
    parts: int = 1
    price: int = 0
    delivered_at: int | None = None
    failed_at: int | None = None
    receipts_sent: int = 0
    receipts_acked: int = 0
    receipts_closed: int = 0

    @property
    def outcome(self) -> str:
        """Return the word the control API shows: pending, undelivered, delivered or failed."""
        if self.delivered_at is not None:
            return "delivered"
        if self.failed_at is not None:
            return "failed"
        return "undelivered" if self.plan.deliver_at is None else "pending"

    def as_json(self) -> dict[str, Any]:
        """Return the message as the control API shows it."""
        return {
            "seq": self.seq,
            "provider": self.provider,
            "phone": self.phone,
            "provider_id": self.provider_id,
            "tracking_id": self.tracking_id,
            "request_id": self.request_id,
            "text": self.text,
            "template_id": self.template_id,
            "template_data": self.template_data,
            "parts": self.parts,
            "accepted_at": self.accepted_at,
            "delivered_at": self.delivered_at,
            "failed_at": self.failed_at,
            "outcome": self.outcome,
            "receipts_sent": self.receipts_sent,
            "receipts_acked": self.receipts_acked,
        }


@dataclass(slots=True)
class Totals:
    """Counters of one gateway since the last reset."""

    accepted: int = 0
    delivered: int = 0
    failed: int = 0
    receipts_sent: int = 0
    receipts_acked: int = 0
    repeated_references: int = 0


@dataclass(slots=True)
class _Indices:
    by_id: defaultdict[tuple[Provider, str], list[Message]] = field(default_factory=lambda: defaultdict(list))
    by_phone: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    by_request: defaultdict[tuple[Provider, str], list[Message]] = field(default_factory=lambda: defaultdict(list))
    by_text: dict[tuple[str, str], Message] = field(default_factory=dict)
    references: set[tuple[str, str]] = field(default_factory=set)
    totals: dict[str, Totals] = field(default_factory=lambda: {name: Totals() for name in PROVIDERS})


class Ledger:
    """Accepted messages in order, with the look-ups the two gateways need."""

    def __init__(self, journal: Journal) -> None:
        self.on_change: Callable[[str | None], None] = lambda _: None
        """Told the phone whenever something about its messages changes; None: about everybody's."""
        self._journal = journal
        self._messages: list[Message] = []
        self._first_seq = 1
        self._index = _Indices()

    @property
    def next_seq(self) -> int:
        """Return the number the next message will get; it never goes back, not even by a reset."""
        return self._first_seq + len(self._messages)

    def accept(self, message: Message) -> None:
        """Remember a message for good."""
        self._journal.append({"kind": "message", **asdict(message)})
        self._add(message)
        self.on_change(message.phone)

    def conclude(self, message: Message, at: int) -> None:
        """Note that a message reached the phone, or that the network gave it up."""
        self._journal.append({"kind": "concluded", "seq": message.seq, "at": at})
        self._conclude(message, at)
        self.on_change(message.phone)

    def receipt(self, message: Message, *, acked: bool, closed: bool) -> None:
        """Note one attempt at a receipt; `closed` says that no further attempt follows for this copy."""
        self._journal.append({"kind": "receipt", "seq": message.seq, "acked": acked, "closed": closed})
        self._receipt(message, acked, closed)

    def reset(self) -> None:
        """Forget all messages, and let the numbering go on so that an old cursor cannot skip new messages."""
        self._journal.append({"kind": "reset"})
        self._reset()
        self.on_change(None)

    def replay(self, record: Record) -> None:
        """Take in one record of an earlier process."""
        match record["kind"]:
            case "message":
                fields = {name: value for name, value in record.items() if name != "kind"}
                self._add(Message(**(fields | {"plan": ReceiptPlan(**fields["plan"])})))
            case "concluded":
                self._conclude(self._at(record["seq"]), record["at"])
            case "receipt":
                self._receipt(self._at(record["seq"]), record["acked"], record["closed"])
            case "reset":
                self._reset()

    def by_provider_id(self, provider: Provider, provider_id: str) -> Message | None:
        """Return the message a gateway gave this id."""
        messages = self.all_by_provider_id(provider, provider_id)
        return messages[-1] if messages else None

    def all_by_provider_id(self, provider: Provider, provider_id: str) -> list[Message]:
        """Return the messages of one call, where a gateway gives one id to all phones of it."""
        return list(self._index.by_id.get((provider, provider_id), ()))

    def by_request_id(self, provider: Provider, request_id: str) -> Message | None:
        """Return the last SMS a gateway accepted under its client's id of the request."""
        messages = self.all_by_request_id(provider, request_id)
        return messages[-1] if messages else None

    def all_by_request_id(self, provider: Provider, request_id: str) -> list[Message]:
        """Return every SMS a gateway accepted under its client's id of the request."""
        return list(self._index.by_request.get((provider, request_id), ()))

    def by_text(self, phone: str, text: str) -> Message | None:
        """Return the last SMS with this text to this phone."""
        return self._index.by_text.get((phone, text))

    def of_phone(self, phone: str) -> list[Message]:
        """Return the messages to one phone, oldest first."""
        return list(self._index.by_phone.get(phone, ()))

    def latest_phones(self, limit: int) -> list[str]:
        """Return the phones that were written to last, most recent first."""
        seen: dict[str, None] = {}
        for message in reversed(self._messages):
            seen.setdefault(message.phone)
            if len(seen) >= limit:
                break
        return list(seen)

    def after(self, seq: int, limit: int) -> list[Message]:
        """Return up to `limit` messages whose number is greater than `seq`."""
        start = max(0, seq + 1 - self._first_seq)
        return self._messages[start : start + limit]

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def totals(self, provider: Provider) -> Totals:
        """Return the counters of one gateway."""
        return self._index.totals[provider]

    def _at(self, seq: int) -> Message:
        return self._messages[seq - self._first_seq]

    def _add(self, message: Message) -> None:
        index, totals = self._index, self._index.totals[message.provider]
        self._messages.append(message)
        index.by_id[message.provider, message.provider_id].append(message)
        index.by_phone[message.phone].append(message)
        totals.accepted += 1
        reference = message.tracking_id or message.request_id
        if reference:
            totals.repeated_references += (message.provider, reference) in index.references
            index.references.add((message.provider, reference))
        if message.provider == "esms":
            index.by_text[message.phone, message.text] = message
        if message.request_id:
            index.by_request[message.provider, message.request_id].append(message)

    def _conclude(self, message: Message, at: int) -> None:
        totals = self._index.totals[message.provider]
        if message.plan.outcome == "delivered":
            message.delivered_at = at
            totals.delivered += 1
        else:
            message.failed_at = at
            totals.failed += 1

    def _receipt(self, message: Message, acked: bool, closed: bool) -> None:
        totals = self._index.totals[message.provider]
        message.receipts_sent += 1
        message.receipts_acked += acked
        message.receipts_closed += closed
        totals.receipts_sent += 1
        totals.receipts_acked += acked

    def _reset(self) -> None:
        self._first_seq = self.next_seq
        self._messages = []
        self._index = _Indices()
