"""The worker process: `python -m services.notify.worker`. Kafka in and out, the sender and the receipts."""

from __future__ import annotations

import sys

from contracts.topics import CONSUMERS
from services.kit import logs
from services.kit.commit import Committer
from services.kit.mongo import Mongo
from services.kit.process import Worker, configure, run_worker
from services.kit.sealing import Opener
from services.notify.consumers import GROUP, SOURCE, make_consumer
from services.notify.gateways import make_vnpt
from services.notify.receipt_box import ReceiptBox
from services.notify.retention import Retention
from services.notify.settings import NotifySettings
from services.notify.setup import make_receipts, make_sender
from services.notify.store import MORE, STORES
from services.notify.vnpt_poll import VnptPoll

PROCESS = "notify-worker"
log = logs.get("notify.worker")


def make_worker(settings: NotifySettings, mongo: Mongo, opener: Opener) -> Worker:
    """The worker with its consumer, relay, sender and receipts."""
    now = settings.clock().now
    worker = Worker(
        process=PROCESS,
        settings=settings,
        mongo=mongo,
        consumer=make_consumer(mongo, now, settings.lifetime, settings.kafka.epoch),
        topics=CONSUMERS[GROUP],
        port=settings.notify_worker_port,
        stores=STORES,
        collections=MORE,
    )
    # Lanes: both loops add to the same sums, and each has its own part of them.
    committer = Committer(mongo, SOURCE, now, on_events=worker.relay.wake, lane="sender")
    filing = Committer(mongo, SOURCE, now, on_events=worker.relay.wake, lane="receipts")
    receipts = make_receipts(settings, mongo, filing, worker.lease)
    if settings.vnpt_base_url:
        every = settings.vnpt_poll_seconds
        poll = VnptPoll(mongo, ReceiptBox(mongo), make_vnpt(settings), worker.lease, now, every)
        worker.loops["vnpt-poll"] = poll.run
    worker.loops["sender"] = make_sender(settings, mongo, opener, committer, receipts).run
    worker.loops["receipts"] = receipts.run
    wiping = Committer(mongo, SOURCE, now, lane="retention")
    worker.loops["retention"] = Retention(
        mongo, wiping, worker.lease, now, settings.retention, settings.longest_retention
    ).run
    return worker


def main() -> None:
    settings = NotifySettings()
    configure(PROCESS, settings)
    key = settings.notify_private_key
    if key is None:
        log.critical("settings.missing", setting="NOTIFY_PRIVATE_KEY")
        sys.exit(78)
    run_worker(make_worker(settings, settings.mongo("notify"), Opener(key.get_secret_value())))


if __name__ == "__main__":
    main()
