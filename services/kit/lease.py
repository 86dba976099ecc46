"""One leader at a time for a job (relay, retrier, sender), by a lease document with an epoch.

No clock is compared between machines: a contender watches the holder's beat and takes over when it has not changed
for the whole of `ttl_s` on the contender's own monotonic clock. Each take-over raises the epoch; the old holder's next
beat then matches nothing and it stops.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from services.kit import logs, metrics
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.mongo.driver import PyMongoError, is_duplicate_key

LEASES = "leases"
log = logs.get("kit.lease")


@dataclass
class Lease:
    """A claim on the job `name`. Call `hold()` about every `ttl_s / 4`; work only while it says True."""

    mongo: Mongo
    name: str
    ttl_s: float = 6.0
    holder: str = field(default_factory=new_id)
    epoch: int = 0
    _beat: int = 0
    _held_until: float = 0.0
    _seen: tuple[int, int] | None = None
    _seen_at: float = 0.0

    @property
    def held(self) -> bool:
        """True while nobody else can have taken over: a failed renewal ends it by itself."""
        return time.monotonic() < self._held_until

    async def hold(self) -> bool:
        """Renew, or try to take, the lease."""
        asked_at = time.monotonic()
        try:
            taken = await (self._renew() if self.epoch else self._take(asked_at))
        except PyMongoError:
            taken = self.held  # the server is away: the claim stands until its time is up, nobody can take it either
            metrics.gauge("lease_held", float(taken), lease=self.name)
            return taken
        if taken:
            # Counted from before the call: the contender's clock starts when it sees the beat, never earlier.
            self._held_until = asked_at + self.ttl_s
        else:
            self._held_until = 0.0
        metrics.gauge("lease_held", float(taken), lease=self.name)
        return taken

    async def release(self) -> None:
        """Give it up at shutdown, so that the next one need not wait."""
        if self.epoch:
            self._held_until = 0.0
            await self.mongo.collection(LEASES).update_one(
                {"_id": self.name, "epoch": self.epoch, "holder": self.holder}, {"$set": {"holder": None}}
            )
            self.epoch = 0

    async def _renew(self) -> bool:
        result = await self.mongo.collection(LEASES).update_one(
            {"_id": self.name, "epoch": self.epoch, "holder": self.holder}, {"$set": {"beat": self._beat + 1}}
        )
        if result.matched_count:
            self._beat += 1
            return True
        log.warning("lease.lost", lease=self.name, epoch=self.epoch)
        self.epoch, self._seen = 0, None
        return False

    async def _take(self, now: float) -> bool:
        leases = self.mongo.collection(LEASES)
        current = await leases.find_one({"_id": self.name})
        if current is None:
            try:
                await leases.insert_one({"_id": self.name, "holder": self.holder, "epoch": 1, "beat": 0})
            except PyMongoError as error:
                if is_duplicate_key(error):
                    return False
                raise
            self.epoch, self._beat = 1, 0
            return True
        seen = (current["epoch"], current["beat"])
        if current["holder"] is not None:
            if seen != self._seen:
                self._seen, self._seen_at = seen, now
                return False
            if now - self._seen_at < self.ttl_s:
                return False
        result = await leases.update_one(
            {"_id": self.name, "epoch": seen[0], "beat": seen[1], "holder": current["holder"]},
            {"$set": {"holder": self.holder, "epoch": seen[0] + 1, "beat": 0}},
        )
        if not result.matched_count:
            return False
        self.epoch, self._beat = seen[0] + 1, 0
        log.info("lease.taken", lease=self.name, epoch=self.epoch)
        return True
