"""Settings: every default in one place, invalid combinations refused at start. Compose and `motcua up` differ only in
environment variables."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.clock import Clock
from services.kit.mongo.driver import Driver, Mongo
from services.kit.web.settings import OidcSettings, WebSettings


class KafkaSettings(BaseSettings):
    """How to reach and read Kafka. Environment prefix `KAFKA_`."""

    model_config = SettingsConfigDict(hide_input_in_errors=True, env_prefix="KAFKA_", frozen=True)

    bootstrap: str = "127.0.0.1:9192"
    idempotence: bool = True
    """Off only for the embedded broker, which refuses it; one request in flight keeps the order there."""
    epoch: str = "0"
    """Names the log's life. Change it when a broker lost its log: offsets begin again and old fences must not match."""
    fetch_max_wait_ms: int = Field(default=200, ge=5, le=5000)
    batch_records: int = Field(default=300, ge=1, le=1000)
    """Most records in one transaction (MongoDB advises under 1,000 writes)."""
    session_timeout_ms: int = Field(default=30_000, ge=6_000, le=300_000)
    drain_s: float = Field(default=25.0, gt=0, le=120)
    """How long a rebalance or a shutdown waits for the running batch."""
    replication: int = Field(default=1, ge=1)

    @property
    def rebalance_timeout_s(self) -> float:
        """How long the group waits for members that drain."""
        return 2 * self.drain_s

    @property
    def longest_rebalance_s(self) -> float:
        """One that begins with a member that died: first its session must end."""
        return self.rebalance_timeout_s + self.session_timeout_ms / 1000

    @property
    def tells_ends(self) -> bool:
        """Whether the broker says where its log ends. The embedded one names ends too low; where it runs, each life of
        the log has an epoch of its own."""
        return self.idempotence


class HealthSettings(BaseSettings):
    """Seconds until something counts as an illness. Environment prefix `HEALTH_`."""

    model_config = SettingsConfigDict(hide_input_in_errors=True, env_prefix="HEALTH_", frozen=True)

    stuck_s: float = Field(default=60.0, gt=0)
    """Records wait, a partition is assigned, nobody holds the consumer, and nothing is applied."""
    batch_s: float = Field(default=120.0, gt=0)
    """Of one batch, without any part of it being applied."""
    log_s: float = Field(default=15.0, gt=0)
    """The log of a partition ends before what was applied of it: then it is not the log that was read."""
    outbox_s: float = Field(default=60.0, gt=0)
    """Age of the oldest event, where it has not become younger for as long."""
    commits_s: float = Field(default=60.0, gt=0)
    """No transaction holds, or Kafka takes no offsets."""
    rejoin_s: float = Field(default=180.0, gt=0)
    """Out of the consumer group while its coordinator answers, or no poll: a restart helps. Two rebalances, one after
    the other, are no illness."""


class Settings(BaseSettings):
    """What every process of every service needs. A field `x_y` is the environment variable `X_Y`;
    secrets may come as files from the folder `SECRETS_DIR` (`/run/secrets` in containers)."""

    model_config = SettingsConfigDict(
        hide_input_in_errors=True, frozen=True, secrets_dir=os.environ.get("SECRETS_DIR"), extra="ignore"
    )

    environment: Literal["development", "production"] = "development"
    mongodb_url: SecretStr = SecretStr("mongodb://127.0.0.1:27117")
    mongodb_prefix: str = Field(default="motcua", pattern=r"^[a-z0-9_]{1,30}$")
    mongo_driver: Driver = "motor"
    mongo_pool: int = Field(default=32, ge=1, le=500)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    clock_offset_seconds: float = 0.0
    """Moves business time; for demonstrations and tests only."""
    bind_host: str = "127.0.0.1"
    graceful_seconds: float = Field(default=20.0, gt=0)
    max_body_bytes: int = Field(default=256 * 1024, ge=1024)
    fault_dir: Path | None = None
    """Where tests of crashes say what shall happen at which point, see `services.kit.points`."""
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    health: HealthSettings = Field(default_factory=HealthSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    oidc: OidcSettings = Field(default_factory=OidcSettings)

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.environment == "production" and self.clock_offset_seconds:
            raise ValueError("CLOCK_OFFSET_SECONDS must be 0 in production: dates on receipts are law")
        if self.environment == "production" and self.fault_dir is not None:
            raise ValueError("FAULT_DIR must be unset in production: its files end processes")
        return self

    @model_validator(mode="after")
    def _pages_are_safe(self) -> Self:
        if self.environment == "production" and self.oidc.development:
            raise ValueError("OIDC_DEVELOPMENT must be off in production: there everybody may be anybody")
        http = any(url.startswith("http:") for url in self.web.sites.values())
        allowed = self.web.http_on_localhost
        if http and not (self.environment == "development" if allowed is None else allowed):
            raise ValueError("WEB_SITES must be https (WEB_HTTP_ON_LOCALHOST allows plain http on this machine)")
        return self

    @model_validator(mode="after")
    def _a_drain_is_no_illness(self) -> Self:
        if self.health.rejoin_s <= self.kafka.longest_rebalance_s:
            raise ValueError(
                "HEALTH_REJOIN_S must be over twice KAFKA_DRAIN_S and KAFKA_SESSION_TIMEOUT_MS together: so long may a"
                " rebalance wait for a batch and for a member that died"
            )
        return self

    def mongo(self, service: str) -> Mongo:
        """The service's own database."""
        return Mongo(
            self.mongodb_url.get_secret_value(),
            f"{self.mongodb_prefix}_{service}",
            driver=self.mongo_driver,
            app=f"motcua-{service}",
            pool=self.mongo_pool,
        )

    def clock(self) -> Clock:
        return Clock(timedelta(seconds=self.clock_offset_seconds))


def read_secret(value: SecretStr | None, file: Path | None) -> str | None:
    """A secret given as a value or as a file's content; the file wins.

    Raises: FileNotFoundError.
    """
    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    return value.get_secret_value() if value is not None else None
