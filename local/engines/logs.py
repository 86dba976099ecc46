"""The log files of engines and tools: read back for error messages, cut when they grow."""

from __future__ import annotations

import re
from pathlib import Path

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TAIL_BYTES = 16_384


def tail(path: Path, lines: int) -> str:
    """Return the last lines of a log without colour codes; empty when there is no log."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(_COLOUR.sub("", text).splitlines()[-lines:])


def rotate(path: Path, limit_bytes: int) -> None:
    """Put a log that has grown over the limit aside, keeping one old one."""
    if path.exists() and path.stat().st_size > limit_bytes:
        path.replace(path.with_suffix(".log.1"))
