"""Settings of notify. A field `x_y` is the environment variable `X_Y`, or the file `x_y` in the folder SECRETS_DIR."""

from __future__ import annotations

from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from contracts.types import NoticeKind
from services.kit.settings import Settings
from services.notify.channels.zalo_templates import TEMPLATE_IDS
from services.notify.domain.ladder import Policy


class NotifySettings(Settings):
    """Both processes of notify."""

    notify_api_port: int = Field(default=8103, ge=0, le=65535)
    notify_worker_port: int = Field(default=8113, ge=0, le=65535)
    notify_private_key: SecretStr | None = None
    """Curve25519, URL-safe base64: opens the contacts that intake sealed. The worker needs it."""

    zalo_base_url: str = "https://business.openapi.zalo.me"
    zalo_oauth_url: str = "https://oauth.zaloapp.com"
    zalo_app_id: str = ""
    zalo_app_secret: SecretStr = SecretStr("")
    zalo_oa_secret_key: SecretStr = SecretStr("")
    """Signs webhooks; the vendor's console shows it apart from the app secret."""
    zalo_refresh_token: SecretStr = SecretStr("")
    """First token after a person consented; a changed one replaces the stored pair."""
    zalo_template_ids: dict[NoticeKind, str] = Field(default_factory=dict)
    """JSON object by kind; kinds that are not named keep their default id."""

    esms_base_url: str = "https://rest.esms.vn"
    esms_api_key: SecretStr = SecretStr("")
    esms_secret_key: SecretStr = SecretStr("")
    esms_brandname: str = "MOTCUA"
    esms_callback_url: SecretStr = SecretStr("")
    """Our `…/v1/webhooks/esms/<secret>` as the gateway reaches it; empty: no receipts."""
    esms_callback_secret: SecretStr = SecretStr("")
    sms_prefix: str = "[MOTCUA] "
    """First words of every text: the registered customer-care templates begin with it."""
    rating_base_url: str = Field(default="", max_length=120, pattern=r"^(https?://[!-~]+)?$")
    """Page to which the last message leads, without the invitation's token at its end; empty: no link."""

    gateway_timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    """Longest a call may take, all in all."""
    gateway_connect_seconds: float = Field(default=3.0, gt=0, le=30)
    gateway_concurrency: int = Field(default=64, ge=1, le=500)
    """Calls under way at the same time."""
    claim_margin_seconds: float = Field(default=10.0, gt=0)
    """A claim older than four calls (token, message, token, message) and this belongs to a dead process."""
    zalo_receipt_seconds: float = Field(default=300.0, gt=0)
    zalo_unknown_seconds: float = Field(default=120.0, gt=0)
    sms_receipt_seconds: float = Field(default=72 * 3600.0, gt=0)
    channel_pause_seconds: float = Field(default=300.0, gt=0)
    zalo_tries: int = Field(default=3, ge=1, le=20)
    retry_first_seconds: float = Field(default=2.0, gt=0)
    retry_longest_seconds: float = Field(default=3600.0, gt=0)
    notice_lifetime_seconds: float = Field(default=72 * 3600.0, gt=0)
    receipt_kept_seconds: float = Field(default=24 * 3600.0, gt=0)
    """A receipt that names nothing we know is retried so long, then filed as unmatched."""

    @model_validator(mode="after")
    def _gateways_are_reached_safely(self) -> Self:
        for name in ("zalo_base_url", "zalo_oauth_url", "esms_base_url"):
            if self.environment == "production" and not getattr(self, name).startswith("https://"):
                raise ValueError(f"{name.upper()} must be https in production: tokens and phone numbers travel there")
        if self.environment == "production" and self.rating_base_url.startswith("http:"):
            raise ValueError("RATING_BASE_URL must be https in production: whoever has the link may rate")
        return self

    @model_validator(mode="after")
    def _callback_carries_its_secret(self) -> Self:
        url, secret = self.esms_callback_url.get_secret_value(), self.esms_callback_secret.get_secret_value()
        if url and (not secret or urlsplit(url).path.rpartition("/")[2] != secret):
            raise ValueError("ESMS_CALLBACK_URL must end with ESMS_CALLBACK_SECRET: the callback is not signed")
        return self

    @property
    def template_ids(self) -> dict[NoticeKind, str]:
        return {**TEMPLATE_IDS, **self.zalo_template_ids}

    @property
    def policy(self) -> Policy:
        return Policy(
            call_limit=timedelta(seconds=4 * self.gateway_timeout_seconds + self.claim_margin_seconds),
            zalo_receipt=timedelta(seconds=self.zalo_receipt_seconds),
            zalo_unknown=timedelta(seconds=self.zalo_unknown_seconds),
            sms_receipt=timedelta(seconds=self.sms_receipt_seconds),
            pause_after_stop=timedelta(seconds=self.channel_pause_seconds),
            zalo_tries=self.zalo_tries,
            first_pause=timedelta(seconds=self.retry_first_seconds),
            longest_pause=timedelta(seconds=self.retry_longest_seconds),
        )

    @property
    def rating_base(self) -> str:
        return self.rating_base_url.rstrip("/")

    @property
    def lifetime(self) -> timedelta:
        return timedelta(seconds=self.notice_lifetime_seconds)
