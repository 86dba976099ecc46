"""The intake worker process: commands of counters' software, facts of routing and notify, the relay."""

from __future__ import annotations

from contracts.topics import CONSUMERS
from services.intake.api import SOURCE
from services.intake.consumers import COMMAND_TOPICS, GROUP, handlers
from services.intake.settings import IntakeSettings
from services.intake.store import STORES
from services.kit.consumer import Consumer
from services.kit.process import Worker, configure, run_worker
from services.kit.sealing import Opener, Sealer

PROCESS = "intake-worker"


def create_worker(settings: IntakeSettings) -> Worker:
    """Wire the worker."""
    mongo = settings.mongo("intake")
    now = settings.clock().now
    private = settings.intake_private_key
    opener = Opener(private.get_secret_value()) if private else None
    sealer = Sealer(settings.notify_public_key) if settings.notify_public_key else None
    consumer = Consumer(
        GROUP,
        mongo,
        SOURCE,
        now,
        handlers(opener, sealer, now, frozenset(settings.backfill_counters)),
        command_topics=COMMAND_TOPICS,
        epoch=settings.kafka.epoch,
    )
    return Worker(PROCESS, settings, mongo, consumer, CONSUMERS[GROUP], settings.intake_worker_port, stores=STORES)


def main() -> None:
    settings = IntakeSettings()
    configure(PROCESS, settings)
    run_worker(create_worker(settings))


if __name__ == "__main__":
    main()
