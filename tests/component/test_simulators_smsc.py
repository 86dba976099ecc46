"""The SMSC as the simulator speaks it, told by raw PDUs and by a client of another make than the adapter's."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import smpp34

from local.simulators.app import create_app
from local.simulators.rig import QUICK
from local.simulators.settings import SimulatorSettings
from local.simulators.smsc_text import Garbled, Place, gsm_text, place_and_body, ucs2_text
from tests.component.smpp_fixtures import PHONE, TEXT, Line, magic, open_line
from tests.eventually import eventually

BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER, SUBMIT, QUERY, UNBIND, ENQUIRE = 1, 2, 9, 4, 3, 6, 0x15
ANSWER = 0x8000_0000


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with open_line() as opened:
        yield opened


@dataclass
class Raw:
    """A client that sends what it is told and reads what comes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sequence: int = 0

    async def ask(self, command: int, body: bytes = b"") -> tuple[int, int, bytes]:
        """Returns: command, status and body of the answer."""
        self.sequence += 1
        self.writer.write(struct.pack("!IIII", 16 + len(body), command, 0, self.sequence) + body)
        return await self.read()

    async def read(self) -> tuple[int, int, bytes]:
        async with asyncio.timeout(5):
            length, command, status, _ = struct.unpack("!IIII", await self.reader.readexactly(16))
            return command, status, await self.reader.readexactly(length - 16)

    async def bind(self, system_id: str = "motcua", password: str = "sim-smsc", command: int = BIND_TRANSCEIVER) -> int:
        body = f"{system_id}\0{password}\0\0".encode() + b"\x34\0\0\0"
        answered, status, _ = await self.ask(command, body)
        assert answered == command | ANSWER
        return status

    async def submit(self, message: bytes = TEXT.replace("[", "").replace("]", "").encode(), **fields: Any) -> int:
        """Returns: the status."""
        values: dict[str, Any] = {
            "source_addr": "MOTCUA", "destination_addr": PHONE, "source_addr_ton": 5, "dest_addr_ton": 1,
            "dest_addr_npi": 1,
        }  # fmt: skip
        pdu = smpp34.SubmitSm(short_message=message, **(values | fields)).encode()
        command, status, _ = await self.ask(SUBMIT, pdu[16:])
        assert command == SUBMIT | ANSWER
        return status


@asynccontextmanager
async def raw(line: Line) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.network.smsc.port)
    yield Raw(reader, writer)
    writer.close()


@asynccontextmanager
async def bound(line: Line) -> AsyncIterator[Raw]:
    async with raw(line) as client:
        assert await client.bind() == 0
        yield client


# --- binds ----------------------------------------------------------------------------------------------------------


async def test_a_bind_needs_the_right_name_and_password(line: Line) -> None:
    async with raw(line) as client:
        assert await client.bind(password="wrong") == 0x0E
        assert await client.bind(system_id="nobody") == 0x0F
        assert await client.bind() == 0
        assert await client.bind() == 0x05
    stats = await line.stats()
    assert (stats["binds"], stats["refused"]) == (1, {"0x0e": 1, "0x0f": 1})


async def test_only_so_many_sessions_of_an_account_are_let_in() -> None:
    async with open_line(smsc_most_binds=1) as line, bound(line) as first, raw(line) as second:
        assert await second.bind() == 0x05
        assert (await first.ask(UNBIND))[:2] == (UNBIND | ANSWER, 0)
        assert await first.reader.read() == b""

        async def free() -> bool:
            return await second.bind() == 0

        await eventually(free)


async def test_what_is_not_bound_or_only_receives_submits_nothing(line: Line) -> None:
    async with raw(line) as client:
        assert await client.submit() == 0x04
        assert await client.bind(command=BIND_RECEIVER) == 0
        assert await client.submit() == 0x04
    assert await line.messages() == []


async def test_a_transmitter_gets_no_receipts_they_wait_for_somebody_who_receives(line: Line) -> None:
    async with raw(line) as sender, raw(line) as receiver:
        assert await sender.bind(command=BIND_TRANSMITTER) == 0
        assert await sender.submit(registered_delivery=1) == 0
        assert await receiver.bind(command=BIND_RECEIVER) == 0
        command, _, body = await receiver.read()
        assert command == 5
        assert b"stat:DELIVRD" in body


async def test_the_line_can_be_asked_and_what_it_does_not_know_is_nacked(line: Line) -> None:
    async with bound(line) as client:
        assert await client.ask(ENQUIRE) == (ENQUIRE | ANSWER, 0, b"")
        assert (await client.ask(QUERY, b"1\0\0\0\0"))[:2] == (ANSWER, 0x03)


