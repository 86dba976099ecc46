"""The sender with everything it needs, from the settings."""

from __future__ import annotations

from datetime import timedelta

from services.kit import logs
from services.kit.commit import Committer
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.kit.sealing import Opener
from services.notify.balance import Balance
from services.notify.board import ProviderBoard
from services.notify.budget import Budget
from services.notify.calls import Caller
from services.notify.channels import Gateway
from services.notify.desk import Desk
from services.notify.domain.ladder import Ladder
from services.notify.due import DueNotices
from services.notify.gateways import make_texts, make_zalo
from services.notify.health import Health
from services.notify.pace import Paces
from services.notify.preferences import Preferences
from services.notify.quota import QuotaWatch
from services.notify.receipts import ReceiptLoop
from services.notify.sender import Sender
from services.notify.settings import NotifySettings
from services.notify.stops import Stops
from services.notify.templates import Overrides, Wordings

log = logs.get("notify.setup")
SLOW_BY_CONTRACT = {"speedsms": 1.0}
"""Calls a second: 60 a minute, then it answers 429."""


def make_receipts(settings: NotifySettings, mongo: Mongo, committer: Committer, lease: Lease) -> ReceiptLoop:
    """The loop that matches receipts to notices."""
    kept = timedelta(seconds=settings.receipt_kept_seconds)
    return ReceiptLoop(mongo, committer, lease, settings.clock().now, kept)


def make_sender(
    settings: NotifySettings, mongo: Mongo, opener: Opener, committer: Committer, receipts: ReceiptLoop
) -> Sender:
    """The loop that hands due notices to the gateways, under the lease of the receipts."""
    now = settings.clock().now
    zalo, texts = make_zalo(settings, mongo, opener), make_texts(settings, mongo)
    gateways: dict[str, Gateway] = {gateway.trait.provider: gateway for gateway in (zalo, *texts)}
    stops = Stops(now, timedelta(seconds=settings.channel_pause_seconds))
    resting = {gateway.trait.provider: settings.sms_weights.get(gateway.trait.provider, 0) for gateway in texts}
    balance = Balance(mongo, Health(now), resting)
    budget = Budget(mongo, now, settings.caps, tuple(gateways))
    channels = {name: gateway.trait.channel for name, gateway in gateways.items()}
    board = ProviderBoard(mongo, balance, channels, stops.all_closed)
    wordings = Wordings(mongo, Overrides(settings.sms_prefix, settings.zalo_template_ids, settings.office_names))
    preferences = Preferences(mongo, settings.phone_key)
    rates = SLOW_BY_CONTRACT | {"smpp": settings.smpp_rate} | settings.gateway_rates
    desk = Desk(gateways, stops, balance.order, budget.capped, Paces(rates), max(1, settings.gateway_concurrency // 2))
    if not texts:
        log.warning("gateways.no_sms", consequence="who has no Zalo is on the call list")
    receipts.arrived = balance.arrived
    return Sender(
        mongo=mongo,
        committer=committer,
        lease=receipts.lease,
        due=DueNotices(mongo, now),
        receipts=receipts,
        caller=Caller(desk, wordings.word, preferences, now, settings.rating_base, settings.prices, balance.heed),
        opener=opener,
        ladder=Ladder(settings.policy, desk.traits),
        concurrency=settings.gateway_concurrency,
        refresh=(
            QuotaWatch(mongo, stops, zalo.quota, balance.health.quota).refresh,
            wordings.refresh,
            preferences.refresh,
            budget.refresh,
            board.refresh,
        ),
    )
