"""What a short message's octets say: GSM 03.38 unpacked or UCS-2, and the header of a part (3GPP TS 23.038, 23.040)."""

from dataclasses import dataclass

ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
_HEADER_8BIT, _HEADER_16BIT = 0x00, 0x08
MOST_SEPTETS, MOST_OCTETS = 160, 140
"""Of one part, header included: what the air carries."""


class Garbled(Exception):
    """These octets are no short message."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part stands in a long message."""

    reference: int
    total: int
    number: int


def place_and_body(octets: bytes, *, has_header: bool) -> tuple[Place | None, bytes]:
    """Take the user data header off.

    Raises:
        Garbled: the header does not hold what it says, or counts wrong.
    """
    if not has_header:
        return None, octets
    if not octets or len(octets) < octets[0] + 1:
        raise Garbled("header longer than the message")
    header, body = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
    while len(header) >= 2:
        kind, length = header[0], header[1]
        value, header = header[2 : 2 + length], header[2 + length :]
        if len(value) != length:
            raise Garbled("torn element")
        if (kind, length) in ((_HEADER_8BIT, 3), (_HEADER_16BIT, 4)):
            place = Place(int.from_bytes(value[:-2], "big"), value[-2], value[-1])
            if not 1 <= place.number <= place.total:
                raise Garbled("part outside of its message")
            return place, body
    return None, body


def gsm_text(octets: bytes) -> str:
    """Read GSM 03.38, one septet an octet.

    Raises:
        Garbled: an octet above 127, or an escape whose second half is missing or unknown.
    """
    letters, escaped = [], False
    for octet in octets:
        if octet > 0x7F or (escaped and octet not in _EXTENDED):
            raise Garbled("no GSM letter")
        if escaped:
            letters.append(_EXTENDED[octet])
            escaped = False
        elif octet == ESCAPE:
            escaped = True
        else:
            letters.append(_BASIC[octet])
    if escaped:
        raise Garbled("an escape pair was split")
    return "".join(letters)


def ucs2_text(octets: bytes) -> str:
    """Read big-endian UTF-16.

    Raises:
        Garbled: half a character.
    """
    try:
        return octets.decode("utf-16-be")
    except UnicodeDecodeError as error:
        raise Garbled("half a character") from error


def fits_the_air(octets: int, header: int, *, gsm: bool) -> bool:
    """Tell whether a part of so many octets after a header of so many is carried in one piece."""
    if not gsm:
        return octets + header <= MOST_OCTETS
    return octets + -(-header * 8 // 7) <= MOST_SEPTETS
