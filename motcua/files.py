"""Files that a command is given."""

from __future__ import annotations

from pathlib import Path

from contracts.problems import Invalid


def content_of(file: Path) -> bytes:
    """Raises: Invalid `file-unreadable`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid("file-unreadable", f"Không đọc được tệp {file} ({type(error).__name__}).") from error
