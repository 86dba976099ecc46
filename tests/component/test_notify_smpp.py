"""The SMPP gateway against a running SMSC: what was taken once is never offered twice, whatever the line does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.notify.channels.base import Letter, Question
from services.notify.channels.smpp import Smpp
from services.notify.channels.smpp_link import LinkTimes
from services.notify.channels.smpp_session import Session
from services.notify.domain.results import Fate, Result, Verdict
from tests.component.smpp_fixtures import PHONE, QUICK_TIMES, TEXT, Line, letter, magic, open_line
from tests.component.tls_fixtures import CERTIFICATE, KEY, TLS_NAME, trusting
from tests.eventually import eventually

ACCENTED = "[MOTCUA] Hồ sơ của Ông/Bà đã được tiếp nhận, hẹn trả kết quả trước 17 giờ ngày 15/12/2026. " * 3


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with open_line() as opened:
        yield opened


def delivered(row: dict[str, Any]) -> tuple[str, bool, str]:
    return row["provider_id"], row["delivered"], row["_id"]


async def bound(line: Line) -> bool:
    return bool((await line.stats())["bound"] == 1)


# --- taken ----------------------------------------------------------------------------------------------------------


async def test_a_text_is_taken_and_its_receipt_names_the_same_id(line: Line) -> None:
    result = await line.gateway().send(letter())
    [message] = await line.messages()
    assert result == Result(Verdict.TAKEN, "0x00", message["provider_id"])
    assert (message["provider"], message["phone"], message["text"], message["parts"]) == ("smpp", PHONE, TEXT, 1)
    [row] = await line.receipts(1)
    assert delivered(row) == (result.provider_id, True, f"smpp|delivered|{result.provider_id}")
    assert (row["provider"], row["ref"], row["lane"]) == ("smpp", "", "new")
    assert row["at"] <= row["received_at"]
    assert TEXT[:10] not in str(row)
    assert PHONE not in str(row)


async def test_one_session_serves_all_messages(line: Line) -> None:
    gateway = line.gateway()
    results = await asyncio.gather(*(gateway.send(letter(attempt_id=f"n{n}-1")) for n in range(40)))
    assert {result.verdict for result in results} == {Verdict.TAKEN}
    assert len({result.provider_id for result in results}) == 40
    assert (await line.stats())["binds"] == 1
    assert len(await line.receipts(40)) == 40


async def test_an_accented_long_text_arrives_whole_and_its_receipt_comes_once(line: Line) -> None:
    result = await line.gateway().send(letter(ACCENTED, accented=True))
    assert result.verdict is Verdict.TAKEN
    [message] = await line.messages()
    assert message["text"] == ACCENTED
    assert message["parts"] == -(-len(ACCENTED) // 67)
    [row] = await line.receipts(1)
    assert row["provider_id"] == result.provider_id == message["provider_id"]


@pytest.mark.parametrize("before", range(149, 156))
async def test_an_escape_pair_at_a_part_boundary_stays_together(line: Line, before: int) -> None:
    text = "a" * before + "€[~]" + "b" * 150
    assert (await line.gateway().send(letter(text))).verdict is Verdict.TAKEN
    [message] = await line.messages()
    assert message["text"] == text


async def test_letters_of_gsm_go_as_they_are_and_other_letters_as_ucs2(line: Line) -> None:
    gateway = line.gateway()
    texts = ["@£$_Ω à è ñ {x} \\", "Đơn đã nhận", "chữ 𝒜 ngoài BMP " * 9]
    for text in texts:
        assert (await gateway.send(letter(text))).verdict is Verdict.TAKEN
    assert [message["text"] for message in await line.messages()] == texts


# --- receipts -------------------------------------------------------------------------------------------------------


async def test_a_receipt_that_comes_before_the_reply_is_stored_with_our_id(line: Line) -> None:
    result = await line.gateway().send(letter(phone=magic(805), attempt_id="n5-1"))
    assert result.verdict is Verdict.TAKEN
    [row] = line.rows
    assert (row["provider_id"], row["ref"]) == (result.provider_id, "n5-1")


async def test_a_receipt_that_comes_twice_has_the_same_id_twice(line: Line) -> None:
    await line.gateway().send(letter(phone=magic(803)))
    first, second = await line.receipts(2)
    assert first["_id"] == second["_id"]


async def test_a_late_receipt_is_stored_when_it_comes(line: Line) -> None:
    result = await line.gateway().send(letter(phone=magic(806)))
    assert line.rows == []
    [row] = await line.receipts(1)
    assert row["provider_id"] == result.provider_id


@pytest.mark.parametrize("tail", [810, 811, 812])
async def test_undelivered_expired_and_rejected_texts_are_stored_as_failed(line: Line, tail: int) -> None:
    result = await line.gateway().send(letter(phone=magic(tail)))
    [row] = await line.receipts(1)
    assert delivered(row) == (result.provider_id, False, f"smpp|failed|{result.provider_id}")


async def test_an_interim_state_is_no_receipt() -> None:
    async with open_line(smsc_enroute_first=True) as line:
        await line.gateway().send(letter())
        await eventually(lambda: line.network.ledger.totals("smpp").receipts_acked == 1)
        [row] = line.rows
        assert row["delivered"]


async def test_ids_in_hexadecimal_here_and_decimal_there_are_matched_by_setting() -> None:
    async with open_line(smsc_receipt_ids="decimal") as line:
        result = await line.gateway(receipt_ids="decimal").send(letter())
        [message] = await line.messages()
        [row] = await line.receipts(1)
        assert row["provider_id"] == result.provider_id == str(int(message["provider_id"], 16))


async def test_the_receipt_is_stored_before_it_is_answered_and_comes_again_until_it_is(line: Line) -> None:
    answers = iter((False, False, True))

    async def store(row: dict[str, Any]) -> None:
        assert line.network.ledger.totals("smpp").receipts_acked == 0
        if not next(answers):
            raise ConnectionError
        line.rows.append(row)

    await line.gateway(on_receipt=store).send(letter())
    await line.receipts(1)
    await eventually(lambda: line.network.ledger.totals("smpp").receipts_acked == 1)
    assert line.network.ledger.totals("smpp").receipts_sent == 3


@pytest.mark.parametrize("text", [b"", b"id:", b"stat:DELIVRD", b"id:1 stat:WHAT", b"\xff\x00\xfe", b"id:1 stat:"])
async def test_a_malformed_receipt_is_refused_and_the_line_lives_on(line: Line, text: bytes) -> None:
    gateway = line.gateway()
    assert (await gateway.send(letter(phone=magic(801)))).verdict is Verdict.TAKEN
    answered = await line.network.smsc.deliver(
        source_addr=PHONE, destination_addr="MOTCUA", esm_class=4, short_message=text
    )
    assert answered == 0, "it would be no better the second time"
    assert line.rows == []
    assert (await gateway.send(letter())).verdict is Verdict.TAKEN
    assert (await line.stats())["binds"] == 1


async def test_a_citizens_reply_is_answered_and_forgotten(line: Line) -> None:
    gateway = line.gateway()
    await gateway.open()
    await eventually(lambda: bound(line))
    answered = await line.network.smsc.deliver(
        source_addr=PHONE, destination_addr="MOTCUA", short_message=b"id:1 stat:DELIVRD"
    )
    assert (answered, line.rows) == (0, [])


# --- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status"), [({"password": SecretStr("wrong")}, "0x0e"), ({"system_id": "nobody"}, "0x0f")]
)
async def test_a_refused_bind_is_a_fault_of_our_settings(line: Line, change: dict[str, Any], status: str) -> None:
    gateway = line.gateway(account=line.account(**change))
    assert await gateway.send(letter()) == Result(Verdict.CONFIGURATION, f"bind-{status}")
    assert await line.messages() == []


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("0x58", Verdict.THROTTLED), ("0x14", Verdict.TRANSIENT), ("0x08", Verdict.TRANSIENT),
        ("0x64", Verdict.TRANSIENT), ("0x0d", Verdict.CONFIGURATION), ("0x0a", Verdict.CONFIGURATION),
        ("0x0b", Verdict.RECIPIENT), ("0x01", Verdict.PAYLOAD), ("0x45", Verdict.PAYLOAD), ("0x65", Verdict.PAYLOAD),
        ("0x66", Verdict.PAYLOAD), ("0x450", Verdict.TRANSIENT),
    ],
)  # fmt: skip
async def test_each_refusal_has_its_class_and_costs_no_session(line: Line, status: str, verdict: Verdict) -> None:
    gateway = line.gateway()
    await line.faults(refuse_with={"smpp": status})
    assert await gateway.send(letter()) == Result(verdict, status)
    await line.faults()
    assert (await gateway.send(letter())).verdict is Verdict.TAKEN
    assert (await line.stats())["binds"] == 1


async def test_a_blocked_phone_is_refused_for_good(line: Line) -> None:
    assert await line.gateway().send(letter(phone=magic(899))) == Result(Verdict.RECIPIENT, "0x0b")


async def test_an_empty_text_is_never_sent(line: Line) -> None:
    assert (await line.gateway().send(letter(""))).verdict is Verdict.PAYLOAD
    assert (await line.stats())["binds"] == 0


async def test_throttling_slows_the_line_down() -> None:
    async with open_line(smsc_tps=1) as line:
        gateway = line.gateway(rate=1000.0, window=1)

        async def refused() -> bool:
            return (await gateway.send(letter())) == Result(Verdict.THROTTLED, "0x58")

        await eventually(refused, every=0)
        assert gateway._pace.current <= 500.0


async def test_a_later_part_that_is_too_fast_is_offered_again_until_the_message_is_whole() -> None:
    async with open_line(smsc_tps=2) as line:
        result = await line.gateway(rate=1000.0, timeout_s=20.0).send(letter(ACCENTED, accented=True))
        assert result.verdict is Verdict.TAKEN
        [message] = await line.messages()
        assert message["text"] == ACCENTED
        assert (await line.stats())["refused"].keys() == {"0x58"}


async def test_a_long_text_that_would_run_out_of_its_time_is_not_begun_and_takes_no_places(line: Line) -> None:
    gateway = line.gateway(rate=0.5)
    assert await gateway.send(letter(ACCENTED, accented=True)) == Result(Verdict.THROTTLED, "no-place")
    assert (await line.stats())["unjoined"] == 0
    assert (await gateway.send(letter())).verdict is Verdict.TAKEN


async def test_long_texts_that_want_more_than_the_line_takes_go_whole_or_not_at_all(line: Line) -> None:
    gateway = line.gateway(rate=10.0, timeout_s=4.0)
    sent = [letter(ACCENTED, attempt_id=f"n{n}-1", accented=True) for n in range(10)]
    verdicts = [result.verdict for result in await _all(gateway, sent)]
    assert set(verdicts) == {Verdict.TAKEN, Verdict.THROTTLED}
    assert [message["text"] for message in await line.messages()] == [ACCENTED] * verdicts.count(Verdict.TAKEN)
    assert (await line.stats())["unjoined"] == 0


async def test_a_message_of_which_some_parts_were_taken_is_in_doubt(line: Line) -> None:
    gateway, parts = line.gateway(), 0
    submit = line.network.smsc.submit

    async def refuse_the_second(session: Any, pdu: Any) -> Any:
        nonlocal parts
        parts += 1
        if parts == 2:
            await line.faults(refuse_with={"smpp": "0x0b"})
        return await submit(session, pdu)

    line.network.smsc.submit = refuse_the_second  # type: ignore[method-assign]
    assert await gateway.send(letter(ACCENTED, accented=True)) == Result(Verdict.NO_ANSWER, "part-0x0b")
    assert (parts, await line.messages()) == (2, [])


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
    results = dict(zip([one.wording.text for one in sent], await _all(gateway, sent), strict=True))
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
    await eventually(lambda: wanted <= {row["provider_id"] for row in line.rows}, timeout=30)
    attempts = {one.wording.text: one.attempt_id for one in sent}
    found = {(row["provider_id"], row["ref"]) for row in line.rows}
    for message in messages:
        result = results[message["text"]]
        assert {(message["provider_id"], ""), (message["provider_id"], attempts[message["text"]])} & found
        if result.verdict is Verdict.NO_ANSWER:
            assert (message["provider_id"], attempts[message["text"]]) in found, "it could not be matched"


async def _all(gateway: Smpp, letters: list[Letter]) -> list[Result]:
    turns = asyncio.Semaphore(20)

    async def send(one: Letter) -> Result:
        async with turns:
            return await gateway.send(one)

    return await asyncio.gather(*(send(one) for one in letters))
