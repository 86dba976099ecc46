"""Receipts of an SMSC in all the forms that are met, the parts of long texts, and the classes of status codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulators.sms_parts import count_parts
from local.simulators.smsc_text import fits_the_air, gsm_text, place_and_body, ucs2_text
from services.notify.channels.smpp_errors import VERDICTS, bind_verdict_of, verdict_of
from services.notify.channels.smpp_parts import TooLong, split
from services.notify.channels.smpp_pdu import Command, Pdu, read_delivery
from services.notify.channels.smpp_receipts import (
    FINAL,
    INTERIM,
    Malformed,
    Receipt,
    Told,
    Unreadable,
    read_receipt,
    receipt_document,
    receipt_id,
    reply_id,
)
from services.notify.domain.results import Verdict

NOW = datetime(2026, 11, 23, 3, 30, 20, tzinfo=UTC)  # 10:30:20 in Viet Nam
USUAL = "id:{id} sub:001 dlvrd:001 submit date:2611231028 done date:2611231029 stat:{stat} err:000 text:{text}"
GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà\f^{}\\[~]|€"


def read(text: str, **more: object) -> Receipt | None:
    return read_receipt(Told(text, **more), "same", NOW)  # type: ignore[arg-type]


def test_the_usual_form_is_read() -> None:
    at = datetime(2026, 11, 23, 3, 29, tzinfo=UTC)
    assert read(USUAL.format(id="0A1B", stat="DELIVRD", text="[MOTCUA] Ho so")) == Receipt("0A1B", True, at)


@pytest.mark.parametrize("stat", sorted(FINAL))
def test_every_final_state_but_one_is_a_failure(stat: str) -> None:
    receipt = read(USUAL.format(id="1", stat=stat, text=""))
    assert receipt is not None
    assert receipt.delivered == (stat == "DELIVRD")


@pytest.mark.parametrize("stat", sorted(INTERIM))
def test_an_interim_state_is_none(stat: str) -> None:
    assert read(USUAL.format(id="1", stat=stat, text="")) is None
    assert read(USUAL.format(id="", stat=stat, text="")) is None


@pytest.mark.parametrize(
    "text",
    [
        "ID:77 STAT:DELIVRD",
        "stat:delivrd id:77",
        "id:77 sub:1 dlvrd:1 submit date:261123102800 done date:261123102900 stat:DELIVRD err:0x0A Text:",
        "id:77 stat:DELIVRD text:id:1 stat:REJECTD",
        "id:77 stat:DELIVRD err:00E nested:stat:REJECTD id:9",
    ],
)
def test_other_forms_are_read_too(text: str) -> None:
    receipt = read(text)
    assert receipt is not None
    assert (receipt.provider_id, receipt.delivered) == ("77", True)


def test_a_receipt_without_text_is_read_from_its_parameters() -> None:
    assert read("", message_id="77", state=2) == Receipt("77", True, NOW)
    assert read("", message_id="77", state=5) == Receipt("77", False, NOW)
    assert read("", message_id="77", state=1) is None
    assert read("id:78", message_id="77", state=8) == Receipt("78", False, NOW)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", Malformed.NO_STATE),
        ("id:7", Malformed.NO_STATE),
        ("id:7 stat:", Malformed.NO_STATE),
        ("id:7 stat:DONE", Malformed.NO_STATE),
        ("text:id:7 stat:DELIVRD", Malformed.NO_STATE),
        ("stat:DELIVRD", Malformed.NO_ID),
        ("id: stat:DELIVRD", Malformed.NO_ID),
        ("id:" + "7" * 65 + " stat:DELIVRD", Malformed.NO_ID),
        ("id:7é stat:DELIVRD", Malformed.NO_ID),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_word(text: str, word: Malformed) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert refused.value.word is word


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2611231000", NOW.replace(minute=0, second=0)),
        ("261123100005", NOW.replace(minute=0, second=5)),
        ("2611231030", NOW),  # the minute of now: it cannot lie before the text was sent
        ("2611231031", NOW),  # the future
        ("2613991000", NOW),
        ("0001010000", NOW),
        ("yesterday", NOW),
        ("", NOW),
    ],
)
def test_a_wild_date_does_not_cost_the_receipt(said: str, at: datetime) -> None:
    receipt = read(f"id:7 done date:{said} stat:DELIVRD")
    assert receipt is not None
    assert receipt.at == at


@given(st.text(max_size=200), st.text(max_size=70), st.integers(0, 255), st.sampled_from(["same", "decimal"]))
def test_any_text_is_a_receipt_or_refused(text: str, message_id: str, state: int, ids: str) -> None:
    try:
        receipt = read_receipt(Told(text, message_id, state), ids, NOW)  # type: ignore[arg-type]
    except Unreadable:
        return
    if receipt is not None:
        assert 1 <= len(receipt.provider_id) <= 64
        assert receipt.at <= NOW


@given(st.binary(max_size=120))
def test_any_octets_are_a_delivery_or_refused(body: bytes) -> None:
    try:
        delivery = read_delivery(Pdu(Command.DELIVER_SM, 0, 1, body))
    except ValueError:
        return
    assert len(delivery.phone) + len(delivery.told.text) + len(delivery.told.message_id) <= len(body)


@given(st.integers(0, 2**64), st.booleans(), st.booleans())
def test_a_number_is_the_same_in_hexadecimal_and_decimal(number: int, upper: bool, padded: bool) -> None:
    reply = f"{number:X}" if upper else f"{number:x}"
    receipt = f"{number:020d}" if padded else str(number)
    assert reply_id(reply, "decimal") == receipt_id(receipt, "decimal") == str(number)
    assert reply_id(reply, "same") == receipt_id(reply, "same") == reply


@given(st.text(max_size=70))
def test_an_id_that_is_no_number_stays_as_it_is(said: str) -> None:
    assert reply_id(said, "same") == receipt_id(said, "same") == said
    assert reply_id(f"{said}-x", "decimal") == receipt_id(f"{said}-x", "decimal") == f"{said}-x"


def test_a_row_has_one_id_for_one_outcome_of_one_message() -> None:
    receipt = Receipt("7F", True, NOW - timedelta(minutes=3))
    assert receipt_document(receipt, "n1-1", "new", NOW) == {
        "_id": "smpp|delivered|7F", "provider": "smpp", "event": "deliver_sm", "ref": "n1-1", "provider_id": "7F",
        "delivered": True, "at": receipt.at, "received_at": NOW, "lane": "new",
    }  # fmt: skip
    assert receipt_document(Receipt("7F", False, NOW), "", "new", NOW)["_id"] == "smpp|failed|7F"


# --- parts ----------------------------------------------------------------------------------------------------------


def joined(text: str, *, accented: bool) -> tuple[str, int]:
    """What a phone shows of a text's parts, each checked for the air; and how many there are."""
    parts = split(text, 7, accented=accented)
    shown = []
    for number, part in enumerate(parts, start=1):
        place, body = place_and_body(part.octets, has_header=part.has_header)
        assert place is None if len(parts) == 1 else place is not None
        if place is not None:
            assert (place.reference, place.total, place.number) == (7, len(parts), number)
        assert fits_the_air(len(body), len(part.octets) - len(body), gsm=not part.accented)
        shown.append(ucs2_text(body) if part.accented else gsm_text(body))
    return "".join(shown), len(parts)


