"""Settings of webhooks, a part of routing's."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.kit.client_address import NetworkText
from services.kit.limiter import RateText
from services.kit.settings import Settings
from services.routing.webhooks.domain.attempts import Policy
from services.routing.webhooks.domain.targets import TargetRules


class WebhookSettings(Settings):
    """Environment variables as the fields are named, in capitals."""

    routing_private_key: SecretStr | None = None
    """Curve25519, URL-safe base64: seals the secrets of webhooks at rest. Without it nobody can subscribe."""
    webhook_allow_http: bool = False
    """For tests and demonstrations: events would travel in clear."""
    webhook_networks: tuple[NetworkText, ...] = ()
    """Networks that webhooks may lead to although they are not public (JSON list): the administration's own, say."""
    webhook_ports: tuple[int, ...] = (443, 8443)
    """Ports that webhooks may lead to (JSON list); empty: any."""
    webhook_origin: str = Field(default="motcua", pattern=r"^[a-z0-9.-]{1,253}$")
    """Who we say we are in `WebHook-Request-Origin` (CloudEvents): the name citizens know us by."""
    webhook_timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    """Longest a call may take, all in all."""
    webhook_probe_seconds: float = Field(default=5.0, gt=0, le=15)
    """The same for a probe, while who subscribes waits for the answer."""
    webhook_probes: RateText = "30/hour"
    """Probes that one agency may have sent, by subscribing or testing."""
    webhook_concurrency: int = Field(default=128, ge=1, le=1000)
    """Calls under way at the same time; each subscription with work has one of them in any case."""
    webhook_per_subscription: int = Field(default=4, ge=1, le=50)
    webhook_retry_first_seconds: float = Field(default=5.0, gt=0)
    webhook_retry_longest_seconds: float = Field(default=1800.0, gt=0)
    webhook_give_up_seconds: float = Field(default=24 * 3600.0, gt=0)
    """Retries of a delivery, and how long a subscription may fail before it is paused."""

    @model_validator(mode="after")
    def _events_travel_safely(self) -> Self:
        if self.environment == "production" and self.webhook_allow_http:
            raise ValueError("WEBHOOK_ALLOW_HTTP must be off in production: events would travel in clear")
        return self

    @property
    def webhook_rules(self) -> TargetRules:
        networks = tuple(ip_network(text) for text in self.webhook_networks)
        return TargetRules(self.webhook_allow_http, networks, self.webhook_ports)

    @property
    def webhook_policy(self) -> Policy:
        return Policy(
            first_pause=timedelta(seconds=self.webhook_retry_first_seconds),
            longest_pause=timedelta(seconds=self.webhook_retry_longest_seconds),
            give_up=timedelta(seconds=self.webhook_give_up_seconds),
            claim_limit=timedelta(seconds=2 * self.webhook_timeout_seconds),
        )
