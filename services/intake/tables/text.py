"""Text as it is kept: UTF-8 in, NFC, one line."""

from __future__ import annotations

import re
import unicodedata

from contracts.problems import Invalid

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_INVISIBLE = re.compile("[\ufeff\u200b]")
_GAPS = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


def decoded(content: bytes) -> str:
    """The text of a UTF-8 file, with or without byte order mark, composed (NFC).

    Composed and decomposed letters look the same and compare different: a procedure would be two.

    Raises: Invalid `file-not-utf8`.
    """
    # UTF-16 without a mark shows by the zero byte of its first letter, which UTF-8 text has no use for.
    if content.startswith(_UTF16) or b"\0" in content[:2]:
        raise Invalid(
            "file-not-utf8",
            "Tệp được lưu bằng UTF-16 (Unicode Text). Trong Excel hãy chọn Lưu thành (Save As), "
            "kiểu “CSV UTF-8 (Comma delimited)”, rồi gửi lại.",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(
            "file-not-utf8",
            f"Dòng {line} có chữ không phải UTF-8 (thường là bảng mã windows-1258, TCVN3 hoặc VNI). Hãy mở tệp bằng "
            "đúng bảng mã cũ, chọn Lưu thành (Save As), kiểu “CSV UTF-8 (Comma delimited)”, rồi gửi lại.",
            line=line,
        ) from None
    return unicodedata.normalize("NFC", text)


def clean(text: str) -> str:
    """One line, composed, without control characters and double spaces."""
    return _GAPS.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def cut(text: str, most: int = 500) -> str:
    """At most so many characters; a cut shows by its dots."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
