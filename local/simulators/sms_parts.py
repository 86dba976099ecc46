"""How many parts a text costs (3GPP TS 23.038): the gateway counts the text as it came, decomposed or not."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def _filled(units: list[int], single: int, part: int) -> int:
    """Fill parts one character at a time: an escape pair or a surrogate pair is never split over two."""
    if sum(units) <= single:
        return 1
    parts, room = 1, part
    for size in units:
        if size > room:
            parts, room = parts + 1, part
        room -= size
    return parts


def count_parts(text: str) -> int:
    """Return the number of billed parts: 160/153 septets in GSM-7, else 70/67 UTF-16 units."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        return _filled([2 if letter in _EXTENDED else 1 for letter in text], 160, 153)
    return _filled([2 if ord(letter) > 0xFFFF else 1 for letter in text], 70, 67)
