"""An installation of its own for tests, on the morning of a working day whatever the hour is here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.demo.day import opening_offset
from local.plan import Ports
from local.stack import Stack


def morning_stack(data: Path, **more: Any) -> Stack:
    """Not started yet: everything on free ports, nothing said; `more` as `Stack` takes it."""
    return Stack(
        data, lambda process, line: None, ports=Ports.free(), clock_offset=opening_offset(datetime.now(UTC)), **more
    )
