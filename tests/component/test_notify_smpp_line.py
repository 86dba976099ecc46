"""The SMPP line itself: it breaks, is refused, falls silent, ends, and no text is lost or offered twice for it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.notify.channels.base import Question
from services.notify.channels.smpp_link import LinkTimes
from services.notify.channels.smpp_session import Session
from services.notify.domain.results import Fate, Result, Verdict
from tests.component.smpp_fixtures import PHONE, QUICK_TIMES, TEXT, Line, bound, letter, magic, open_line, send_all
from tests.component.smpp_fixtures import line as line
from tests.component.tls_fixtures import CERTIFICATE, KEY, TLS_NAME, trusting
from tests.eventually import eventually

ACCENTED = "[MOTCUA] Hồ sơ của Ông/Bà đã được tiếp nhận, hẹn trả kết quả trước 17 giờ ngày 15/12/2026. " * 3


# --- the line breaks ------------------------------------------------------------------------------------------------


async def test_a_drop_after_acceptance_is_a_doubt_with_one_message_and_a_receipt_under_our_id(line: Line) -> None:
    result = await line.gateway().send(letter(phone=magic(804), attempt_id="n4-1"))
    assert result == Result(Verdict.NO_ANSWER, "lost")
    [row] = await line.receipts(1)
    assert (row["ref"], row["delivered"]) == ("n4-1", True)
    [message] = await line.messages()
    assert (message["text"], message["provider_id"]) == (TEXT, row["provider_id"])


async def test_an_smsc_that_never_answers_leaves_a_doubt_and_one_message(line: Line) -> None:
    gateway = line.gateway(timeout_s=0.3)
    await line.faults(timeout_after_accept=1.0)
    assert await gateway.send(letter(attempt_id="n6-1")) == Result(Verdict.NO_ANSWER, "timeout")
    [row] = await line.receipts(1)
    assert row["ref"] == "n6-1"
    assert len(await line.messages()) == 1


async def test_messages_that_wait_for_their_turn_when_time_is_up_were_surely_not_sent(line: Line) -> None:
    gateway = line.gateway(timeout_s=0.3, window=1)
    await line.faults(timeout_after_accept=1.0)
    results = await asyncio.gather(*(gateway.send(letter(attempt_id=f"n{n}-1")) for n in range(3)))
    verdicts = sorted(result.verdict for result in results)
    assert verdicts == [Verdict.NO_ANSWER, Verdict.TRANSIENT, Verdict.TRANSIENT]
    assert len(await line.messages()) == 1


async def test_while_the_smsc_is_away_nothing_is_sent_and_afterwards_the_line_comes_back(line: Line) -> None:
    gateway = line.gateway()
    assert (await gateway.send(letter())).verdict is Verdict.TAKEN
    await line.network.smsc.stop()

    async def not_sent() -> bool:
        return (await gateway.send(letter())).verdict is Verdict.TRANSIENT

    await eventually(not_sent)
    await line.network.smsc.start()

    async def taken() -> bool:
        return (await gateway.send(letter())).verdict is Verdict.TAKEN

    await eventually(taken)
    assert len(await line.messages()) == 2


async def test_a_receipt_of_before_the_break_comes_over_the_new_session(line: Line) -> None:
    gateway = line.gateway()
    result = await gateway.send(letter(phone=magic(806)))
    line.network.smsc.cut()
    [row] = await line.receipts(1)
    assert row["provider_id"] == result.provider_id
    assert (await line.stats())["binds"] == 2


async def test_an_smsc_that_does_not_listen_is_transient(line: Line) -> None:
    port = line.network.smsc.port
    await line.network.smsc.stop()
    gateway = line.gateway(account=line.account(port=port))
    assert (await gateway.send(letter())).verdict is Verdict.TRANSIENT


async def test_opening_waits_for_nothing() -> None:
    heard = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(16)
        heard.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    async with server, open_line() as line:
        account = line.account(port=server.sockets[0].getsockname()[1])
        gateway = line.gateway(account=account, timeout_s=60.0, times=LinkTimes(connect=60.0))
        opening = asyncio.create_task(gateway.open())
        await eventually(heard.is_set)
        assert opening.done()
        await opening
        await gateway.close()


async def test_a_receipt_of_before_a_restart_comes_although_nothing_is_sent(line: Line) -> None:
    before, after = line.gateway(), line.gateway()
    result = await before.send(letter(phone=magic(806)))
    await before.close()
    await line.network.smsc.stop()
    await after.open()
    await line.network.smsc.start()
    await after.open()
    [row] = await line.receipts(1)
    assert row["provider_id"] == result.provider_id
    assert await bound(line)


async def test_what_was_closed_is_not_opened_again(line: Line) -> None:
    gateway = line.gateway()
    await gateway.close()
    await gateway.open()
    assert await gateway.send(letter()) == Result(Verdict.TRANSIENT, "closed")
    assert (await line.stats())["binds"] == 0


@pytest.mark.parametrize("change", [{"system_id": "mộtcửa"}, {"password": SecretStr("mật")}, {"host": "a..b"}])
async def test_an_account_that_cannot_be_written_is_a_fault_of_our_settings_each_time(
    line: Line, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = line.gateway(account=line.account(**change))
    await gateway.open()
    for _ in range(3):
        result = await gateway.send(letter())
        assert (result.verdict, result.gateway_code[:7]) == (Verdict.CONFIGURATION, "Unicode")
    shown = "".join(capsys.readouterr())
    assert not [value for value in ("mộtcửa", "mật", PHONE, TEXT) if value in shown]


async def test_a_fault_that_nobody_foresaw_costs_one_attempt_to_bind(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults, open_session = [RuntimeError(), KeyError()], Session.open

    async def open_or_fail(*args: Any, **named: Any) -> Session:
        if faults:
            raise faults.pop()
        return await open_session(*args, **named)

    monkeypatch.setattr(Session, "open", open_or_fail)
    gateway = line.gateway()
    assert await gateway.send(letter()) == Result(Verdict.TRANSIENT, "KeyError")

    async def taken() -> bool:
        result = await gateway.send(letter())
        assert result.gateway_code != "no-turn"
        return result.verdict is Verdict.TAKEN

    await eventually(taken)
    assert faults == []


async def test_a_silent_line_is_noticed_and_opened_anew() -> None:
    accepted: list[asyncio.StreamWriter] = []

    async def bind_and_fall_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)
        head = await reader.readexactly(16)
        await reader.readexactly(int.from_bytes(head[:4], "big") - 16)
        writer.write(b"\0\0\0\x11\x80\0\0\x09\0\0\0\0" + head[12:16] + b"\0")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(bind_and_fall_silent, "127.0.0.1", 0)
    async with server, open_line() as line:
        account = line.account(port=server.sockets[0].getsockname()[1])
        times = LinkTimes(connect=1.0, enquire=0.1, first_pause=0.01, longest_pause=0.05)
        gateway = line.gateway(account=account, times=times)
        await gateway.open()
        await eventually(lambda: len(accepted) >= 2)
        await gateway.close()


async def test_closing_while_a_message_waits_leaves_it_in_doubt_and_unbinds(line: Line) -> None:
    gateway = line.gateway(timeout_s=30.0)
    await line.faults(timeout_after_accept=1.0)
    waiting = asyncio.create_task(gateway.send(letter()))
    await eventually(line.messages)
    await gateway.close()
    assert await waiting == Result(Verdict.NO_ANSWER, "lost")
    assert await gateway.send(letter()) == Result(Verdict.TRANSIENT, "closed")
    assert (await line.stats())["bound"] == 0
    assert len(await line.messages()) == 1


async def test_closing_what_was_never_opened_is_nothing(line: Line) -> None:
    gateway = line.gateway()
    await gateway.close()
    assert await gateway.send(letter()) == Result(Verdict.TRANSIENT, "closed")


async def test_it_cannot_be_asked(line: Line) -> None:
    gateway = line.gateway()
    assert (gateway.trait.provider, gateway.trait.channel) == ("smpp", "sms")
    assert not gateway.trait.repeat_holds
    assert not gateway.trait.asked_by_attempt
    assert not gateway.trait.asked_by_message
    assert (await gateway.ask(Question("n1-1", "1", gateway.now()))).fate is Fate.NO_ANSWER


# --- TLS ------------------------------------------------------------------------------------------------------------


class _Named(ssl.SSLContext):
    """Trusts the tests' certificate whatever name was dialled: 127.0.0.1 has no name."""

    def wrap_bio(self, *args: Any, **named: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args, **(named | {"server_hostname": TLS_NAME}))


