"""Contacts: opened, normalised, refused with a word, never shown."""

from __future__ import annotations

import json

import pytest

from contracts.types import NoticeChannel
from services.kit.sealing import Opener, Sealer, new_private_key
from services.notify.contact import ContactUnusable, mobile, open_contact

OPENER = Opener(new_private_key())


def sealed(value: object) -> str:
    return Sealer(OPENER.public_key).seal(json.dumps(value).encode())


@pytest.mark.parametrize("phone", ["0901234567", "84901234567", "+84901234567", "+84 90 123 45 67", "0901.234.567"])
def test_every_way_to_write_a_mobile_number_is_the_same_number(phone: str) -> None:
    assert mobile(phone) == "84901234567"


@pytest.mark.parametrize("phone", ["01201234567", "02839123456", "19001234", "+14155550100", "", None, 5, "không có"])
def test_what_is_no_vietnamese_mobile_number_is_refused_with_a_word(phone: object) -> None:
    with pytest.raises(ContactUnusable) as caught:
        mobile(phone)
    assert caught.value.reason == "phone-not-mobile"
    assert not caught.value.ours


def test_a_contact_opens_with_the_preferred_channel_and_hides_its_phone() -> None:
    contact = open_contact(OPENER, sealed({"phone": "0901234567", "channel": "sms"}))
    assert contact.channel is NoticeChannel.SMS
    assert contact.national == "0901234567"
    assert "901234567" not in repr(contact)
    assert open_contact(OPENER, sealed({"phone": "0901234567"})).channel is NoticeChannel.ZALO


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (Sealer(Opener(new_private_key()).public_key).seal(b"{}"), "contact-unreadable"),
        ("A" * 80, "contact-unreadable"),
        ("", "contact-unreadable"),
        (sealed([1]), "contact-malformed"),
        (Sealer(OPENER.public_key).seal(b"not json"), "contact-malformed"),
    ],
    ids=["another key", "not a box", "empty", "not an object", "not json"],  # sealed bytes differ in each process
)
def test_a_box_that_cannot_be_used_is_our_fault_and_says_how(box: str, reason: str) -> None:
    with pytest.raises(ContactUnusable) as caught:
        open_contact(OPENER, box)
    assert caught.value.reason == reason
    assert caught.value.ours
