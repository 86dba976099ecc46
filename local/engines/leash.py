"""Runs before every engine: ties its life to its starter's, then becomes the engine.

Why a program of its own and not `preexec_fn`: code run between fork and exec in a process that has threads (motor, the
child watcher) can wait for ever on a lock another thread held. The price is about 20 ms per start.

SIGKILL and not SIGTERM, because a starter that died cannot escalate. The engines are chosen and flagged so that SIGKILL
loses nothing they acknowledged. The kernel counts the death of the *thread* that forked as the death of the parent, so
engines must be started from a thread that lives as long as they shall: the main one. Other systems than Linux have no
such call; there the pid file lets the next start clear the orphan away.

Usage: leash.py STARTER_PID PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    starter, program = int(argv[1]), argv[2:]
    if sys.platform == "linux":
        import ctypes  # costs 10 ms, so only where it is of use

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != starter:
        # The starter died before the leash was on: nobody would ever stop this engine.
        sys.exit(f"leash: starter {starter} is gone")
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv)
