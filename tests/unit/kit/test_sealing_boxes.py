"""Sealed boxes: only the right key opens them, and damage is said, never guessed around."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.problems import Invalid
from services.kit.sealing import Opener, Sealer, new_private_key

OPENER = Opener(new_private_key())
SEALER = Sealer(OPENER.public_key)


@given(st.binary(max_size=500))
def test_what_is_sealed_opens_again(plain: bytes) -> None:
    assert OPENER.open(SEALER.seal(plain)) == plain


def test_the_same_content_is_sealed_differently_each_time() -> None:
    assert SEALER.seal(b"x") != SEALER.seal(b"x")


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Invalid) as caught:
        Opener(new_private_key()).open(SEALER.seal(b"secret"))
    assert caught.value.slug == "sealed-box-unreadable"
    assert "secret" not in str(caught.value)


@settings(max_examples=60)
@given(st.data())
def test_one_changed_bit_is_noticed(data: st.DataObject) -> None:
    box = bytearray(base64.urlsafe_b64decode(SEALER.seal(b"some content")))
    place = data.draw(st.integers(0, len(box) * 8 - 1))
    # The top bit of a Curve25519 point (byte 31) does not count, so one bit there is no damage.
    if place == 31 * 8 + 7:
        return
    box[place // 8] ^= 1 << place % 8
    with pytest.raises(Invalid):
        OPENER.open(base64.urlsafe_b64encode(bytes(box)).decode())


@pytest.mark.parametrize("box", ["", "A", "AAAA", "not base64 at all!", "ü" * 80, "A" * 64, "A" * 8192])
def test_what_is_no_box_is_refused_with_the_same_word(box: str) -> None:
    with pytest.raises(Invalid) as caught:
        OPENER.open(box)
    assert caught.value.slug == "sealed-box-unreadable"


@pytest.mark.parametrize("key", ["", "AAAA", "%%%", base64.urlsafe_b64encode(b"x" * 31).decode(), "ü"])
def test_a_key_that_is_none_is_refused_when_the_process_starts(key: str) -> None:
    with pytest.raises(ValueError):
        Sealer(key)
    with pytest.raises(ValueError):
        Opener(key)
