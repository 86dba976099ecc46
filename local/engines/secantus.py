"""Embedded MongoDB-protocol server: SecantusDB's Python server over WiredTiger, data kept between runs.

GPL-2.0: always a process of its own, started by its command, never imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from local.engines.base import EngineProcess
from local.engines.probes import mongo_answers, port_opens


class SecantusServer(EngineProcess):
    """What the Python and the Rust server share: their flags, their storage and their URL."""

    def __init__(self, data_dir: Path, port: int = 0, *, cache_size: str = "512M", stop_grace_s: float = 20.0) -> None:
        """Take the WiredTiger cache size ("512M"); the grace is long because a clean stop writes a checkpoint."""
        super().__init__(data_dir, port, stop_grace_s=stop_grace_s)
        self.cache_size = cache_size

    @property
    def url(self) -> str:
        """The connection URL.

        Direct, because a `--standalone` server names no replica set: a URL with `replicaSet=` finds no member.
        Transactions, `w: majority` and `j: true` are accepted all the same.
        """
        return f"mongodb://{self.address}/?directConnection=true"

    def flags(self) -> Sequence[str]:
        """Return the flags both servers know.

        --sync-on-commit: without it SIGKILL loses acknowledged writes, transactions even with `j: true`.
        --standalone: no oplog (nothing here reads change streams); bulk inserts 1.3-2.1 times as fast, no ageing.
        --config: an empty file, or the server would obey a secantusd.toml in the user's home or in /etc.
        """
        return (
            *("--config", str(self.data_dir / "empty.toml"), "--host", self.address.partition(":")[0]),
            *("--port", str(self.port), "--storage-path", str(self.data_dir / "db")),
            *("--standalone", "--sync-on-commit", "--cache-size", self.cache_size, "--log-level", "WARNING"),
        )

    async def prepare_data(self) -> None:
        (self.data_dir / "empty.toml").write_text("")

    async def answers(self) -> bool:
        # The port first: a client whose first attempt is refused waits 0.5 s before it tries again.
        return await port_opens(self.address) and await mongo_answers(self.url)


class Secantus(SecantusServer):
    """The server of the embedded set: a pure Python server, so one core is its ceiling."""

    name = "secantus"
    # It opens in 1 s per 100,000 documents of earlier runs.
    default_deadline_s = 60.0

    def command(self) -> Sequence[str]:
        # Beside the running interpreter, where pip put it: PATH is another one's unless the venv is activated.
        return (str(Path(sys.executable).with_name("secantusd-py")), *self.flags())
