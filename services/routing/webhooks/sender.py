"""The sender: a few calls at a time for each subscription, so that a slow partner holds up nobody else.

Claim, call, record: a crash at any line leaves a claim whose time runs out, and the same delivery goes out again under
the same id. It runs in the worker that leads; two at once could double a call, never change the order of a dossier.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import timedelta

import stamina

from contracts.problems import Invalid
from services.kit import logs, metrics, points
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.errors import Stale, Unavailable
from services.kit.lease import Lease
from services.kit.leased_loop import LeasedLoop
from services.kit.mongo import Mongo
from services.routing.webhooks.commands.claim_delivery import Call, ClaimDelivery
from services.routing.webhooks.commands.close_lane import CloseLane
from services.routing.webhooks.commands.record_answer import RecordAnswer, Recorded
from services.routing.webhooks.courier import Courier
from services.routing.webhooks.domain.attempts import Answer, Policy, Verdict
from services.routing.webhooks.domain.signature import signed_headers
from services.routing.webhooks.domain.subscription import Subscription, SubscriptionState
from services.routing.webhooks.report import report
from services.routing.webhooks.store import LANES, SUBSCRIPTIONS
from services.routing.webhooks.vault import Vault

log = logs.get("routing.webhooks")
IDLE_S = 0.3
BUSY_S = 0.05
REFRESH_S = 1.0
"""How old the list of subscriptions may be; what a claim reads is always fresh."""
MEASURE_S = 15.0
LANES_AT_ONCE = 50
"""Looked up for one subscription and kept until they are used up."""
MOST_FOUND = 500
CLOSED_AT_ONCE = 100
CLOSING = timedelta(days=1)
"""After its end a subscription can still get a delivery from a batch that had read the roster before."""
REST_AFTER_BUG_S = 60.0
MOST_COUNTED = 10_000
RECORD_WITHIN_S = 60.0


@dataclass
class WebhookSender:
    """One per deployment, under the worker's lease."""

    mongo: Mongo
    committer: Committer
    lease: Lease
    courier: Courier
    vault: Vault
    policy: Policy
    now: Now
    concurrency: int
    per_subscription: int
    _active: dict[str, Subscription] = field(default_factory=dict)
    _found: dict[str, deque[str]] = field(default_factory=dict)
    """Lanes that were due, by subscription."""
    _busy: set[str] = field(default_factory=set)
    """Lanes in the hands of a runner."""
    _runners: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _refresh_at: float = 0.0
    _measure_at: float = 0.0
    _broken: dict[str, float] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Until stop; then what is under way is finished and recorded."""
        await LeasedLoop(self.lease, self.once, IDLE_S, BUSY_S).run(stop)
        self._found.clear()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.courier.close()

    async def once(self) -> int:
        """One round. Returns: runners started."""
        await self._refresh()
        free = [id for id, one in self._active.items() if self._room(one) and not self._found.get(id)]
        if free:
            await self._look(free)
        return self._start()

    async def _refresh(self) -> None:
        if time.monotonic() < self._refresh_at:
            return
        self._refresh_at = time.monotonic() + REFRESH_S
        query = {"state": {"$in": [SubscriptionState.ACTIVE.value, SubscriptionState.PAUSED.value]}}
        found = self.mongo.collection(SUBSCRIPTIONS.collection).find(query)
        running = [SUBSCRIPTIONS.to_state(document) async for document in found]
        self._active = {one.id: one for one in running if one.state is SubscriptionState.ACTIVE}
        self._found = {id: lanes for id, lanes in self._found.items() if id in self._active}
        failing = sum(one.failing_since is not None for one in self._active.values())
        metrics.gauge("webhook_subscriptions", len(self._active) - failing, state="active")
        metrics.gauge("webhook_subscriptions", failing, state="failing")
        metrics.gauge("webhook_subscriptions", len(running) - len(self._active), state="paused")
        await self._close_ended()
        if running:
            await self._measure()

    async def _measure(self) -> None:
        if time.monotonic() >= self._measure_at:
            self._measure_at = time.monotonic() + MEASURE_S
            lanes = self.mongo.collection(LANES.collection)
            waiting = await lanes.count_documents({"due_at": {"$exists": True}}, limit=MOST_COUNTED)
            metrics.gauge("webhook_dossiers_waiting", waiting)

    async def _close_ended(self) -> None:
        """What waits for subscriptions that have ended; usually there are none."""
        query = {"state": SubscriptionState.ENDED.value, "ended_at": {"$gte": self.now() - CLOSING}}
        found = self.mongo.collection(SUBSCRIPTIONS.collection).find(query, {"_id": 1})
        ended = [document["_id"] async for document in found]
        if not ended:
            return
        waiting = {"subscription": {"$in": ended}, "due_at": {"$exists": True}}
        lanes = self.mongo.collection(LANES.collection).find(waiting, {"_id": 1}).limit(CLOSED_AT_ONCE)
        ids = [document["_id"] async for document in lanes]
        closed = sum(await asyncio.gather(*(self.committer.run(CloseLane(id)) for id in ids)))
        if closed:
            metrics.count("webhook_dead_letters_total", closed, reason="subscription-ended")
            log.info("webhook.closed", deliveries=closed)

    def _room(self, one: Subscription) -> bool:
        if one.rests(self.now()) or self._broken.get(one.id, 0.0) > time.monotonic():
            return False
        most = 1 if one.exhausted else self.per_subscription
        return self._runners[one.id] < most

    async def _look(self, subscriptions: list[str]) -> None:
        """Due lanes of all of them in one query; where one has so many that others may be left out, they are asked
        for alone."""
        wanted = list(subscriptions)
        while wanted:
            query = {"subscription": {"$in": wanted}, "due_at": {"$lte": self.now()}}
            lanes = self.mongo.collection(LANES.collection).find(query, {"subscription": 1})
            found = [document async for document in lanes.sort("due_at", 1).limit(MOST_FOUND)]
            for document in found:
                queue = self._found.setdefault(document["subscription"], deque())
                if document["_id"] not in self._busy and len(queue) < LANES_AT_ONCE:
                    queue.append(document["_id"])
            seen = {document["subscription"] for document in found}
            wanted = [id for id in wanted if id not in seen] if len(found) == MOST_FOUND else []

    def _start(self) -> int:
        """One runner for each subscription with work first, then more as far as there is room."""
        started = 0
        waiting = [one for id, one in self._active.items() if self._found.get(id) and self._room(one)]
        for one in sorted(waiting, key=lambda one: self._runners[one.id]):
            queue = self._found[one.id]
            wanted = 1 if one.exhausted else min(self.per_subscription, self._runners[one.id] + len(queue))
            while self._runners[one.id] < wanted:
                if self._runners[one.id] and len(self._tasks) >= self.concurrency:
                    break
                self._runners[one.id] += 1
                task = asyncio.create_task(self._runner(one.id), name=f"webhook-{one.id}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                started += 1
        return started

    async def _runner(self, id: str) -> None:
        """Work off the found lanes of one subscription."""
        try:
            while (queue := self._found.get(id)) and self.lease.held and self._may_go_on(id):
                lane = queue.popleft()
                if lane in self._busy:
                    continue
                self._busy.add(lane)
                try:
                    await self._work_off(lane, id)
                finally:
                    self._busy.discard(lane)
        except (Unavailable, Stale) as error:
            log.warning("webhook.not_stored", subscription=id, error=type(error).__name__)
        except Exception as error:
            metrics.count("loop_failures_total", loop="webhooks")
            log.error("webhook.runner_failed", subscription=id, error=type(error).__name__, exc_info=True)
            self._broken[id] = time.monotonic() + REST_AFTER_BUG_S
        finally:
            self._runners[id] -= 1

    def _may_go_on(self, id: str) -> bool:
        one = self._active.get(id)
        if one is None or one.rests(self.now()):
            return False
        return not one.exhausted or self._runners[id] == 1

    async def _work_off(self, lane: str, id: str) -> None:
        """What waits in one lane, one after the other."""
        more = True
        while more and self._may_go_on(id):
            call = await self.committer.run(ClaimDelivery(lane, id, self.policy))
            if call is None:
                return
            await points.reached("webhook-before-call")
            answer = await self._call(call)
            await points.reached("webhook-after-call")
            recorded = await self._record(call, answer)
            if recorded is None:
                return
            if id in self._active:
                self._active[id] = recorded.subscription
            if recorded.subscription.state is not SubscriptionState.ACTIVE:
                self._active.pop(id, None)
            more = recorded.more

    async def _call(self, call: Call) -> Answer:
        now, body = self.now(), call.delivery.body.encode()
        try:
            secrets = self.vault.opened(call.subscription, now)
        except Invalid as error:  # our key is not the one it was sealed for: a person must look
            log.error("webhook.secret_unreadable", subscription=call.subscription.id, slug=error.slug)
            return Answer(Verdict.FAILED, "secret-unreadable")
        headers = signed_headers(secrets, call.delivery.event, int(now.timestamp()), body)
        return await self.courier.post(call.subscription.url, body, headers)

    async def _record(self, call: Call, answer: Answer) -> Recorded | None:
        """Store what was said; a database that is away for a moment is waited for, rather than call again."""
        recorded: Recorded | None = None
        decision = RecordAnswer(call, answer, self.policy, random.random())  # noqa: S311 - jitter, no secret
        async for attempt in stamina.retry_context(
            on=(Unavailable, Stale), attempts=None, timeout=RECORD_WITHIN_S, wait_max=2.0
        ):
            with attempt:
                recorded = await self.committer.run(decision)
        report(call, answer, recorded)
        return recorded
