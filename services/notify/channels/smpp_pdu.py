"""SMPP's protocol data units on a stream. aiosmpplib writes them; what comes in is read here.

Its own reading ends the session over a vendor's own status or a receipt whose date has seconds, and throws a receipt
away for bytes beyond ASCII in an optional parameter: all of them are met in the field. Its session (`ESME`) has no TLS,
keeps a queue that outlives the time a message had, and logs messages whole.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from aiosmpplib import (
    NPI,
    TON,
    BindTransceiver,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    OptionalParam,
    PhoneNumber,
    SmppCommandStatus,
    SmppMessage,
    SubmitSm,
    Unbind,
    UnbindResp,
)

from services.notify.channels.smpp_parts import Part
from services.notify.channels.smpp_receipts import Told

__all__ = [
    "BindTransceiver", "DeliverSmResp", "EnquireLink", "EnquireLinkResp", "GenericNack", "SmppCommandStatus",
    "SmppMessage", "SubmitSm", "Unbind", "UnbindResp",
]  # fmt: skip

_HEADER = struct.Struct("!IIII")
LONGEST = 70_000
_RECEIPTED_MESSAGE_ID, _MESSAGE_STATE, _USER_REFERENCE, _PAYLOAD = 0x001E, 0x0427, 0x0204, 0x0424
_UCS2, _UDH_PRESENT, _RECEIPT_BITS, _RECEIPT = 8, 0x40, 0x3C, 0x04


class Command(IntEnum):
    """What we meet; anything else is answered with generic_nack."""

    GENERIC_NACK = 0x8000_0000
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM = 0x05
    UNBIND = 0x06
    UNBIND_RESP = 0x8000_0006
    ENQUIRE_LINK = 0x15
    ENQUIRE_LINK_RESP = 0x8000_0015


RESPONSE = 0x8000_0000


class Broken(Exception):
    """The stream is not SMPP any more."""


@dataclass(frozen=True)
class Pdu:
    """One unit as it came."""

    command: int
    status: int
    sequence: int
    body: bytes = field(repr=False)

    @property
    def message_id(self) -> str:
        """Of a submit_sm_resp."""
        return self.body.partition(b"\0")[0].decode("latin-1")


@dataclass(frozen=True)
class Delivery:
    """A deliver_sm, as far as it concerns us."""

    is_receipt: bool
    phone: str = field(repr=False)
    """Whose phone it tells of."""
    told: Told
    reference: int | None
    """user_message_reference: what we called the message."""


async def read_pdu(reader: asyncio.StreamReader) -> Pdu:
    """Raises: Broken; asyncio.IncompleteReadError, OSError: the connection ended."""
    length, command, status, sequence = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    if not _HEADER.size <= length <= LONGEST:
        raise Broken
    return Pdu(command, status, sequence, await reader.readexactly(length - _HEADER.size))


def submit_sm(part: Part, sender: str, phone: str, *, receipt: bool, reference: int | None) -> SubmitSm:
    """Sender alphanumeric (a brandname), phone international (SMPP 3.4: 5.2.5, 5.2.6)."""
    named = [] if reference is None else [OptionalParam(_USER_REFERENCE, reference)]
    message = SubmitSm(
        short_message="-",  # the octets below are what is sent
        source=PhoneNumber(sender, TON.ALPHANUMERIC, NPI.UNKNOWN),
        destination=PhoneNumber(phone, TON.INTERNATIONAL, NPI.ISDN),
        esm_class=_UDH_PRESENT if part.has_header else 0,
        registered_delivery=int(receipt),
        encoding="ucs2" if part.accented else None,
        optional_params=named,
    )
    message.set_encoded_message(part.octets)
    return message


def read_delivery(pdu: Pdu) -> Delivery:
    """Raises: ValueError: shorter than its own fields say."""
    try:
        return _delivery(pdu.body)
    except (IndexError, struct.error) as error:
        raise ValueError("deliver_sm") from error


def _delivery(body: bytes) -> Delivery:
    _, at = _c_string(body, 0)
    phone, at = _c_string(body, at + 2)
    _, at = _c_string(body, at + 2)
    esm_class = body[at]
    _, at = _c_string(body, at + 3)
    _, at = _c_string(body, at)
    coding, length = body[at + 2], body[at + 4]
    message, at = body[at + 5 : at + 5 + length], at + 5 + length
    if len(message) != length:
        raise ValueError("deliver_sm")
    options = _options(body[at:])
    raw = message or options.get(_PAYLOAD, b"")
    text = raw.decode("utf-16-be", "replace") if coding == _UCS2 else raw.decode("latin-1")
    told = Told(
        text,
        options.get(_RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1"),
        int.from_bytes(options.get(_MESSAGE_STATE, b""), "big"),
    )
    reference = options.get(_USER_REFERENCE)
    named = int.from_bytes(reference, "big") if reference is not None else None
    return Delivery(esm_class & _RECEIPT_BITS == _RECEIPT, phone.decode("latin-1"), told, named)


def _c_string(body: bytes, at: int) -> tuple[bytes, int]:
    """A string that a zero ends, and where the next field begins."""
    end = body.index(b"\0", at)
    return body[at:end], end + 1


def _options(body: bytes) -> Mapping[int, bytes]:
    """Optional parameters; a torn last one is left out."""
    found: dict[int, bytes] = {}
    while len(body) >= 4:
        tag, length = struct.unpack_from("!HH", body)
        value, body = body[4 : 4 + length], body[4 + length :]
        if len(value) == length:
            found.setdefault(tag, value)
    return found
