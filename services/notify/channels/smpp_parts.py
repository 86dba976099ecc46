"""A text as the short messages that carry it: GSM 03.38 unpacked or UCS-2, long ones with a header (3GPP TS 23.040).

aiosmpplib's own splitting counts letters where it should count septets, so that `[` and `€` make a part too long; its
alphabet is used, its splitting is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from aiosmpplib import GSM7BitCodec

MOST_PARTS = 255
_SEPTETS, _SEPTETS_IN_PART = 160, 153
_OCTETS, _OCTETS_IN_PART = 140, 134


class TooLong(Exception):
    """No network carries this as one message."""


@dataclass(frozen=True)
class Part:
    """One submit_sm's content."""

    octets: bytes = field(repr=False)
    """With the header, where there is one."""
    accented: bool
    """UCS-2, else GSM 03.38."""
    has_header: bool


def split(text: str, reference: int, *, accented: bool) -> tuple[Part, ...]:
    """The parts of a text; neither an escape pair nor a surrogate pair is torn apart.

    Args:
        reference: 0 to 255, what a phone knows parts of one message by.
        accented: Vietnamese letters; also chosen where GSM 03.38 has not all letters.

    Raises: TooLong.
    """
    accented = accented or not GSM7BitCodec.is_gsm_text(text)
    letters = [letter.encode("utf-16-be", "replace") for letter in text] if accented else list(_gsm(text))
    single, most = (_OCTETS, _OCTETS_IN_PART) if accented else (_SEPTETS, _SEPTETS_IN_PART)
    whole = b"".join(letters)
    if len(whole) <= single:
        return (Part(whole, accented, has_header=False),)
    filled = list(_filled(letters, most))
    if len(filled) > MOST_PARTS:
        raise TooLong
    header = b"\x05\x00\x03" + bytes((reference % 256, len(filled)))
    return tuple(
        Part(header + bytes((number,)) + octets, accented, has_header=True)
        for number, octets in enumerate(filled, start=1)
    )


def _gsm(text: str) -> Iterator[bytes]:
    codec = GSM7BitCodec()
    return (codec.encode(letter)[0] for letter in text)


def _filled(letters: Iterable[bytes], most: int) -> Iterator[bytes]:
    part = b""
    for letter in letters:
        if len(part) + len(letter) > most:
            yield part
            part = b""
        part += letter
    yield part
