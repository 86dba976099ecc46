"""Settings of notify. A field `x_y` is the environment variable `X_Y`, or the file `x_y` in the folder SECRETS_DIR."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from contracts.types import NoticeKind
from services.kit.settings import Settings
from services.notify.domain.costs import Caps, Prices
from services.notify.domain.policy import Policy, QuietHours
from services.notify.preferences.keys import read_phone_key


class NotifySettings(Settings):
    """Both processes of notify."""

    notify_api_port: int = Field(default=8103, ge=0, le=65535)
    notify_worker_port: int = Field(default=8113, ge=0, le=65535)
    notify_private_key: SecretStr | None = None
    """Curve25519, URL-safe base64: opens the contacts that intake sealed. The worker needs it."""
    notify_public_key: str = ""
    """Its public half: seals the contacts of officers; empty: none can be entered here."""
    notify_phone_key: SecretStr = SecretStr("")
    """32 bytes, URL-safe base64, the same in both processes: phones with a preference are kept under their keyed hash.
    Empty: no preferences. Never change it: every wish would be forgotten."""
    notice_retention_days: float = Field(default=7.0, ge=0, le=3650)
    """The contact of a dossier that is over is wiped so long after its last notice was final."""
    contact_longest_days: float = Field(default=400.0, ge=1, le=3650)
    """Of one that is not over (a result that nobody collects) too, so long after its last notice was final; never
    sooner than the other."""

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
    speedsms_base_url: str = "https://api.speedsms.vn"
    speedsms_token: SecretStr = SecretStr("")
    """Empty: this gateway is off."""
    speedsms_sender: str = ""
    """The brandname as registered there."""
    speedsms_type: int = Field(default=3, ge=2, le=8)
    """3: our own brandname; 4: the one all customers share; 2: a random number."""
    speedsms_callback_secret: SecretStr = SecretStr("")
    """Its dashboard holds our `…/v1/webhooks/speedsms/<secret>`; empty: no receipts."""

    vnpt_base_url: str = Field(default="", pattern=r"^(https?://[!-~]+)?$")
    """Host and port that VNPT gave this installation; empty: this gateway is off."""
    vnpt_allow_http: bool = False
    """Its hosts speak plain HTTP, and know us by our address. In production that must be said: over a tunnel to VNPT it
    may be right, over the open internet phone numbers and the password would be readable."""
    vnpt_agent_id: str = ""
    vnpt_api_user: str = ""
    vnpt_api_pass: SecretStr = SecretStr("")
    vnpt_username: str = ""
    """Of the agent in VNPT's portal."""
    vnpt_label_id: str = ""
    """Of the brandname."""
    vnpt_contract_id: str = ""
    vnpt_send_time_format: str = "%d/%m/%Y"
    """How it wants the day of sending when it is asked what became of a text."""
    vnpt_poll_seconds: float = Field(default=30.0, gt=0, le=3600)
    """It reports nothing by itself: how often it is asked."""

    smpp_host: str = ""
    """An operator's SMSC; empty: this gateway is off."""
    smpp_port: int = Field(default=2775, ge=1, le=65535)
    smpp_system_id: str = Field(default="", max_length=15, pattern=r"^[ -~]*$")
    smpp_password: SecretStr = Field(default=SecretStr(""), max_length=8)
    """At most 8 characters: SMPP 3.4 has no room for more, so it protects little by itself."""
    smpp_system_type: str = Field(default="", max_length=12, pattern=r"^[ -~]*$")
    smpp_sender: str = Field(default="MOTCUA", max_length=11, pattern=r"^[ -~]+$")
    """The brandname: 11 letters are all that a phone shows."""
    smpp_tls: bool = False
    smpp_private_line: bool = False
    """In production a line without TLS must be said to be private (a leased line or a tunnel to the operator): the
    password, the phone numbers and the texts are readable on it."""
    smpp_receipt_ids: Literal["same", "decimal"] = "same"
    """decimal: this SMSC writes a message's id in hexadecimal when it takes it, in decimal in its receipt."""
    smpp_references: bool = True
    """Name each text, so that a receipt finds it although its submit got no answer. False: this SMSC refuses optional
    parameters."""
    smpp_rate: float = Field(default=50.0, gt=0, le=5000)
    """Texts a second that the operator allows, each part counted."""
    smpp_window: int = Field(default=10, ge=1, le=1000)
    """Texts that may wait for the SMSC's answer at the same time."""
    sms_prefix: str = "[MOTCUA] "
    """First words of every text: the registered customer-care templates begin with it."""
    office_names: Mapping[str, str] = Field(default_factory=dict)
    """Names of counters by code (JSON object), for the words of messages; a code without a name is said itself."""
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
    sms_unknown_seconds: float = Field(default=1800.0, gt=0)
    """No answer from an SMS gateway that can neither be asked nor knows repeats: wait so long for its receipt."""
    quiet_hours: str = Field(default="22:00-06:00", pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    """Giờ yên tĩnh, Viet Nam's time: what is not urgent waits for their end. Empty: none."""
    gateway_rates: dict[str, float] = Field(default_factory=dict)
    """JSON object: calls a second by provider; 50 where nothing is said."""
    sms_receipt_seconds: float = Field(default=72 * 3600.0, gt=0)
    channel_pause_seconds: float = Field(default=300.0, gt=0)
    zalo_tries: int = Field(default=3, ge=1, le=20)
    retry_first_seconds: float = Field(default=2.0, gt=0)
    retry_longest_seconds: float = Field(default=3600.0, gt=0)
    notice_lifetime_seconds: float = Field(default=72 * 3600.0, gt=0)
    receipt_kept_seconds: float = Field(default=24 * 3600.0, gt=0)
    """A receipt that names nothing we know is retried so long, then filed as unmatched."""

    sms_weights: dict[str, int] = Field(default_factory=lambda: {"esms": 100})
    """JSON object: how many of a hundred texts each SMS gateway gets at rest. One that is set up and not named stands
    by: it gets what another one in trouble loses."""
    zalo_price_vnd: int | None = Field(default=None, ge=0)
    """Of a Zalo message, where the gateway does not say what one costs."""
    sms_prices_vnd: dict[str, int] = Field(default_factory=dict)
    """JSON object by gateway: price of one part of a text."""
    daily_cap_vnd: int | None = Field(default=None, ge=0)
    """Most that all notices of a day may cost; the rest waits until midnight in Viet Nam. One-time codes do not."""
    counter_daily_cap_vnd: int | None = Field(default=None, ge=0)
    """The same for each counter."""

    @model_validator(mode="after")
    def _gateways_are_reached_safely(self) -> Self:
        for name in ("zalo_base_url", "zalo_oauth_url", "esms_base_url", "speedsms_base_url"):
            if self.environment == "production" and not getattr(self, name).startswith("https://"):
                raise ValueError(f"{name.upper()} must be https in production: tokens and phone numbers travel there")
        if self.environment == "production" and self.vnpt_base_url.startswith("http:") and not self.vnpt_allow_http:
            raise ValueError("VNPT_BASE_URL is plain http: reach it through a tunnel and say VNPT_ALLOW_HTTP")
        if self.environment == "production" and self.rating_base_url.startswith("http:"):
            raise ValueError("RATING_BASE_URL must be https in production: whoever has the link may rate")
        return self

    @model_validator(mode="after")
    def _the_smsc_is_reached_safely(self) -> Self:
        clear = bool(self.smpp_host) and not self.smpp_tls
        if self.environment == "production" and clear and not self.smpp_private_line:
            raise ValueError(
                "SMPP_HOST without SMPP_TLS: say SMPP_PRIVATE_LINE where the line itself is closed to others"
            )
        if self.smpp_host and not self.smpp_system_id:
            raise ValueError("SMPP_HOST needs SMPP_SYSTEM_ID and SMPP_PASSWORD")
        if not self.smpp_password.get_secret_value().isascii():
            raise ValueError("SMPP_PASSWORD must be ASCII: SMPP 3.4 writes nothing else")
        return self

    @model_validator(mode="after")
    def _phone_key_is_one(self) -> Self:
        read_phone_key(self.notify_phone_key.get_secret_value())
        return self

    @model_validator(mode="after")
    def _callback_carries_its_secret(self) -> Self:
        url, secret = self.esms_callback_url.get_secret_value(), self.esms_callback_secret.get_secret_value()
        if url and (not secret or urlsplit(url).path.rpartition("/")[2] != secret):
            raise ValueError("ESMS_CALLBACK_URL must end with ESMS_CALLBACK_SECRET: the callback is not signed")
        return self

    @property
    def policy(self) -> Policy:
        return Policy(
            call_limit=timedelta(seconds=4 * self.gateway_timeout_seconds + self.claim_margin_seconds),
            zalo_receipt=timedelta(seconds=self.zalo_receipt_seconds),
            zalo_unknown=timedelta(seconds=self.zalo_unknown_seconds),
            sms_receipt=timedelta(seconds=self.sms_receipt_seconds),
            sms_unknown=timedelta(seconds=self.sms_unknown_seconds),
            pause_after_stop=timedelta(seconds=self.channel_pause_seconds),
            zalo_tries=self.zalo_tries,
            first_pause=timedelta(seconds=self.retry_first_seconds),
            longest_pause=timedelta(seconds=self.retry_longest_seconds),
            quiet=self._quiet,
        )

    @property
    def _quiet(self) -> QuietHours | None:
        begins, _, ends = self.quiet_hours.partition("-")
        return QuietHours(time.fromisoformat(begins), time.fromisoformat(ends)) if begins else None

    @property
    def rating_base(self) -> str:
        return self.rating_base_url.rstrip("/")

    @property
    def prices(self) -> Prices:
        return Prices(self.zalo_price_vnd, self.sms_prices_vnd)

    @property
    def caps(self) -> Caps:
        return Caps(self.daily_cap_vnd, self.counter_daily_cap_vnd)

    @property
    def phone_key(self) -> bytes | None:
        return read_phone_key(self.notify_phone_key.get_secret_value())

    @property
    def retention(self) -> timedelta:
        return timedelta(days=self.notice_retention_days)

    @property
    def longest_retention(self) -> timedelta:
        return timedelta(days=max(self.contact_longest_days, self.notice_retention_days))

    @property
    def lifetime(self) -> timedelta:
        return timedelta(seconds=self.notice_lifetime_seconds)
