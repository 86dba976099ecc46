"""Choosing and checking ports on the loopback address, the only one engines listen on."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

HOST = "127.0.0.1"

# Below the range the kernel takes client ports from. A free port of that range can be gone before the engine binds it,
# or during a restart; worse, a client that reconnects to it can be given it as its own and talk to itself.
_CANDIDATES = range(20_000, 32_000)

# Not the module-wide generator: the test runner seeds that equally in every worker, and all would choose one port.
_random = random.SystemRandom()
_given: set[int] = set()


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the engines do: a connection of the previous run in TIME_WAIT is no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _shuffled() -> Iterator[int]:
    yield from _random.sample(_CANDIDATES, len(_CANDIDATES))


def choose_port(wanted: int = 0) -> int:
    """Return `wanted`, or for 0 a free port that this process has not given out before.

    Raises OSError when no port is free.
    """
    if wanted:
        return wanted
    for port in _shuffled():
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise OSError("no free port on the loopback address")
