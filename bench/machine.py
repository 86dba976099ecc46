"""How much of this machine others used meanwhile: a figure that was measured beside their work is too low."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
STAT = Path("/proc/stat")


@dataclass(frozen=True)
class Spent:
    """Seconds of processor time since the start of the machine, or of each process."""

    all: float
    busy: float
    ours: Mapping[int, float]
    """With what children did that are gone: a worker that was stopped or killed counts as its starter's."""

    def since(self, before: Spent) -> dict[str, float]:
        """Shares of the whole machine, 0 to 1."""
        whole = max(self.all - before.all, 1 / TICKS)
        ours = max(0.0, sum(self.ours.values()) - sum(before.ours.values())) / whole
        return {"ours": ours, "others": max(0.0, (self.busy - before.busy) / whole - ours)}


def spent(pids: Iterable[int | None]) -> Spent:
    """Of the machine, and of these processes; nothing is known where there is no `/proc`."""
    if not STAT.exists():
        return Spent(0, 0, {})
    user, nice, system, idle, wait, *rest = (int(word) / TICKS for word in STAT.read_text().split("\n")[0].split()[1:9])
    busy = user + nice + system + sum(rest)
    return Spent(busy + idle + wait, busy, {pid: _of(pid) for pid in pids if pid is not None})


def _of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS  # of itself and of children that ended
