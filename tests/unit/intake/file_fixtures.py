"""Real files, made by the libraries that write them, and broken ones made from those."""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import cache

from PIL import Image
from pillow_heif import register_heif_opener
from pypdf import PdfWriter

from services.intake.attachments.file_types import HEIC, JPEG, PDF, PNG

register_heif_opener()
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(500)
GPS = {1: "N", 2: (21.0, 1.0, 42.0), 3: "E", 4: (105.0, 51.0, 12.0)}


@cache
def pdf(pages: int = 1, *, password: str | None = None) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_encrypted_in_an_unknown_way() -> bytes:
    """As AES-256 (PDF 2.0) declares itself."""
    key = b"<" + b"00" * 48 + b">"
    entry = (
        b"<< /Filter /Standard /V 5 /R 6 /Length 256 /P -4 /O " + key + b" /U " + key + b" /OE <" + b"00" * 32
        + b"> /UE <" + b"00" * 32 + b"> /Perms <" + b"00" * 16
        + b"> /CF << /StdCF << /CFM /AESV3 /Length 32 >> >> /StmF /StdCF /StrF /StdCF >>"
    )  # fmt: skip
    return pdf().replace(b"trailer\n<<", b"trailer\n<<\n/Encrypt " + entry + b"\n/ID [<00><00>]")


@cache
def photo(kind: str, width: int = 320, height: int = 240, *, orientation: int = 1, gps: bool = False) -> bytes:
    """A picture that does not compress to nothing."""
    noise = random.Random(width * height).randbytes(width * height * 3)
    image = Image.frombytes("RGB", (width, height), noise)
    exif = image.getexif()
    exif[0x0112] = orientation
    if gps:
        exif.get_ifd(0x8825).update(GPS)
    out = io.BytesIO()
    image.save(out, {JPEG: "JPEG", PNG: "PNG", HEIC: "HEIF"}[kind], exif=exif.tobytes())
    return out.getvalue()


def good(kind: str) -> bytes:
    return pdf() if kind == PDF else photo(kind)


def png_bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """Some kilobytes that would be 400 million pixels."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(bytes(width // 8 + 1) * 1000, 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def cut(content: bytes, part: float = 0.7) -> bytes:
    return content[: int(len(content) * part)]


ALL = (PDF, JPEG, PNG, HEIC)
