"""Forms whose files are too large to be read: what was typed is kept all the same, and nothing of the files."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from services.kit.body_limit import PATIENCE

LIMIT = "motcua.too-large"
"""Key of the limit that was passed, in the scope of a request that is let through to its form."""
MOST_FIELDS, MOST_TYPED = 200, 64 * 1024
"""Of fields beside the files; what is beyond is not kept."""
_MIB = 2**20


@dataclass(frozen=True)
class TooLarge:
    """What a form says when it comes back."""

    field: str
    """With the longest of the files; empty where none was seen."""
    files: int

    def words(self, most: int, most_all: int) -> str:
        """
        Args:
            most: bytes of one file.
            most_all: bytes of all files.
        """
        if self.files > 1:
            return f"Các tệp gửi cùng lúc quá lớn (tất cả tối đa {_size(most_all)}). Hãy gửi từng tệp một."
        return f"Tệp quá lớn (tối đa {_size(most)}). Hãy chọn tệp nhỏ hơn."


def _size(number: int) -> str:
    return f"{number // _MIB} MB" if number >= _MIB else f"{number // 1024} KB"


@dataclass
class _Part:
    """One field, or one file, while it passes."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    is_file: bool = False
    size: int = 0
    data: bytearray = field(default_factory=bytearray)


class _Passing:
    """Takes fields out of a body that is never held as a whole."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, list[str]] = {}
        self.files: list[tuple[int, str]] = []
        self._kept = self._count = 0
        self._part = _Part()
        self._name, self._value = bytearray(), bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header,
                "on_headers_finished": self._known,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    def take(self, chunk: bytes) -> None:
        """Raises: MultipartParseError."""
        self._parser.write(chunk)

    def finish(self) -> None:
        """Count the part in which reading ended, if it is a file."""
        if self._part.is_file:
            self._end()

    def _begin(self) -> None:
        self._part = _Part()

    def _header(self) -> None:
        self._part.headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _known(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition"))
        self._part.name = options.get(b"name", b"").decode(errors="replace")
        self._part.is_file = b"filename" in options

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if not part.is_file and self._kept + part.size <= MOST_TYPED:
            part.data += data[start:end]

    def _end(self) -> None:
        part, self._part = self._part, _Part()
        if part.is_file:
            if part.size:
                self.files.append((part.size, part.name))
        elif self._count < MOST_FIELDS and self._kept + part.size <= MOST_TYPED:
            self._count += 1
            self._kept += part.size
            self.fields.setdefault(part.name, []).append(part.data.decode(errors="replace"))


async def fields_alone(request: Request, limit: int) -> tuple[dict[str, list[str]], TooLarge]:
    """What was typed beside files that are too large; the files are counted and forgotten."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        return {}, TooLarge("", 0)
    passing, read = _Passing(options[b"boundary"]), 0
    try:
        async for chunk in request.stream():
            passing.take(chunk)
            read += len(chunk)
            if read > PATIENCE * limit:
                break
    except (MultipartParseError, ClientDisconnect):
        pass  # what came until then is what there is
    passing.finish()
    longest = max(passing.files, default=(0, ""))
    return passing.fields, TooLarge(longest[1], len(passing.files))
