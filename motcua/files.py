"""Files that a command is given, and those it writes."""

from __future__ import annotations

from pathlib import Path

from contracts.problems import Invalid


def content_of(file: Path) -> bytes:
    """Raises: Invalid `file-unreadable`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid("file-unreadable", f"Không đọc được tệp {file} ({type(error).__name__}).") from error


def write_to(file: Path, content: bytes) -> None:
    """Raises: Invalid `file-unwritable`."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Invalid("file-unwritable", f"Không ghi được tệp {file} ({type(error).__name__}).") from error
