"""What became of notices: by the gateways' ledger, which is the truth, and by notify's own word."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from local.dossier_news import News
from local.stack import Stack

FINAL = frozenset({"delivered", "undeliverable", "failed", "expired", "cancelled"})
PAGE = 5000
Message = Mapping[str, Any]


@dataclass
class Ledger:
    """Every message that the simulated gateways accepted, read page by page as it grows."""

    stack: Stack
    by_phone: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    """Messages change (they arrive): read the ledger anew for what a phone shows."""
    _after: int = 0

    async def read(self) -> int:
        """Read on. Returns: phones that a message was accepted for."""
        async with httpx.AsyncClient(base_url=self.stack.addresses.simulators, timeout=30, trust_env=False) as http:
            while True:
                query = {"after": self._after, "limit": PAGE}
                page = (await http.get("/control/messages", params=query)).json()
                for message in page["messages"]:
                    self.by_phone[message["phone"]].append(message)
                self._after = page["next"]
                if not page["more"]:
                    return len(self.by_phone)

    async def accepted(self) -> int:
        """How many messages were accepted so far; cheap."""
        async with httpx.AsyncClient(base_url=self.stack.addresses.simulators, timeout=30, trust_env=False) as http:
            stats = (await http.get("/control/stats")).json()
        return sum(part["accepted"] for part in stats.values() if "accepted" in part)

    def handed_over(self, news: Iterable[News]) -> dict[str, float]:
        """By dossier, epoch seconds of the first acceptance; those not handed over are left out."""
        found = {}
        for one in news:
            messages = self.by_phone.get(one.phone)
            if messages:
                found[one.code] = min(message["accepted_at"] for message in messages) / 1000
        return found


@dataclass
class Verdict:
    """What became of the notices of some dossiers. Codes in the lists, never phones."""

    dossiers: int
    on_phones: int = 0
    """The phone shows one message about it."""
    on_call_list: int = 0
    """Nobody knows for sure that the phone has it: the counter calls."""
    in_doubt: int = 0
    """A call got no answer, or its process died under it."""
    fallen_back: int = 0
    """Zalo took it and stayed silent for its time, so an SMS followed; the phone shows one or both."""
    open: list[str] = field(default_factory=list)
    """Not at their end."""
    lost: list[str] = field(default_factory=list)
    """Never made, or at an end that leaves the citizen untold."""
    doubled: list[str] = field(default_factory=list)
    """More than one message on the phone, and no silence that would excuse it."""
    after_silence: list[str] = field(default_factory=list)
    """The phone shows Zalo's message, whose receipt did not come in its time, and the SMS that followed."""

    @property
    def as_it_must_be(self) -> bool:
        return not (self.open or self.lost or self.doubled)

    def add(self, code: str, notice: Message | None, messages: Sequence[Message], silence_s: float) -> None:
        """Judge one dossier by its notice and its phone."""
        shown = [message for message in messages if message["delivered_at"]]
        self.on_phones += len(shown) == 1
        if len(shown) > 1:
            (self.after_silence if _silent_first(shown, silence_s) else self.doubled).append(code)
        if notice is None:
            self.lost.append(code)
            return
        called = any(token.startswith("call:") for token in notice["tokens"])
        self.on_call_list += called
        self.in_doubt += any(entry["state"] == "unknown" for entry in notice["history"])
        self.fallen_back += len({message["provider"] == "zalo" for message in messages}) == 2
        if notice["state"] not in FINAL:
            self.open.append(code)
        elif not called and (notice["state"] != "delivered" or not shown):
            self.lost.append(code)


async def verdict_on(stack: Stack, news: Sequence[News], silence_s: float) -> Verdict:
    """Compare what was told with notify's notices and what the phones show.

    Args:
        silence_s: how long notify waits at the least for a word from Zalo before it sends an SMS.
    """
    ledger, notices, verdict = Ledger(stack), await _notices(stack), Verdict(len(news))
    await ledger.read()
    for one in news:
        verdict.add(one.code, notices.get(one.code), ledger.by_phone.get(one.phone, []), silence_s)
    return verdict


async def within(seconds: float, holds: Callable[[], Awaitable[bool]], every_s: float = 0.5) -> bool:
    """Ask until it holds. Returns: whether it did in time."""
    until = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(every_s)
    return True


async def unfinished(stack: Stack) -> int:
    """Notices that are not at their end."""
    mongo = stack.mongo("notify")
    number: int = await mongo.collection("notices").count_documents({"state": {"$nin": sorted(FINAL)}})
    await mongo.close()
    return number


async def _notices(stack: Stack) -> dict[str, Mapping[str, Any]]:
    mongo = stack.mongo("notify")
    fields = {"code": 1, "state": 1, "tokens": 1, "history.state": 1}
    found = {document["code"]: document async for document in mongo.collection("notices").find({}, fields)}
    await mongo.close()
    return found


def _silent_first(shown: Sequence[Message], silence_s: float) -> bool:
    """One by Zalo, and one text that was sent after Zalo had said nothing for the set time."""
    if len(shown) != 2 or {message["provider"] == "zalo" for message in shown} != {True, False}:
        return False
    zalo, text = sorted(shown, key=lambda message: message["provider"] != "zalo")
    waited: float = (text["accepted_at"] - zalo["accepted_at"]) / 1000
    return waited >= silence_s
