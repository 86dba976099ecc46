"""Reading an applicant: what is not a phone, an identity number or a name is said, never guessed."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from contracts.problems import Invalid
from services.intake.applicants import ApplicantIn, OthersIn, PersonIn, mobile_phone, read_opened, sealed_contact
from services.kit.sealing import Opener, Sealer, new_private_key

NAME = "Người Nộp Thử"
OPENER = Opener(new_private_key())


@pytest.mark.parametrize(
    "spelling",
    [
        "0901234567",
        "84901234567",
        "+84901234567",
        "901234567",
        "0084901234567",
        "090 123 45 67",
        "0901.234.567",
        "090-123-4567",
        "(090) 1234567",
        "+84 (0)90 123 45 67",
        "０９０１２３４５６７",
        " 0901234567 ",
    ],
)
def test_every_usual_spelling_of_a_mobile_number_is_one_number(spelling: str) -> None:
    assert ApplicantIn(full_name=NAME, phone=spelling).phone == "0901234567"


@pytest.mark.parametrize(
    ("value", "slug"),
    [
        ("02839123456", "phone-not-mobile"),
        ("1900123456", "phone-not-mobile"),
        ("01201234567", "phone-invalid"),
        ("+12025550123", "phone-invalid"),
        ("+8613812345678", "phone-invalid"),
        ("09012345678", "phone-invalid"),
        ("090123456", "phone-invalid"),
        ("0901 234 ABC", "phone-invalid"),
        ("abc0901234567", "phone-invalid"),
        ("0901234567 ext 5", "phone-invalid"),
        ("0901234567;ext=2", "phone-invalid"),
        ("0901234567/0907654321", "phone-invalid"),
        ("0901234567\x00", "phone-invalid"),
        ("tel:0901234567", "phone-invalid"),
        ("số điện thoại", "phone-invalid"),
        ("", "phone-invalid"),
        ("0" * 400, "phone-invalid"),
        ("113", "phone-invalid"),
    ],
)
def test_what_is_no_mobile_number_is_refused_with_its_word(value: str, slug: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        mobile_phone(value)
    assert caught.value.type == slug


@given(st.text(max_size=40))
def test_whatever_is_written_a_phone_is_ten_digits_or_refused(value: str) -> None:
    try:
        phone = mobile_phone(value)
    except PydanticCustomError:
        return
    assert len(phone) == 10
    assert phone.startswith("0")
    assert phone.isascii()
    digits = "".join(str(unicodedata.digit(c)) for c in value if c.isdigit())
    assert digits.endswith(phone[1:])


@pytest.mark.parametrize(
    ("kind", "number", "slug"),
    [
        ("citizen", "096190001234", None),
        ("citizen", " 096190001234 ", None),
        ("citizen", "09619000123", "citizen-id-invalid"),
        ("citizen", "0961900012345", "citizen-id-invalid"),
        ("citizen", "381234567", "citizen-id-invalid"),
        ("citizen", "09619000123a", "citizen-id-invalid"),
        ("citizen", "٠٩٦١٩٠٠٠١٢٣٤", "citizen-id-invalid"),
        ("citizen", "", "citizen-id-invalid"),
        ("organisation", "2001234567", None),
        ("organisation", "2001234567-001", None),
        ("organisation", "200123456", "tax-code-invalid"),
        ("organisation", "2001234567-01", "tax-code-invalid"),
        ("organisation", "2001234567001", "tax-code-invalid"),
        ("organisation", "096190001234", "tax-code-invalid"),
    ],
)
def test_an_identity_number_fits_its_kind(kind: str, number: str, slug: str | None) -> None:
    values: dict[str, Any] = {"kind": kind, "full_name": NAME, "id_number": number}
    if slug is None:
        assert ApplicantIn(**values).id_number == number.strip()
        return
    with pytest.raises(ValidationError) as caught:
        ApplicantIn(**values)
    assert [error["type"] for error in caught.value.errors()] == [slug]


def test_decomposed_letters_become_composed_ones() -> None:
    read = ApplicantIn(full_name=unicodedata.normalize("NFD", NAME), address=unicodedata.normalize("NFD", "Ấp Đường"))
    assert (read.full_name, read.address) == (NAME, "Ấp Đường")
    assert len(read.full_name) == len("Người Nộp Thử")


def test_two_hundred_decomposed_letters_are_not_too_long() -> None:
    assert ApplicantIn(full_name=unicodedata.normalize("NFD", "ễ" * 200)).full_name == "ễ" * 200


def sealed_slug(plain: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        read_opened(plain, ApplicantIn)
    assert "0901234" not in caught.value.message
    return caught.value.slug


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"phone": "02839123456"}, "phone-not-mobile"),
        ({"phone": "0901 234 ABC"}, "phone-invalid"),
        ({"id_number": "1"}, "citizen-id-invalid"),
        ({"full_name": ""}, "applicant-invalid"),
        ({"full_name": 7}, "applicant-invalid"),
        ({"kind": "ghost"}, "applicant-invalid"),
        ({"unknown": 1}, "applicant-invalid"),
        ({"full_name": "x" * 201}, "applicant-invalid"),
    ],
)
def test_a_sealed_applicant_is_refused_with_the_word_of_its_first_wrong_field(
    changes: dict[str, Any], slug: str
) -> None:
    assert sealed_slug(json.dumps({"full_name": NAME} | changes).encode()) == slug


@pytest.mark.parametrize("plain", [b"", b"{", b"[]", b"null", b"\xff", b'{"full_name": "\\ud800"}', b"[" * 9999])
def test_a_sealed_text_that_is_no_applicant_is_refused(plain: bytes) -> None:
    assert sealed_slug(plain) == "applicant-invalid"


def test_the_contact_is_sealed_for_notify_and_only_when_a_notice_is_wanted() -> None:
    sealer = Sealer(OPENER.public_key)
    nobody = OthersIn()
    box = sealed_contact(ApplicantIn(full_name=NAME, phone="+84901234567", notify_by="sms"), nobody, sealer)
    assert box is not None
    assert json.loads(OPENER.open(box)) == {"phone": "0901234567", "channel": "sms"}
    assert sealed_contact(ApplicantIn(full_name=NAME), nobody, sealer) is None
    assert sealed_contact(ApplicantIn(full_name=NAME, phone="0901234567", notify_by="none"), nobody, sealer) is None
    assert sealed_contact(ApplicantIn(full_name=NAME, phone="0901234567"), nobody, None) is None


def test_who_hands_it_in_is_told_when_the_owner_has_no_phone() -> None:
    opener = Opener(new_private_key())
    others = OthersIn(submitter=PersonIn(full_name=NAME, phone="0901234568"))
    box = sealed_contact(ApplicantIn(full_name=NAME), others, Sealer(opener.public_key))
    assert box is not None
    assert b"0901234568" in opener.open(box)


def test_a_mandated_person_shows_the_mandate() -> None:
    """NĐ 61/2018/NĐ-CP Art 6: giấy ủy quyền."""
    person, mandate = {"full_name": NAME}, {"paper": "Giấy ủy quyền", "signed_on": "2026-02-30"}
    for wrong, slug in (
        ({"mandated": person}, "mandate-missing"),
        ({"mandate": {"paper": "Giấy ủy quyền"}}, "mandate-missing"),
        ({"mandated": person, "mandate": mandate}, "applicant-invalid"),
        (
            {
                "mandated": person,
                "mandate": {"paper": "Giấy", "signed_on": "2026-02-02", "valid_until": "2026-01-01"},
            },
            "mandate-dates-wrong",
        ),
        ({"submitter": {"full_name": NAME, "id_number": "09619000123"}}, "citizen-id-invalid"),
        ({"submitter": {"full_name": NAME, "email": "no address"}}, "email-invalid"),
    ):
        with pytest.raises(Invalid) as caught:
            read_opened(json.dumps(wrong).encode(), OthersIn)
        assert caught.value.slug == slug
