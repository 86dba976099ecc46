"""Native MongoDB-protocol server: SecantusDB's Rust server, built by `make engines`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from local.engines.cache import PREPARE_COMMAND, secantus_rs_binary
from local.engines.errors import BinaryMissing
from local.engines.secantus import SecantusServer


class SecantusRs(SecantusServer):
    """The server of the native set, on the same storage engine and with the same flags."""

    name = "secantus-rs"
    default_deadline_s = 60.0

    def __init__(self, data_dir: Path, port: int = 0, *, cache_size: str = "1G", stop_grace_s: float = 20.0) -> None:
        """Take the cache size; the server's own default of 4G is a whole laptop's memory."""
        super().__init__(data_dir, port, cache_size=cache_size, stop_grace_s=stop_grace_s)

    def command(self) -> Sequence[str]:
        binary = secantus_rs_binary()
        if not binary.exists():
            raise BinaryMissing(str(binary), PREPARE_COMMAND)
        return (str(binary), *self.flags())
