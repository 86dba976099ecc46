"""How much memory the whole local system holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def resident_mb(pids: Iterable[int]) -> float:
    """Resident memory of some processes together, MB; 0 where the system does not tell (not Linux)."""
    total = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024
