"""Text as workflow files bring it, and numbers as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction

from contracts.problems import Invalid
from services.kit.file_text import utf8

MOST_BYTES = 1024 * 1024
_GAPS = re.compile(r"[\x00-\x1f\x7f-\x9f\s\ufeff\u200b]+")


def decoded(content: bytes) -> str:
    """The text of a UTF-8 file, with or without byte order mark, composed (NFC).

    Raises: Invalid `file-too-big`, `file-empty`, `file-not-utf8`.
    """
    if len(content) > MOST_BYTES:
        raise Invalid("file-too-big", f"Tệp quá lớn (tối đa {MOST_BYTES // 1024**2} MB). Hãy chia thành nhiều tệp.")
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Invalid("file-empty", "Tệp không có nội dung.")
    return utf8(content, "Hãy lưu lại tệp dưới dạng UTF-8 rồi gửi lại.")


def clean(text: str) -> str:
    """One line, without control characters and double spaces."""
    return _GAPS.sub(" ", text).strip()


def quoted(text: str, most: int = 60) -> str:
    """As a sentence quotes what is in the file."""
    return f"“{text if len(text) <= most else text[: most - 1] + '…'}”"


def meant(word: str, known: Iterable[str]) -> str:
    """` Có phải là “agency”?`, or nothing where nothing is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Có phải là {quoted(near[0], 120)}?" if near else ""


def number_vi(value: Fraction | float, places: int = 4) -> str:
    """`0,95`."""
    exact = Decimal(value.numerator) / value.denominator if isinstance(value, Fraction) else Decimal(str(value))
    return f"{round(exact, places).normalize():f}".replace(".", ",")
