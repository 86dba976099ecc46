"""Words by which people search: without diacritics, in any case; what looks like a procedure's code stays whole."""

from __future__ import annotations

import re
import unicodedata

MOST_WORDS = 20
_CODE_BEGUN = re.compile(r"[0-9x]\.[0-9a-z.]*")


def fold(text: str) -> list[str]:
    """Words without diacritics: `Đăng ký khai sinh` -> dang, ky, khai, sinh."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return re.findall(r"[a-z0-9]+", letters)


def folded(text: str) -> str:
    return " ".join(fold(text))


def asked(text: str) -> list[str]:
    """The words of a query, each once."""
    words: list[str] = []
    for part in text.lower().split():
        words += [part] if _CODE_BEGUN.fullmatch(part) else fold(part)
    return list(dict.fromkeys(words))[:MOST_WORDS]
