"""What a dead process held in a transaction is set free by its neighbours.

A process that is killed inside a transaction holds what it wrote until the server ends that, 60 s later
(`transactionLifetimeLimitSeconds`): a counter's running number, say, or the fence of a partition. So every process
writes down under which sessions it makes transactions, and beats; the others of the same service end the sessions of
one whose beat has stood still. A process that was only stopped meets an aborted transaction when it wakes up, and
begins it anew.

The beat is a thread with a connection of its own: with many calls at once, or a loop that is busy, a process is slow
and not dead. The price: one whose loop hangs for ever keeps what it holds until the server ends it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from services.kit import logs, metrics
from services.kit.ids import new_id
from services.kit.leased_loop import pause
from services.kit.mongo import Mongo, Session
from services.kit.mongo.driver import PyMongoError

PROCESSES = "processes"
MOST_SESSIONS = 500
"""Far more than are in use at once; the client throws a session away that was idle for half an hour."""
log = logs.get("kit.sessions")


@dataclass
class Sessions:
    """The sessions of this process, and a look at those of its neighbours."""

    mongo: Mongo
    process: str
    ttl_s: float = 9.0
    """So long a beat stands still until its process counts as dead; on the watcher's own clock. With a beat and two
    looks this must stay under `Committer.patience`: who waits for what a dead process held gets it."""
    beat_s: float = 1.0
    look_s: float = 1.5
    instance: str = field(default_factory=new_id)
    clock: Callable[[], float] = time.monotonic
    _noted: dict[bytes, Any] = field(default_factory=dict)
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    """The beat of each neighbour, and for how long it has stood still."""
    _looked_at: float = 0.0
    _beating: threading.Thread | None = None
    _left: threading.Event = field(default_factory=threading.Event)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def note(self, session: Session) -> None:
        """Write down the session before its first transaction; later ones find it known. Raises: PyMongoError."""
        id = session.session_id["id"]
        if bytes(id) in self._noted:
            return
        async with self._writing:
            self._noted[bytes(id)] = id
            while len(self._noted) > MOST_SESSIONS:
                del self._noted[next(iter(self._noted))]
            try:
                await self._write()
            except BaseException:
                self._noted.pop(bytes(id), None)
                raise

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`, and beat until `leave`: what is under way when a process is stopped may take a while.
        While the server is away nobody looks: all count anew from their next look."""
        if self._beating is None:
            self._beating = threading.Thread(target=self._beat, name="beat", daemon=True)
            self._beating.start()
        while not stop.is_set():
            try:
                await self.look()
            except PyMongoError:
                self._seen.clear()
            except Exception as error:  # an API has nobody who begins this loop again
                self._seen.clear()
                metrics.count("loop_failures_total", loop="sessions")
                log.error("sessions.look_failed", error=type(error).__name__, exc_info=True)
            await pause(stop, self.look_s)

    async def look(self) -> int:
        """One beat, and the end of those whose beat stands still. Returns: how many were ended.

        Time in which this process itself stood still, or waited for the server, counts as one look: what held it up may
        have held them up too.
        """
        async with self._writing:
            await self._write()
        ended = 0
        neighbours = [d async for d in self.mongo.collection(PROCESSES).find({}) if d["_id"] != self.instance]
        now = self.clock()
        passed, self._looked_at = min(now - self._looked_at, 2 * self.look_s), now
        before, self._seen = self._seen, {}
        for neighbour in neighbours:
            beat, silent_s = before.get(neighbour["_id"], (None, 0.0))
            silent_s = silent_s + passed if beat == neighbour["beat"] else 0.0
            if silent_s >= self.ttl_s:
                await self._end(neighbour)
                ended += 1
            else:
                self._seen[neighbour["_id"]] = (neighbour["beat"], silent_s)
        return ended

    async def leave(self) -> None:
        """An orderly end: nothing is held, and nobody need look."""
        self._left.set()
        with suppress(PyMongoError):
            await self.mongo.collection(PROCESSES).delete_one({"_id": self.instance})

    async def _write(self) -> None:
        what = {"process": self.process, "sessions": list(self._noted.values())}
        change = {"$set": what, "$inc": {"beat": 1}}
        await self.mongo.collection(PROCESSES).update_one({"_id": self.instance}, change, upsert=True)

    def _beat(self) -> None:
        """The thread. It adds to the document that `_write` made, and makes none."""
        with self.mongo.apart(quiet_s=self.ttl_s / 3) as client:
            mine = client[self.mongo.name][PROCESSES]
            while not self._left.wait(self.beat_s):
                with suppress(PyMongoError):
                    mine.update_one({"_id": self.instance}, {"$inc": {"beat": 1}})

    async def _end(self, neighbour: dict[str, Any]) -> None:
        if neighbour["sessions"]:
            await self.mongo.end_sessions(neighbour["sessions"])
        await self.mongo.collection(PROCESSES).delete_one({"_id": neighbour["_id"], "beat": neighbour["beat"]})
        metrics.count("sessions_ended_total", process=neighbour["process"])
        log.warning("sessions.ended", process=neighbour["process"], sessions=len(neighbour["sessions"]))
