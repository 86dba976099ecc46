"""What a text message costs: alphabets and billed parts (3GPP TS 23.038), and Vietnamese without accents.

A text whose characters are all in GSM-7 is billed 160 septets, or 153 a part; any other one 70 UTF-16 units, or 67 a
part. Networks cut between characters, never inside the two septets of an escaped one or a surrogate pair. Fitting
GSM-7 does not mean unaccented: à è é ì ò ù É are in it, and a brandname's unaccented template still refuses them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]
GSM_SINGLE, GSM_PART = 160, 153
UCS_SINGLE, UCS_PART = 70, 67
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
"""Of the extension table: an escape and a septet each."""
_PLAIN = str.maketrans(
    {"đ": "d", "Đ": "D", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "`": "'", "…": "...", "\t": " "}
    | {chr(code): "?" for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\f\r"}
)
"""What does not come apart into a letter and its accents, and the few characters of ASCII that GSM-7 has not."""


def composed(text: str) -> str:
    """NFC: gateways count and compare characters as sent, and a loose accent is one more."""
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Composed, with single spaces, without control characters and halves of surrogate pairs."""
    shown = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter) not in {"Cc", "Cs"})
    return " ".join(composed(shown).split())


def cut(text: str, length: int) -> str:
    """Composed, on one line, and at most `length` characters, the last `…` where some are left out."""
    line = one_line(text)
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def unaccented(text: str) -> str:
    """Pure ASCII within GSM-7: accents off, `đ` by hand because it does not come apart; a stranger becomes `?`."""
    # Taken apart first: a few characters come apart into one that the table replaces (U+1FEF is a backtick).
    bare = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return bare.translate(_PLAIN).encode("ascii", "replace").decode()


def is_gsm7(text: str) -> bool:
    """Whether every character is in GSM-7, so that it is billed by septets."""
    return all(letter in _BASIC or letter in _ESCAPED for letter in text)


def encoding(text: str) -> Encoding:
    """How it travels."""
    return "GSM-7" if is_gsm7(text) else "UCS-2"


def septets(text: str) -> int:
    """Length in GSM-7; brackets and the like count twice."""
    return sum(_septets(text))


def units(text: str) -> int:
    """Length as it is billed: septets, or UTF-16 units."""
    return sum(_septets(text) if is_gsm7(text) else _utf16(text))


def parts(text: str) -> int:
    """How many messages a network bills."""
    if is_gsm7(text):
        return _filled(_septets(text), GSM_SINGLE, GSM_PART)
    return _filled(_utf16(text), UCS_SINGLE, UCS_PART)


def _septets(text: str) -> list[int]:
    return [2 if letter in _ESCAPED else 1 for letter in text]


def _utf16(text: str) -> list[int]:
    return [2 if ord(letter) > 0xFFFF else 1 for letter in text]


def _filled(sizes: Iterable[int], single: int, part: int) -> int:
    """Parts filled one character after the other, for none is split over two."""
    sizes = list(sizes)
    if sum(sizes) <= single:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > part:
            count, used = count + 1, 0
        used += size
    return count
