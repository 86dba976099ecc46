"""Settings of the routing processes."""

from __future__ import annotations

from pydantic import Field

from services.kit.settings import Settings


class RoutingSettings(Settings):
    """Environment variables as the fields are named, in capitals."""

    routing_api_port: int = Field(default=8102, ge=1, le=65535)
    routing_worker_port: int = Field(default=8112, ge=1, le=65535)