@pytest.mark.parametrize("length", [0, 15, 70_001])
async def test_a_torn_stream_ends_the_session(line: Line, length: int) -> None:
    async with bound(line) as client:
        client.writer.write(struct.pack("!IIII", length, ENQUIRE, 0, 1))
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.read()


# --- submits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"source_addr": "KHAC"}, 0x0A),
        ({"source_addr_ton": 1}, 0x0A),
        ({"destination_addr": "0901234567"}, 0x0B),
        ({"destination_addr": "842839123456"}, 0x0B),
        ({"destination_addr": "84123"}, 0x0B),
        ({"dest_addr_ton": 2}, 0x0B),
        ({"destination_addr": magic(899)}, 0x0B),
        ({"destination_addr": magic(802)}, 0x08),
        ({"message": b""}, 0x01),
        ({"message": b"a" * 161}, 0x01),
        ({"message": b"ab" * 71, "data_coding": 8}, 0x01),
        ({"message": b"\x05\x00\x03\x01\x02\x01" + b"a" * 154, "esm_class": 0x40}, 0x01),
        ({"message": b"abc", "data_coding": 8}, 0x45),
        ({"message": b"ab", "data_coding": 3}, 0x45),
        ({"message": b"\x1b"}, 0x45),
        ({"message": b"\xc3\xa0"}, 0x45),
        ({"message": b"\x09a", "esm_class": 0x40}, 0x43),
        ({"message": b"\x05\x00\x03\x01\x02\x03abc", "esm_class": 0x40}, 0x43),
    ],
)
async def test_a_wrong_submit_gets_the_status_of_its_fault(line: Line, fields: dict[str, Any], status: int) -> None:
    async with bound(line) as client:
        assert await client.submit(**fields) == status
        assert await client.submit() == 0, "the session lives on"
    assert len(await line.messages()) == 1


async def test_over_its_rate_the_account_is_throttled() -> None:
    async with open_line(smsc_tps=3) as line, bound(line) as client:

        async def burst_is_cut() -> bool:
            burst = [await client.submit() for _ in range(8)]
            return burst[0] == 0 and 0x58 in burst

        await eventually(burst_is_cut, every=0.3)


async def test_parts_are_joined_in_their_order_and_by_their_reference(line: Line) -> None:
    async with bound(line) as client:
        for reference, number, text in [(1, 2, "b"), (2, 1, "x"), (1, 1, "a"), (2, 2, "y")]:
            header = bytes((5, 0, 3, reference, 2, number))
            assert await client.submit(header + text.encode(), esm_class=0x40) == 0
        assert (await line.stats())["unjoined"] == 0
        messages = [(message["text"], message["parts"]) for message in await line.messages()]
        assert messages == [("ab", 2), ("xy", 2)]
        assert await client.submit(bytes((5, 0, 3, 3, 2, 1)) + b"alone", esm_class=0x40) == 0
        assert (await line.stats())["unjoined"] == 1
        assert len(await line.messages()) == 2


async def test_messages_stand_on_the_wall_beside_those_of_other_networks(line: Line) -> None:
    async with bound(line) as client:
        assert await client.submit(b"xin chao") == 0

    async def drawn() -> bool:
        page = (await line.http.get(f"/phones/{PHONE}")).text
        return "xin chao" in page and 'article class="smpp"' in page

    await eventually(drawn)


async def test_accept_then_drop_counts_the_message_and_cuts_the_line(line: Line) -> None:
    async with bound(line) as client:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.submit(destination_addr=magic(804))
    assert len(await line.messages()) == 1


async def test_parts_that_never_became_a_message_are_forgotten_by_a_reset(line: Line) -> None:
    async with bound(line) as client:
        await client.submit(bytes((5, 0, 3, 3, 2, 1)) + b"alone", esm_class=0x40)
        await line.http.post("/control/reset")
        assert (await line.stats())["unjoined"] == 0
        assert await client.submit() == 0, "who is bound stays bound"


# --- receipts -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def stranger(line: Line) -> AsyncIterator[Any]:
    """Bound by a client of another make."""
    client = smpp34.Client("127.0.0.1", line.network.smsc.port or 0, "motcua", "sim-smsc", bind_type="TRX")
    smsc = await client.connect()
    yield smsc
    await smsc.unbind()
    await client.stop()


async def send(smsc: Any, phone: str = PHONE, text: bytes = b"hello", **fields: Any) -> str:
    values = {"source_addr": "MOTCUA", "source_addr_ton": 5, "dest_addr_ton": 1, "dest_addr_npi": 1}
    reply = await smsc.submit_sm(phone, text, **(values | {"registered_delivery": 1} | fields))
    assert reply.is_success
    message_id: str = reply.message_id
    return message_id


