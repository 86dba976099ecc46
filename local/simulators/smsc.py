"""An operator's SMSC (SMPP 3.4) on a port of its own: takes texts, joins their parts, brings delivery receipts."""

import asyncio
import secrets
import ssl
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from smpp34 import SubmitSm, Tlv

from local.simulators.clock import VIETNAM, Clock
from local.simulators.courier import Outcome, Parcel
from local.simulators.faults import FaultBoard
from local.simulators.messages import Ledger, Message
from local.simulators.receipts import ReceiptDesk
from local.simulators.settings import LOOPBACK, SimulatorSettings
from local.simulators.smsc_rules import (
    ALPHANUMERIC,
    ALREADY_BOUND,
    INTERNATIONAL,
    SYSTEM_ERROR,
    THROTTLED,
    USER_REFERENCE,
    Part,
    SmscRefusal,
    SmscRules,
)
from local.simulators.smsc_session import Reply, SmscSession

RECEIPT = 0x04
"""esm_class of a deliver_sm that is a delivery receipt."""
_ID_BITS = 48


class Smsc:
    """The listener, its sessions and what it tells of messages. Without a port it never starts."""

    system_id = "SIM-SMSC"

    def __init__(
        self, *, settings: SimulatorSettings, board: FaultBoard, ledger: Ledger, desk: ReceiptDesk, clock: Clock
    ) -> None:
        self._settings = settings
        self._board = board
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._rules = SmscRules(settings)
        self._server: asyncio.Server | None = None
        self._sessions: dict[SmscSession, asyncio.Task[None]] = {}
        self.port = settings.smsc_port
        """Where it listens, once started: the system chooses where the setting says 0. None: nowhere."""
        self.refusals: Counter[str] = Counter()
        self.binds = 0
        """Binds let in since the start."""

    async def start(self) -> None:
        """Listen; again on the same port after `stop`."""
        if self.port is None:
            return
        context = None
        if self._settings.smsc_tls_file is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._settings.smsc_tls_file)
        self._server = await asyncio.start_server(self._open, LOOPBACK, self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut all connections and listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        self.cut()
        await asyncio.gather(*self._sessions.values(), return_exceptions=True)

    def cut(self) -> None:
        """Cut all connections; clients may come back."""
        for session in list(self._sessions):
            session.cut()

    def reset(self) -> None:
        """Forget half messages and refusals; whoever is bound stays bound."""
        self._rules.forget()
        self.refusals.clear()

    def as_json(self) -> dict[str, Any]:
        """Return what the control API shows beside the counters of messages."""
        bound = sum(bool(session.system_id) for session in self._sessions)
        return {"bound": bound, "binds": self.binds, "unjoined": self._rules.begun, "refused": dict(self.refusals)}

    def admit(self, session: SmscSession, system_id: str, password: str) -> None:
        """Check a bind.

        Raises:
            SmscRefusal: with its status.
        """
        try:
            self._rules.admit(system_id, password)
            if sum(bool(one.system_id) for one in self._sessions) >= self._settings.smsc_most_binds:
                raise SmscRefusal(ALREADY_BOUND)
        except SmscRefusal as refusal:
            self.refusals[str(refusal)] += 1
            raise
        self.binds += 1

    async def submit(self, session: SmscSession, pdu: SubmitSm) -> Reply:
        """Take one submit_sm; its message counts when its last part is here, before any answer leaves."""
        message_id = f"{secrets.randbits(_ID_BITS):X}"
        try:
            self._rules.count_rate()
            if self._board.bad_gateway("smpp"):
                raise SmscRefusal(SYSTEM_ERROR)
            if self._board.throttled("smpp"):
                raise SmscRefusal(THROTTLED)
            if (code := self._board.refusal("smpp")) is not None:
                raise SmscRefusal(int(code, 16))
            part = self._rules.check(pdu, message_id)
        except SmscRefusal as refusal:
            self.refusals[str(refusal)] += 1
            return Reply(refusal.status)
        parts = self._rules.join(session.system_id, part)
        return await self._accept(session.system_id, parts) if parts else Reply(message_id=message_id)

    async def deliver(self, **fields: Any) -> int | None:
        """Bring any deliver_sm to whoever is bound. Returns: the answer's status, None when nobody answered."""
        session = next((one for one in reversed(self._sessions) if one.may_receive), None)
        return None if session is None else await session.deliver(**fields)

    def receipt(self, message: Message, note: Callable[[bool, bool], None]) -> Parcel | None:
        """Return the receipts of a message, or None when its sender asked for none."""
        failed = message.plan.outcome == "failed"
        wishes = [one for one in (message.route or {}).get("wishes", ()) if failed or not one["only_failures"]]
        if not wishes:
            return None
        return Parcel(
            method="SMPP",
            url="",
            timeout_seconds=self._settings.smsc_receipt_timeout_seconds,
            retry_after=(self._settings.smsc_receipt_retry_seconds,) * self._settings.smsc_receipt_retries,
            redeliver=lambda outcome: outcome.status != 200,
            on_attempt=note,
            carry=lambda: self._carry(message, wishes),
        )

    async def _accept(self, system_id: str, parts: list[Part]) -> Reply:
        now, last = self._clock.wall_ms(), parts[-1]
        quirk = last.manners.sms
        message = Message(
            seq=self._ledger.next_seq,
            provider="smpp",
            phone=last.phone,
            provider_id=last.message_id,
            text="".join(part.text for part in parts),
            accepted_at=now,
            block_from=self._clock.now_ms(),
            plan=self._board.plan("smpp", quirk, now),
            parts=len(parts),
            price=len(parts) * self._settings.smsc_price,
            route={
                "system_id": system_id,
                "sender": last.sender,
                "wishes": [part.wish() for part in parts if part.wants_receipt],
            },
        )
        self._ledger.accept(message)
        await self._desk.accepted(message)
        if self._board.drops("smpp", quirk):
            return Reply(cut=True)
        return Reply(message_id=last.message_id, silent=self._board.hangs("smpp"))

    async def _carry(self, message: Message, wishes: list[dict[str, Any]]) -> Outcome:
        stat = "DELIVRD" if message.plan.outcome == "delivered" else self._failure(message)
        for wish in wishes:
            if self._settings.smsc_enroute_first:
                await self._tell(message, wish, "ENROUTE")
            status = await self._tell(message, wish, stat)
            if status != 0:
                return Outcome(status)  # answered with an error, or nobody there: it comes again
        return Outcome(200)

    def _failure(self, message: Message) -> str:
        return self._settings.smsc_failure_stats.get(message.phone, "UNDELIV")

    async def _tell(self, message: Message, wish: dict[str, Any], stat: str) -> int | None:
        done = self._stamp(message.delivered_at or message.failed_at or self._clock.wall_ms())
        delivered = int(stat == "DELIVRD")
        number = str(int(wish["id"], 16)) if self._settings.smsc_receipt_ids == "decimal" else wish["id"]
        text = (
            f"id:{number} sub:001 dlvrd:{delivered:03d} submit date:{self._stamp(message.accepted_at)} "
            f"done date:{done} stat:{stat} err:{1 - delivered:03d} text:{wish['text']}"
        )
        echo = [Tlv(USER_REFERENCE, wish["reference"].to_bytes(2, "big"))] if wish["reference"] is not None else []
        return await self.deliver(
            source_addr=message.phone,
            source_addr_ton=INTERNATIONAL,
            source_addr_npi=1,
            destination_addr=(message.route or {}).get("sender", ""),
            dest_addr_ton=ALPHANUMERIC,
            short_message=text.encode("latin-1", "replace"),
            esm_class=RECEIPT,
            tlvs=echo,
        )

    def _stamp(self, wall_ms: int) -> str:
        return f"{datetime.fromtimestamp(self._clock.moved(wall_ms) / 1000, VIETNAM):%y%m%d%H%M}"

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = SmscSession(self, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._sessions[session] = task
        try:
            await session.run()
        finally:
            del self._sessions[session]
