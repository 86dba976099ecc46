"""Whether a file can be read to its end, by the libraries that read its type. Slow, and hungry for memory: for threads.

Nothing is changed: the bytes are evidence with a checksum, so what a camera wrote into a photo (place, time) stays too.
Only the copy made for viewing (`as_jpeg`) has none of it.
"""

from __future__ import annotations

import io
import logging
import re
from typing import Any

from PIL import Image, ImageOps
from pillow_heif import register_heif_opener
from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from contracts.problems import Invalid, Refused
from services.intake.attachments.file_types import HEIC, JPEG, PDF, PNG

register_heif_opener(thumbnails=False)
# They quote the file they read, and with it people's data.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)
logging.getLogger("PIL").setLevel(logging.CRITICAL)

MOST_PIXELS = 52_000_000
"""Cameras of 50 megapixels, and A4 at 600 dpi. Decoding takes 4 bytes each: more would take the process's memory."""
MOST_SCANS = 100
"""Of a JPEG; cameras and programs write 1 to 12. Each is a pass over all pixels and may be 80 bytes long: 10 MB of them
would hold a thread for an hour."""
_SCAN = re.compile(rb"\xff\xda\0(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")
VIEW_SIDE = 4000
"""A4 at 340 dpi. The copy is made small first: each step after costs its size again."""
_FORMATS = {JPEG: ("JPEG", "MPO"), PNG: ("PNG",), HEIC: ("HEIF",)}
_PDF_END = 2048
"""So near its end a PDF must have its end mark; readers take 1024 bytes, some writers add more behind it."""


def require_readable(content: bytes, content_type: str) -> None:
    """Raises: Invalid `file-unreadable`, `file-encrypted`, `image-too-large`."""
    try:
        if content_type == PDF:
            _read_pdf(content)
        else:
            _read_image(content, content_type)
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - parsers on bytes from anywhere: whatever they raise, the file cannot be read
        raise _unreadable() from None


def as_jpeg(content: bytes, content_type: str) -> bytes:
    """A copy for viewing: upright, no larger than a screen can use, without the camera's notes.

    Raises: Invalid `file-unreadable`, `image-too-large`.
    """
    try:
        with _open_image(content, content_type) as image:
            image.thumbnail((VIEW_SIDE, VIEW_SIDE))
            out = io.BytesIO()
            ImageOps.exif_transpose(image).convert("RGB").save(out, "JPEG", quality=88, exif=b"")
            return out.getvalue()
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - as above
        raise _unreadable() from None


def _read_pdf(content: bytes) -> None:
    # A cut-off PDF is mended silently by most readers, with whatever pages it still finds.
    if b"%%EOF" not in content[-_PDF_END:]:
        raise _unreadable()
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise _encrypted()
        if len(reader.pages) == 0:
            raise _unreadable()
    except (DependencyError, FileNotDecryptedError):  # encrypted in a way that is not even supported
        raise _encrypted() from None


def _read_image(content: bytes, content_type: str) -> None:
    if content_type == PNG:
        with _open_image(content, content_type) as image:
            image.verify()  # the checksums of all parts; the image is of no use afterwards
    with _open_image(content, content_type) as image:
        if content_type == JPEG:
            if sum(1 for _ in _SCAN.finditer(content)) > MOST_SCANS:
                raise _unreadable()
            image.draft("L", (1, 1))  # reads all of it and keeps an eighth: same proof, a fraction of the memory
        image.load()


def _open_image(content: bytes, content_type: str) -> Any:
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS[content_type])
    except Image.DecompressionBombError:
        raise _too_large() from None
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise _too_large()
    return image


def _unreadable() -> Invalid:
    return Invalid("file-unreadable", "Không đọc được tệp: tệp bị hỏng hoặc tải lên chưa hết. Hãy quét hoặc chụp lại.")


def _encrypted() -> Invalid:
    words = "Tệp PDF đang bị khóa bằng mật khẩu hoặc hạn chế quyền. Hãy lưu lại bản không khóa rồi tải lên."
    return Invalid("file-encrypted", words)


def _too_large() -> Invalid:
    words = f"Ảnh quá lớn (tối đa {MOST_PIXELS // 1_000_000} triệu điểm ảnh). Hãy chụp hoặc lưu lại ảnh nhỏ hơn."
    return Invalid("image-too-large", words, most_pixels=MOST_PIXELS)
