"""The routing worker process: cases from events, actions of agencies' software, the relay."""

from __future__ import annotations

from contracts.topics import CONSUMERS
from services.kit.commit import Committer
from services.kit.consumer import Consumer
from services.kit.process import Worker, configure, run_worker
from services.routing.api import SOURCE
from services.routing.consumers import COMMAND_TOPICS, DECIDED, GROUP
from services.routing.settings import RoutingSettings
from services.routing.store import MORE, STORES
from services.routing.stuck import StuckLoop
from services.routing.timers import TimerLoop
from services.routing.webhooks.compose import make_sender
from services.routing.webhooks.telling import Subscribers

PROCESS = "routing-worker"


def create_worker(settings: RoutingSettings) -> Worker:
    """Wire the worker."""
    mongo = settings.mongo("routing")
    now = settings.clock().now
    subscribers = Subscribers(mongo)
    consumer = Consumer(
        GROUP,
        mongo,
        SOURCE,
        now,
        subscribers.heard(DECIDED),
        command_topics=COMMAND_TOPICS,
        epoch=settings.kafka.epoch,
        before=subscribers.look,
    )
    worker = Worker(
        PROCESS,
        settings,
        mongo,
        consumer,
        CONSUMERS[GROUP],
        settings.routing_worker_port,
        stores=STORES,
        collections=MORE,
    )
    committer = Committer(mongo, SOURCE, now, on_events=worker.relay.wake)
    timers = TimerLoop(mongo, committer, worker.lease, now, settings.timer_seconds)
    worker.loops["timers"] = timers.run
    worker.loops["webhooks"] = make_sender(settings, mongo, committer, worker.lease, now).run
    worker.loops["stuck"] = StuckLoop(mongo, worker.lease, now).run
    return worker


def main() -> None:
    settings = RoutingSettings()
    configure(PROCESS, settings)
    run_worker(create_worker(settings))


if __name__ == "__main__":
    main()