@given(st.text(alphabet=GSM, min_size=1, max_size=700))
def test_a_gsm_text_is_whole_again_on_the_phone(text: str) -> None:
    assert joined(text, accented=False) == (text, count_parts(text))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_text_is_whole_again_on_the_phone(text: str) -> None:
    assert joined(text, accented=False) == (text, count_parts(text))
    assert joined(text, accented=True)[0] == text


def test_an_escape_pair_takes_a_part_more_rather_than_be_split() -> None:
    assert joined("a" * 152 + "€" + "b" * 152, accented=False)[1] == 3
    assert joined("a" * 153 + "€" + "b" * 151, accented=False)[1] == 2


def test_accented_is_ucs2_even_where_gsm_has_the_letters() -> None:
    [part] = split("mè à é", 7, accented=True)
    assert part.accented
    assert len(part.octets) == 12


def test_what_no_network_carries_is_refused() -> None:
    with pytest.raises(TooLong):
        split("a" * (153 * 255 + 1), 7, accented=False)


# --- status ---------------------------------------------------------------------------------------------------------


def test_no_status_leaves_a_doubt() -> None:
    verdicts = {verdict_of(status) for status in range(0x500)}
    assert verdicts == set(VERDICTS.values())
    assert Verdict.NO_ANSWER not in verdicts
    assert [status for status in range(0x500) if verdict_of(status) is Verdict.TAKEN] == [0]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (0x0D, Verdict.CONFIGURATION), (0x0E, Verdict.CONFIGURATION), (0x0F, Verdict.CONFIGURATION),
        (0x05, Verdict.CONFIGURATION), (0x45, Verdict.CONFIGURATION), (0x00, Verdict.CONFIGURATION),
        (0x08, Verdict.TRANSIENT), (0x58, Verdict.TRANSIENT), (0x14, Verdict.TRANSIENT),
    ],
)  # fmt: skip
def test_a_refused_bind_is_for_a_person_unless_the_smsc_is_busy(status: int, verdict: Verdict) -> None:
    assert bind_verdict_of(status) is verdict
