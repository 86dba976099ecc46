"""Settings of the routing processes."""

from __future__ import annotations

from pydantic import Field

from services.routing.webhooks.settings import WebhookSettings


class RoutingSettings(WebhookSettings):
    """Environment variables as the fields are named, in capitals."""

    routing_api_port: int = Field(default=8102, ge=1, le=65535)
    routing_worker_port: int = Field(default=8112, ge=1, le=65535)
    timer_seconds: float = Field(default=5.0, gt=0, le=600)
    """How often due timers are looked for."""
