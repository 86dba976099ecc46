"""Secrets of webhooks are sealed for routing's own key: a copy of the database signs nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from contracts.problems import Invalid
from services.kit.sealing import Opener, Sealer
from services.routing.webhooks.domain.signature import SECRET_BYTES, secret_of
from services.routing.webhooks.domain.subscription import Subscription
from services.routing.webhooks.settings import WebhookSettings


@dataclass(frozen=True)
class Vault:
    """Makes, seals and opens them."""

    opener: Opener | None = field(repr=False)

    @classmethod
    def of(cls, settings: WebhookSettings) -> Vault:
        key = settings.routing_private_key
        return cls(Opener(key.get_secret_value()) if key is not None and key.get_secret_value() else None)

    def require(self) -> Opener:
        """Raises: Invalid `webhooks-not-configured`."""
        if self.opener is None:
            raise Invalid("webhooks-not-configured", "Hệ thống chưa được cài đặt để gửi tin (webhook).")
        return self.opener

    def make(self) -> tuple[str, str]:
        """A new secret, in clear and sealed. Raises: Invalid `webhooks-not-configured`."""
        secret = secret_of(secrets.token_bytes(SECRET_BYTES))
        return secret, Sealer(self.require().public_key).seal(secret.encode())

    def opened(self, subscription: Subscription, now: datetime) -> tuple[str, ...]:
        """What to sign with. Raises: Invalid `webhooks-not-configured`, `sealed-box-unreadable`."""
        opener = self.require()
        return tuple(opener.open(sealed).decode() for sealed in subscription.sealed_secrets(now))