async def next_receipt(smsc: Any) -> Any:
    async with asyncio.timeout(5):
        return await smsc.next()


@pytest.mark.parametrize(
    ("phone", "stat"),
    [(PHONE, "DELIVRD"), (magic(810), "UNDELIV"), (magic(811), "EXPIRED"), (magic(812), "REJECTD")],
)
async def test_a_receipt_says_what_became_of_the_message(line: Line, phone: str, stat: str) -> None:
    async with stranger(line) as smsc:
        message_id = await send(smsc, phone)
        event = await next_receipt(smsc)
        said = event.short_message.decode()
        assert (event.esm_class, event.source_addr, event.destination_addr) == (0x04, phone, "MOTCUA")
        delivered = int(stat == "DELIVRD")
        assert said.startswith(f"id:{message_id} sub:001 dlvrd:00{delivered} submit date:")
        assert said.endswith(f" stat:{stat} err:00{1 - delivered} text:hello")


async def test_a_receipt_can_come_twice_or_after_an_interim_one() -> None:
    async with open_line(smsc_enroute_first=True) as line, stranger(line) as smsc:
        await send(smsc, magic(803))
        said = [(await next_receipt(smsc)).short_message.decode() for _ in range(4)]
        assert sorted(text.split(" stat:")[1].split()[0] for text in said) == ["DELIVRD"] * 2 + ["ENROUTE"] * 2


async def test_whoever_asks_for_no_receipt_or_only_for_failures_gets_no_other(line: Line) -> None:
    async with stranger(line) as smsc:
        await send(smsc, registered_delivery=0)
        await send(smsc, registered_delivery=2)
        failed = await send(smsc, magic(810), registered_delivery=2)
        assert f"id:{failed} " in (await next_receipt(smsc)).short_message.decode()
        await eventually(lambda: line.network.ledger.totals("smpp").delivered == 2)
        await eventually(lambda: line.network.ledger.totals("smpp").receipts_sent == 1)


async def test_each_part_that_asked_gets_its_receipt_with_the_reference_it_gave(line: Line) -> None:
    async with stranger(line) as smsc:
        named = smpp34.Tlv(smpp34.TLV_USER_MESSAGE_REFERENCE, b"\x12\x34")
        await send(smsc, text=b"\x05\x00\x03\x01\x02\x01a", esm_class=0x40, registered_delivery=0)
        last = await send(smsc, text=b"\x05\x00\x03\x01\x02\x02b", esm_class=0x40, tlvs=[named])
        event = await next_receipt(smsc)
        assert f"id:{last} " in event.short_message.decode()
        assert [(tlv.tag, tlv.value) for tlv in event.tlvs] == [(smpp34.TLV_USER_MESSAGE_REFERENCE, b"\x12\x34")]


async def test_ids_are_hexadecimal_in_the_reply_and_decimal_in_the_receipt_where_set() -> None:
    async with open_line(smsc_receipt_ids="decimal") as line, stranger(line) as smsc:
        message_id = await send(smsc)
        assert f"id:{int(message_id, 16)} " in (await next_receipt(smsc)).short_message.decode()


async def test_a_receipt_nobody_was_there_for_comes_after_a_restart_of_the_process(tmp_path: Path) -> None:
    memory = {"state_file": tmp_path / "sim.jsonl", "receipt_delay_min_ms": 0, "receipt_delay_max_ms": 0}
    async with open_line(**memory) as line, raw(line) as sender:
        assert await sender.bind(command=BIND_TRANSMITTER) == 0
        assert await sender.submit(registered_delivery=1) == 0
        await eventually(lambda: line.network.ledger.totals("smpp").delivered == 1)
    async with open_line(**memory) as line, stranger(line) as smsc:
        assert b"stat:DELIVRD" in (await next_receipt(smsc)).short_message


async def test_without_a_port_there_is_no_smsc() -> None:
    network = create_app(SimulatorSettings(**(QUICK | {"port": 0}))).state.network
    await network.smsc.start()
    assert network.smsc.port is None
    await network.smsc.stop()


# --- octets ---------------------------------------------------------------------------------------------------------


def test_octets_are_read_as_the_standard_says() -> None:
    assert gsm_text(b"\x00\x02\x1b\x65\x1b\x3c") == "@$€["
    assert ucs2_text("ơ𝒜".encode("utf-16-be")) == "ơ𝒜"
    assert place_and_body(b"\x06\x08\x04\x01\x02\x03\x02a", has_header=True) == (Place(0x102, 3, 2), b"a")
    assert place_and_body(b"\x02\x70\x00a", has_header=True) == (None, b"a")
    with pytest.raises(Garbled):
        gsm_text(b"a\x1b")
    with pytest.raises(Garbled):
        ucs2_text(b"\xd8\x35")
