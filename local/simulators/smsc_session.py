"""One connection to the SMSC: framing, bind, and requests in both directions. The PDUs are coded by smpp34.

smpp34's own server takes every bind and cannot cut a connection, and to refuse and to cut is what this SMSC is for:
so it has the codec from there and the session here.
"""

import asyncio
import struct
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from smpp34 import DeliverSm, SmppError, SubmitSm, decode

from local.simulators.smsc_rules import (
    ALREADY_BOUND,
    INVALID_COMMAND,
    INVALID_COMMAND_LENGTH,
    NOT_BOUND,
    OK,
    SmscRefusal,
)

_HEADER = struct.Struct("!IIII")
_LONGEST = 70_000
_RESPONSE: Final = 0x8000_0000
_BINDS: Final = {0x01: (False, True), 0x02: (True, False), 0x09: (True, True)}
"""bind_receiver, bind_transmitter, bind_transceiver: may it submit, may it receive?"""
_SUBMIT_SM, _DELIVER_SM, _UNBIND, _ENQUIRE_LINK = 0x04, 0x05, 0x06, 0x15
_NACK: Final = _RESPONSE


@dataclass(frozen=True, slots=True)
class Reply:
    """A submit_sm_resp, or none: silence, or the end of the connection."""

    status: int = OK
    message_id: str = ""
    silent: bool = False
    cut: bool = False


class Office(Protocol):
    """What a session asks the SMSC."""

    system_id: str

    def admit(self, session: "SmscSession", system_id: str, password: str) -> None:
        """Let a client in.

        Raises:
            SmscRefusal: with the status of its bind.
        """

    async def submit(self, session: "SmscSession", pdu: SubmitSm) -> Reply:
        """Take a message or refuse it."""


class SmscSession:
    """A client's connection; `system_id` is empty until it is bound."""

    def __init__(self, office: Office, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._office = office
        self._reader = reader
        self._writer = writer
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._may_submit = False
        self.system_id = ""
        self.may_receive = False

    async def run(self) -> None:
        """Serve until either side ends it."""
        try:
            while not self._writer.is_closing():
                head = await self._reader.readexactly(_HEADER.size)
                length, command, status, sequence = _HEADER.unpack(head)
                if not _HEADER.size <= length <= _LONGEST:
                    break
                body = await self._reader.readexactly(length - _HEADER.size)
                self._take(command, status, sequence, head + body)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.cut()

    def cut(self) -> None:
        """Close the connection at once, with whatever was not yet written."""
        self.system_id, self.may_receive = "", False
        for task in self._tasks:
            task.cancel()
        for waiting in self._waiting.values():
            waiting.cancel()
        self._writer.transport.abort()

    async def deliver(self, **fields: Any) -> int | None:
        """Bring a deliver_sm. Returns: the status of its answer, None when the connection ended before one."""
        self._sequence += 1
        sequence = self._sequence
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = answer
        self._writer.write(DeliverSm(**fields, sequence_number=sequence).encode())
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if answer.cancelled():
                return None
            raise
        finally:
            del self._waiting[sequence]

    def _take(self, command: int, status: int, sequence: int, pdu: bytes) -> None:
        if command & _RESPONSE:
            waiting = self._waiting.get(sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(status)
        elif command in _BINDS:
            self._bind(command, sequence, pdu[_HEADER.size :])
        elif command == _ENQUIRE_LINK:
            self._answer(command, sequence)
        elif command == _UNBIND:
            self._answer(command, sequence)
            self._writer.close()
        elif command == _SUBMIT_SM:
            self._spawn(self._submit(sequence, pdu))
        else:
            self._answer(_NACK, sequence, INVALID_COMMAND)

    def _bind(self, command: int, sequence: int, body: bytes) -> None:
        system_id, password, *_ = [*body.split(b"\0"), b"", b""]
        try:
            if self.system_id:
                raise SmscRefusal(ALREADY_BOUND)
            self._office.admit(self, system_id.decode("latin-1"), password.decode("latin-1"))
        except SmscRefusal as refusal:
            self._answer(command, sequence, refusal.status)
            return
        self.system_id = system_id.decode("latin-1")
        self._may_submit, self.may_receive = _BINDS[command]
        self._answer(command, sequence, OK, self._office.system_id.encode() + b"\0")

    async def _submit(self, sequence: int, pdu: bytes) -> None:
        try:
            request = decode(pdu)
        except SmppError:
            request = None
        if not self._may_submit:
            reply = Reply(NOT_BOUND)
        elif isinstance(request, SubmitSm):
            reply = await self._office.submit(self, request)
        else:
            reply = Reply(INVALID_COMMAND_LENGTH)
        if reply.cut:
            self.cut()
        elif not reply.silent:
            body = reply.message_id.encode() + b"\0" if reply.status == OK else b""
            self._answer(_SUBMIT_SM, sequence, reply.status, body)

    def _answer(self, command: int, sequence: int, status: int = OK, body: bytes = b"") -> None:
        if not self._writer.is_closing():
            length = _HEADER.size + len(body)
            self._writer.write(_HEADER.pack(length, command | _RESPONSE, status, sequence) + body)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
