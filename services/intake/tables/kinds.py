"""What a file is, by its first bytes; what its sender says it is must agree."""

from __future__ import annotations

from enum import StrEnum

from contracts.problems import Invalid

MOST_BYTES = 20 * 1024 * 1024


class Kind(StrEnum):
    """Kinds of files that are read."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON_LINES = "jsonl"


_NAMES = {Kind.CSV: "CSV", Kind.XLSX: "XLSX", Kind.JSON_LINES: "JSON Lines"}
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An OLE container: Excel before 2007, and also an XLSX under a password."""
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"PK\x05\x06")
_MEDIA_TYPES = {
    "text/csv": Kind.CSV,
    "application/csv": Kind.CSV,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Kind.XLSX,
    "application/jsonl": Kind.JSON_LINES,
    "application/x-ndjson": Kind.JSON_LINES,
}


def kind_of(content: bytes, says: Kind | None = None) -> Kind:
    """What the content is.

    Args:
        says: what the sender says it is, by media type or file name; None: not said.

    Raises: Invalid `file-empty`, `file-too-big`, `file-type-unknown`, `file-type-differs`.
    """
    if len(content) > MOST_BYTES:
        raise Invalid("file-too-big", f"Tệp quá lớn (tối đa {MOST_BYTES // 1024**2} MB). Hãy chia thành nhiều tệp.")
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Invalid("file-empty", "Tệp không có nội dung.")
    if content.startswith(_OLD_EXCEL):
        words = "Tệp là Excel đời cũ (.xls) hoặc có đặt mật khẩu. Hãy bỏ mật khẩu và lưu lại dưới dạng .xlsx."
        raise Invalid("file-type-unknown", words)
    if content.startswith(_OTHERS):
        raise Invalid("file-type-unknown", "Đây không phải là bảng dữ liệu. Hãy gửi tệp CSV UTF-8 hoặc XLSX.")
    kind = _text_or_zip(content)
    if says is not None and says is not kind:
        words = f"Tệp được gửi là {_NAMES[says]} nhưng nội dung là {_NAMES[kind]}. Hãy lưu lại tệp đúng loại."
        raise Invalid("file-type-differs", words)
    return kind


def kind_of_media_type(value: str | None) -> Kind | None:
    """What a `Content-Type` says; None for those that say nothing (programs send form types for raw bodies)."""
    return _MEDIA_TYPES.get((value or "").partition(";")[0].strip().lower())


def kind_of_suffix(suffix: str) -> Kind | None:
    """What a file name says: `.csv`, `.xlsx`, `.jsonl`."""
    return next((kind for kind in Kind if suffix.lower() == f".{kind}"), None)


def _text_or_zip(content: bytes) -> Kind:
    if content.startswith(_ZIP):
        return Kind.XLSX
    return Kind.JSON_LINES if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else Kind.CSV
