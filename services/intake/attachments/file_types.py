"""What a file is, found in its first bytes; what was declared is only compared with that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from contracts.problems import Invalid

PDF, JPEG, PNG, HEIC = "application/pdf", "image/jpeg", "image/png", "image/heic"
IMAGES = frozenset({JPEG, PNG, HEIC})
WORDS: Mapping[str, str] = {PDF: "PDF", JPEG: "JPG", PNG: "PNG", HEIC: "HEIC"}
EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    PNG: (".png",),
    HEIC: (".heic", ".heif", ".hif"),
}
"""The first is the usual one."""
HEAD = 64
"""So many first bytes tell the type."""
LONGEST_NAME = 150

_SAME_AS: Mapping[str, str] = {
    "application/x-pdf": PDF,
    "image/jpg": JPEG,
    "image/pjpeg": JPEG,
    "image/heif": HEIC,
    "image/heic-sequence": HEIC,
    "image/heif-sequence": HEIC,
}
_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_BEFORE_PDF = b"\xef\xbb\xbf\0\t\n\f\r "
"""Mark of order and white space: some scanners put them first. Readers allow any kilobyte, which is how a program can
be a PDF at the same time."""
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
_SEPARATORS = re.compile(r"[/\\]")


def sniff(head: bytes) -> str | None:
    """The type by signature; None: none that is taken."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))}
        return HEIC if brands & _HEIC_BRANDS and b"avif" not in brands else None
    return PDF if head.lstrip(_BEFORE_PDF).startswith(b"%PDF-") else None


def content_type(head: bytes, declared: str | None) -> str:
    """The type of a file that begins like this, when it is taken and nothing else was declared.

    Raises: Invalid `file-empty`, `file-type-unknown`, `file-type-differs`.
    """
    if not head:
        raise Invalid("file-empty", "Tệp rỗng (0 byte). Hãy chọn lại tệp.")
    stated = (declared or "").partition(";")[0].strip().lower()
    stated = _SAME_AS.get(stated, stated)
    found = sniff(head)
    if found is None and stated in WORDS:
        words = f"Tệp được gửi dưới dạng {WORDS[stated]} nhưng nội dung không phải {WORDS[stated]}. Hãy chọn lại tệp."
        raise Invalid("file-type-differs", words, declared=stated)
    if found is None:
        raise Invalid("file-type-unknown", "Chỉ nhận tệp PDF, JPG, PNG hoặc HEIC.")
    if stated not in _SAYS_NOTHING and stated != found:
        raise Invalid("file-type-differs", f"Nội dung tệp là {WORDS[found]}, không phải loại được khai.", found=found)
    return found


def file_name(stated: str | None, found: str, fallback: str) -> str:
    """A name to show and to save under: no folders, no invisible signs, an ending that fits the content."""
    text = unicodedata.normalize("NFC", _SEPARATORS.split(stated or "")[-1])
    # Category C: control signs, and those that turn the reading direction so that `gpj.exe` looks like `exe.jpg`.
    name = "".join(sign for sign in text if not unicodedata.category(sign).startswith("C")).strip()
    stem, dot, ending = name.rpartition(".")
    if dot and f".{ending.lower()}" in EXTENSIONS[found]:
        ending = f".{ending.lower()}"
    else:
        stem, ending = name, EXTENSIONS[found][0]
    return (stem[: LONGEST_NAME - len(ending)].strip(" .") or fallback) + ending
