"""How the worker gets its sender."""

from __future__ import annotations

from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.lease import Lease
from services.kit.mongo import Mongo
from services.routing.webhooks.courier import Courier
from services.routing.webhooks.sender import WebhookSender
from services.routing.webhooks.settings import WebhookSettings
from services.routing.webhooks.vault import Vault


def make_sender(settings: WebhookSettings, mongo: Mongo, committer: Committer, lease: Lease, now: Now) -> WebhookSender:
    """The loop that calls partners' systems, under the worker's lease."""
    return WebhookSender(
        mongo=mongo,
        committer=committer,
        lease=lease,
        courier=Courier(settings.webhook_rules, now, settings.webhook_timeout_seconds, settings.webhook_origin),
        vault=Vault.of(settings),
        policy=settings.webhook_policy,
        now=now,
        concurrency=settings.webhook_concurrency,
        per_subscription=settings.webhook_per_subscription,
    )
