"""Named points of the road where a test can make a process die, stop, wait or fail: there is no other way to hit one.

Off unless `FAULT_DIR` names a folder (refused in production). A file `<FAULT_DIR>/<process>.<point>` makes the process
do what the file says when it passes that point: `kill` (SIGKILL), `stop` (SIGSTOP), `wait <seconds>`, `fail`. The file
is removed first, so it strikes once; its absence tells that it struck.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Literal

from services.kit.errors import Unavailable

PointName = Literal[
    # A batch of records (kit.consumer).
    "consumer-before-transaction",
    "consumer-before-commit",  # everything is written, the transaction is open
    "consumer-after-commit",  # the batch is applied, Kafka does not know
    # Decisions of requests and of background loops (kit.commit).
    "decisions-before-commit",
    "decisions-after-commit",  # they hold, and who asked has no answer
    # The relay (kit.relay).
    "relay-after-publish",  # the broker has the events, the outbox does not know
    "relay-after-mark",
    # Parked keys (kit.retrier).
    "retrier-before-commit",
    "retrier-after-commit",
    # Notices (notify.sender, notify.receipts).
    "notice-before-call",  # the attempt is stored, the gateway was not called
    "notice-after-call",  # the gateway answered, the answer is not stored
    "receipt-before-answer",  # the receipt is stored, the gateway has no answer
    "receipts-before-mark",  # the notices have them, the receipts still wait
    # Webhooks of agencies (routing.webhooks).
    "webhook-before-call",
    "webhook-after-call",
]


class PointFailed(Unavailable):
    """What `fail` raises: as when an engine does not answer here."""


class UnknownStrike(ValueError):
    """The file of a point says something that no process can do."""


_process = ""
_folder: Path | None = None


def arm(process: str, folder: Path | None) -> None:
    """Name this process and say where its files lie; None: all points do nothing."""
    global _process, _folder
    _process, _folder = process, folder


async def reached(name: PointName) -> None:
    """Pass a point of the road.

    Raises: PointFailed: the file says `fail`. UnknownStrike: it says nothing known.
    """
    if _folder is None:
        return
    strike = _taken(_folder / f"{_process}.{name}")
    if strike is not None:
        await _do(name, strike)


async def _do(name: PointName, strike: str) -> None:
    match strike.split():
        case ["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["stop"]:
            os.kill(os.getpid(), signal.SIGSTOP)
        case ["wait", seconds]:
            await asyncio.sleep(float(seconds))
        case ["fail"]:
            raise PointFailed(name)
        case _:
            raise UnknownStrike(f"{name}: {strike!r}")


def _taken(file: Path) -> str | None:
    """What the file says; None when there is none, or another process of the same name took it first."""
    mine = file.with_name(f"{file.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        file.rename(mine)
        strike = mine.read_text(encoding="utf-8")
        mine.unlink()
        return strike
    return None
