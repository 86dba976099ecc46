"""The append-only memory of the gateways: one JSON object per line.

A line is handed to the operating system before the HTTP reply leaves, so a killed process forgets nothing. It is
not fsynced: a power cut may lose the last lines, which no local demo pays 300 disk syncs a second for.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]


class Journal:
    """Reads what an earlier process wrote, then appends. Without a path it remembers nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor: int | None = None

    def replay(self) -> Iterator[Record]:
        """Yield the stored records, cutting off a last line that a kill left half written."""
        if self._path is None or not self._path.exists():
            return
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield orjson.loads(line)
        if whole < self._path.stat().st_size:
            os.truncate(self._path, whole)  # else the next record would be glued to the torn one

    def append(self, record: Record) -> None:
        """Write one record through to the operating system."""
        if self._path is None:
            return
        if self._descriptor is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(self._descriptor, orjson.dumps(record) + b"\n")

    def close(self) -> None:
        """Release the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
