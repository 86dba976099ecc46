"""Settings of the intake processes."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.kit.settings import Settings


class IntakeSettings(Settings):
    """Environment variables as the fields are named, in capitals."""

    intake_api_port: int = Field(default=8101, ge=1, le=65535)
    intake_worker_port: int = Field(default=8111, ge=1, le=65535)
    intake_private_key: SecretStr | None = None
    """Opens what counters' software seals for intake (URL-safe base64, Curve25519)."""
    notify_public_key: str = ""
    """Seals the citizen's contact for notify; empty: no notices are possible, and registration says so."""
    backfill_counters: tuple[str, ...] = ()
    """Counters whose own software may send `backfill` registrations over Kafka (JSON list of codes)."""
    tracking_attempts: str = "5/15minutes"
    """Wrong last digits per dossier before tracking of that dossier pauses (limits notation)."""

    @model_validator(mode="after")
    def _citizens_can_be_told(self) -> Self:
        if self.environment == "production" and not self.notify_public_key:
            raise ValueError("NOTIFY_PUBLIC_KEY must be set in production: without it no citizen is ever told anything")
        return self
