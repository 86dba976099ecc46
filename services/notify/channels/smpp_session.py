"""One bound session with an SMSC: submits wait for their answers, deliveries are answered once they are stored."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from services.kit import logs
from services.notify.channels.smpp_errors import code_of
from services.notify.channels.smpp_pdu import (
    RESPONSE,
    BindTransceiver,
    Broken,
    Command,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SmppCommandStatus,
    SmppMessage,
    Unbind,
    UnbindResp,
    read_pdu,
)

log = logs.get("notify.smpp")
MOST_DELIVERIES = 200
"""Being stored at the same time; what comes on top of them is asked for again later."""
STORE_S = 10.0
GOODBYE_S = 1.0


@dataclass(frozen=True)
class SmppAccount:
    """Where and as whom we bind and send."""

    host: str
    port: int
    system_id: str
    password: SecretStr
    sender: str
    system_type: str = ""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """None: the line is in clear."""


class NotLeft(Exception):
    """The session is over: nothing was written."""


class Lost(Exception):
    """It was written, and the connection ended before an answer."""


class BindRefused(Exception):
    """The SMSC answered a bind with an error."""

    def __init__(self, status: int) -> None:
        super().__init__(code_of(status))
        self.status = status


class Session:
    """Bound from `open` until it ends; it never comes back, a new one is opened."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_delivery: Callable[[Pdu], Awaitable[bool]],
        enquire_s: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_delivery = on_delivery
        self._enquire_s = enquire_s
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        account: SmppAccount,
        on_delivery: Callable[[Pdu], Awaitable[bool]],
        *,
        connect_s: float,
        enquire_s: float,
    ) -> Session:
        """Connect and bind.

        Raises: BindRefused; OSError, TimeoutError, Lost: no connection.
        """
        async with asyncio.timeout(connect_s):
            reader, writer = await asyncio.open_connection(account.host, account.port, ssl=account.tls)
            session = cls(reader, writer, on_delivery, enquire_s)
            session._reading = asyncio.create_task(session._read(), name="smpp-session")
            try:
                answer = await session.ask(
                    BindTransceiver(
                        system_id=account.system_id,
                        password=account.password.get_secret_value(),
                        system_type=account.system_type,
                    )
                )
                if answer.status or answer.command != Command.BIND_TRANSCEIVER_RESP:
                    raise BindRefused(answer.status)
            except BaseException:
                session._end()
                raise
        session._spawn(session._keep_alive())
        return session

    @property
    def alive(self) -> bool:
        return self._reading is not None and not self._reading.done() and not self._writer.is_closing()

    async def ended(self) -> None:
        """Return when the session is over."""
        if self._reading is not None:
            await asyncio.wait((self._reading,))

    async def close(self) -> None:
        """Unbind; answers that still come in that moment are taken."""
        if self.alive:
            self._write(Unbind())
            assert self._reading is not None
            await asyncio.wait((self._reading,), timeout=GOODBYE_S)
        self._end()
        await self.ended()

    async def ask(self, message: SmppMessage) -> Pdu:
        """The answer to a request, status and all.

        Raises: NotLeft; Lost.
        """
        if not self.alive:
            raise NotLeft
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        sequence = self._write(message)
        self._waiting[sequence] = answer
        try:
            return await answer
        finally:
            del self._waiting[sequence]

    def _write(self, message: SmppMessage, sequence: int = 0) -> int:
        if not sequence:
            self._sequence = sequence = self._sequence % 0x7FFF_FFFF + 1
        message.sequence_num = sequence
        self._writer.write(message.pdu())
        return sequence

    async def _read(self) -> None:
        why = "closed"
        try:
            while True:
                pdu = await read_pdu(self._reader)
                self._heard.set()
                if not self._take(pdu):
                    return
        except Broken:
            why = "broken"
        except (asyncio.IncompleteReadError, OSError) as error:
            why = type(error).__name__
        finally:
            log.info("smpp.session-ended", why=why, waiting=len(self._waiting))
            self._end()

    def _take(self, pdu: Pdu) -> bool:
        """Returns: whether the session goes on."""
        if pdu.command == Command.UNBIND_RESP:
            return False
        if pdu.command & RESPONSE:
            waiting = self._waiting.get(pdu.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(pdu)
        elif pdu.command == Command.DELIVER_SM:
            self._deliver(pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            self._write(EnquireLinkResp(), pdu.sequence)
        elif pdu.command == Command.UNBIND:
            self._write(UnbindResp(), pdu.sequence)
            return False
        else:
            self._write(GenericNack(command_status=SmppCommandStatus.ESME_RINVCMDID), pdu.sequence)
        return True

    def _deliver(self, pdu: Pdu) -> None:
        if len(self._tasks) > MOST_DELIVERIES:
            self._write(DeliverSmResp(command_status=SmppCommandStatus.ESME_RX_T_APPN), pdu.sequence)
        else:
            self._spawn(self._store(pdu))

    async def _store(self, pdu: Pdu) -> None:
        """First stored, then answered: a delivery that is not answered comes again."""
        stored = False
        try:
            async with asyncio.timeout(STORE_S):
                stored = await self._on_delivery(pdu)
        except Exception as error:  # noqa: BLE001 - the edge: whatever failed, the SMSC keeps the receipt
            log.warning("smpp.receipt-not-stored", error=type(error).__name__)
        status = SmppCommandStatus.ESME_ROK if stored else SmppCommandStatus.ESME_RX_T_APPN
        if not self._writer.is_closing():
            self._write(DeliverSmResp(command_status=status), pdu.sequence)

    async def _keep_alive(self) -> None:
        """A line over which nothing comes may be dead: ask, and end it when the answer does not come."""
        while True:
            self._heard.clear()
            if await _within(self._heard, self._enquire_s):
                continue
            self._write(EnquireLink())
            if not await _within(self._heard, self._enquire_s):
                log.warning("smpp.line-silent", seconds=2 * self._enquire_s)
                self._writer.transport.abort()  # nobody is there to take what was not yet sent
                self._end()
                return

    def _end(self) -> None:
        self._writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Lost())
        running = asyncio.current_task()
        for task in {self._reading, *self._tasks} - {running, None}:
            task.cancel()  # type: ignore[union-attr]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
