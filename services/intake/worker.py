"""The intake worker process: commands of counters' software, facts of routing and notify, timers, the relay."""

from __future__ import annotations

from datetime import timedelta

from contracts.topics import CONSUMERS
from services.intake.answers import AnswerTimer
from services.intake.api import SOURCE
from services.intake.attachments.sweep import SweepLoop
from services.intake.commands.rate_dossier import RatingPolicy
from services.intake.consumers import COMMAND_TOPICS, GROUP, handlers, reply
from services.intake.settings import IntakeSettings
from services.intake.store import MORE, STORES
from services.kit.commit import Committer
from services.kit.consumer import Consumer
from services.kit.files import GridFiles
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
    policy = RatingPolicy(timedelta(days=settings.invitation_days), settings.follow_up_working_days)
    backfill = frozenset(settings.backfill_counters)
    consumer = Consumer(
        GROUP,
        mongo,
        SOURCE,
        now,
        handlers(opener, sealer, now, backfill, rating_policy=policy, portal_door=settings.portal_door),
        command_topics=COMMAND_TOPICS,
        epoch=settings.kafka.epoch,
        reply=reply,
    )
    worker = Worker(
        PROCESS,
        settings,
        mongo,
        consumer,
        CONSUMERS[GROUP],
        settings.intake_worker_port,
        stores=STORES,
        collections=MORE,
    )
    committer = Committer(mongo, SOURCE, now, on_events=worker.relay.wake)
    timer = AnswerTimer(mongo, committer, worker.lease, now, settings.answer_check_seconds)
    worker.loops["answers"] = timer.run
    worker.loops["files"] = SweepLoop(mongo, GridFiles(mongo, now), worker.lease, now).run
    return worker


def main() -> None:
    settings = IntakeSettings()
    configure(PROCESS, settings)
    run_worker(create_worker(settings))


if __name__ == "__main__":
    main()
