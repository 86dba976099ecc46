"""The worker process: `python -m services.notify.worker`. Kafka in and out, the sender and the receipts."""

from __future__ import annotations

import sys
from datetime import timedelta

from contracts.topics import CONSUMERS
from contracts.types import NoticeChannel
from services.kit import logs
from services.kit.commit import Committer
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.process import Worker, configure, run_worker
from services.kit.sealing import Opener
from services.notify.channels import Channel
from services.notify.channels.esms import Esms, EsmsAccount
from services.notify.channels.transport import Transport, make_client
from services.notify.channels.zalo import Zalo
from services.notify.channels.zalo_tokens import OAuthApp, ZaloTokens
from services.notify.consumers import GROUP, SOURCE, make_consumer
from services.notify.due import DueNotices
from services.notify.receipts import ReceiptLoop
from services.notify.sender import Sender
from services.notify.settings import NotifySettings
from services.notify.stops import Stops
from services.notify.store import MORE, STORES

PROCESS = "notify-worker"
log = logs.get("notify.worker")


def make_channels(settings: NotifySettings, mongo: Mongo, opener: Opener) -> dict[NoticeChannel, Channel]:
    """The gateways, over one HTTP client."""
    client = make_client(
        settings.gateway_connect_seconds, settings.gateway_timeout_seconds, settings.gateway_concurrency
    )
    transport = Transport(client, settings.gateway_timeout_seconds)
    app = OAuthApp(settings.zalo_oauth_url, settings.zalo_app_id, settings.zalo_app_secret, settings.zalo_refresh_token)
    tokens = ZaloTokens(mongo, transport, app, opener, settings.clock().now)
    account = EsmsAccount(
        settings.esms_base_url,
        settings.esms_api_key,
        settings.esms_secret_key,
        settings.esms_brandname,
        settings.esms_callback_url,
    )
    return {
        NoticeChannel.ZALO: Zalo(transport, settings.zalo_base_url, tokens, settings.template_ids),
        NoticeChannel.SMS: Esms(transport, account),
    }


def make_receipts(settings: NotifySettings, mongo: Mongo, committer: Committer, lease: Lease) -> ReceiptLoop:
    """The loop that matches receipts to notices."""
    kept = timedelta(seconds=settings.receipt_kept_seconds)
    return ReceiptLoop(mongo, committer, lease, settings.clock().now, kept)


def make_sender(
    settings: NotifySettings, mongo: Mongo, opener: Opener, committer: Committer, receipts: ReceiptLoop
) -> Sender:
    """The loop that hands due notices to the gateways, under the lease of the receipts."""
    now = settings.clock().now
    return Sender(
        mongo=mongo,
        committer=committer,
        lease=receipts.lease,
        due=DueNotices(mongo, now),
        receipts=receipts,
        stops=Stops(now, timedelta(seconds=settings.channel_pause_seconds)),
        channels=make_channels(settings, mongo, opener),
        opener=opener,
        policy=settings.policy,
        sms_prefix=settings.sms_prefix,
        rating_base=settings.rating_base,
        concurrency=settings.gateway_concurrency,
    )


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
    committer = Committer(mongo, SOURCE, now, on_events=worker.relay.wake)
    receipts = make_receipts(settings, mongo, committer, worker.lease)
    worker.loops["sender"] = make_sender(settings, mongo, opener, committer, receipts).run
    worker.loops["receipts"] = receipts.run
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
