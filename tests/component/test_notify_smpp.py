"""The SMPP gateway against a running SMSC: what was taken once is never offered twice, whatever the line does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from services.notify.domain.results import Result, Verdict
from tests.component.smpp_fixtures import PHONE, TEXT, Line, bound, delivered, letter, magic, open_line, send_all
from tests.component.smpp_fixtures import line as line
from tests.eventually import eventually

ACCENTED = "[MOTCUA] Hồ sơ của Ông/Bà đã được tiếp nhận, hẹn trả kết quả trước 17 giờ ngày 15/12/2026. " * 3


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
    verdicts = [result.verdict for result in await send_all(gateway, sent)]
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