async def test_over_tls_the_certificate_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "smsc.pem"
    file.write_text(CERTIFICATE + KEY, encoding="utf-8")
    async with open_line(smsc_tls_file=file) as line:
        stranger = line.gateway(account=line.account(tls=trusting()))
        assert await stranger.send(letter()) == Result(Verdict.CONFIGURATION, "certificate")
        context = _Named(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=CERTIFICATE)
        friend = line.gateway(account=line.account(tls=context), times=QUICK_TIMES)
        assert (await friend.send(letter())).verdict is Verdict.TAKEN
        assert len(await line.messages()) == 1


# --- all at once ----------------------------------------------------------------------------------------------------


async def test_whatever_the_line_does_a_verdict_tells_no_lie_and_receipts_find_their_texts(line: Line) -> None:
    gateway = line.gateway(rate=1000.0, timeout_s=1.0)
    await line.faults(drop_after_accept=0.03, timeout_after_accept=0.02, throttle=0.05, http_502=0.05)
    sent = [letter(f"{TEXT} {n}", attempt_id=f"n{n}-1") for n in range(300)]
    results = dict(zip([one.wording.text for one in sent], await send_all(gateway, sent), strict=True))
    messages = await line.messages()
    counted = [message["text"] for message in messages]
    assert len(set(counted)) == len(counted), "a text came twice"
    verdicts = {result.verdict for result in results.values()}
    assert verdicts == {Verdict.TAKEN, Verdict.NO_ANSWER, Verdict.TRANSIENT, Verdict.THROTTLED}
    for text, result in results.items():
        if result.verdict is Verdict.TAKEN:
            assert text in counted
        elif result.verdict is not Verdict.NO_ANSWER:
            assert text not in counted
    # Of these messages, and each: a text without an answer may be counted later, one whose line was lost comes twice.
    wanted = {message["provider_id"] for message in messages}
    await eventually(lambda: wanted <= {row["provider_id"] for row in line.rows})
    attempts = {one.wording.text: one.attempt_id for one in sent}
    found = {(row["provider_id"], row["ref"]) for row in line.rows}
    for message in messages:
        result = results[message["text"]]
        assert {(message["provider_id"], ""), (message["provider_id"], attempts[message["text"]])} & found
        if result.verdict is Verdict.NO_ANSWER:
            assert (message["provider_id"], attempts[message["text"]]) in found, "it could not be matched"
