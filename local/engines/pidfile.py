"""One engine per data directory: a lock while its starter lives, and a note of the child for whoever comes after."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.engines.errors import AlreadyRunning

ORPHAN_GRACE_S = 5.0
_POLL_S = 0.05


def process_identity(pid: int) -> str | None:
    """Say which process `pid` is now, so that a reused number is not taken for the old one; None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except ProcessLookupError:
        return None
    else:
        fields = stat.rpartition(")")[2].split()
        # A zombie holds no port and no file any more; only its parent's wait is missing.
        return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


@dataclass(frozen=True)
class Note:
    """What the pid file remembers of a child."""

    pid: int
    identity: str

    @property
    def alive(self) -> bool:
        return process_identity(self.pid) == self.identity


class PidFile:
    """A pid file that is locked by the starter.

    The lock tells a running engine from a leftover: it is gone with the starter whatever killed it, so a file without
    a lock is stale and the child it names, if it still lives, is an orphan that nobody will stop.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self, engine: str) -> Note | None:
        """Lock the file and return the note of a previous child that still lives (an orphan), if any.

        Raises AlreadyRunning when another live starter holds it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            note = self.read()
            raise AlreadyRunning(engine, self.path.parent, note.pid if note else None) from None
        self._fd = fd
        note = self.read()
        return note if note is not None and note.alive else None

    def read(self) -> Note | None:
        """Return the note in the file, or None when it is absent, empty or torn."""
        try:
            raw = json.loads(self.path.read_text())
            return Note(pid=int(raw["pid"]), identity=str(raw["identity"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, pid: int) -> None:
        """Remember the child; needs the lock."""
        assert self._fd is not None, "acquire() first"
        text = json.dumps({"pid": pid, "identity": process_identity(pid) or "gone"}).encode()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, text, 0)

    def release(self) -> None:
        """Empty the file and let go of it.

        It is not removed: a starter waiting with the old file open would hold a lock on a file nobody else can see.
        """
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


async def end_orphan(note: Note) -> None:
    """End a child whose starter is gone: SIGTERM, then SIGKILL after a grace."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(note.pid, signum)
        except ProcessLookupError:
            return
        # Polled: only a parent is told of a process's end, and we are not its parent.
        for _ in range(int(ORPHAN_GRACE_S / _POLL_S)):
            if not note.alive:
                return
            await asyncio.sleep(_POLL_S)
