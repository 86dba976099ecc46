"""Everything that can be set about the simulated networks, with the vendors' own figures as defaults."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from local.simulators.templates import SMS_PATTERNS, SMS_PREFIXES

LOOPBACK = "127.0.0.1"  # not a setting: a fake gateway must never be reachable from another machine


class SimulatorSettings(BaseSettings):
    """One process of simulated gateways. Every field is also an environment variable with the prefix `SIM_`."""

    model_config = SettingsConfigDict(env_prefix="SIM_", frozen=True, extra="forbid")

    port: int = Field(default=8190, ge=0, le=65535)
    state_file: Path | None = None
    clock_offset_seconds: float = 0.0
    seed: int = 1
    no_zalo_every: NonNegativeInt = 8
    receipt_delay_min_ms: NonNegativeInt = 300
    receipt_delay_max_ms: NonNegativeInt = 1_500
    receipt_late_ms: NonNegativeInt = 30_000
    hang_ms: PositiveInt = 15_000
    courier_workers: PositiveInt = 32

    zalo_app_id: str = "3604170428319900108"
    zalo_app_secret: str = "sim-zalo-app-secret"
    zalo_oa_id: str = "2893352839501541173"
    zalo_oa_secret_key: str = "sim-zalo-oa-secret-key"
    zalo_auth_code: str = "sim-zalo-consent"
    zalo_auth_code_single_use: bool = False
    zalo_bad_code_error: int = -14019
    zalo_oauth_error_as_string: bool = False
    zalo_access_token_seconds: PositiveInt = 90_000
    zalo_refresh_token_seconds: PositiveInt = 90 * 86_400
    zalo_daily_quota: NonNegativeInt = 20_000
    zalo_night_block: bool = True
    zalo_admin_phones: tuple[str, ...] = ()
    zalo_webhook_url: str | None = None
    zalo_webhook_timeout_seconds: PositiveFloat = 2.0
    zalo_webhook_schedule_seconds: tuple[float, ...] = (30.0, 300.0, 900.0, 1_800.0, 3_600.0)

    esms_api_key: str = "sim-esms-api-key"
    esms_secret_key: str = "sim-esms-secret-key"
    esms_brandname: str = "MOTCUA"
    esms_user_id: int = 9_999
    esms_balance: NonNegativeInt = 1_000_000_000
    esms_price: NonNegativeInt = 850
    esms_tps: NonNegativeInt = 500
    esms_prefixes: tuple[str, ...] = SMS_PREFIXES
    esms_patterns: tuple[str, ...] = SMS_PATTERNS
    esms_missing_networks: tuple[int, ...] = ()
    esms_callback_timeout_seconds: PositiveFloat = 10.0
    esms_callback_retries: NonNegativeInt = 5
    esms_callback_retry_seconds: PositiveFloat = 60.0

    speedsms_token: str = "sim-speedsms-token"
    speedsms_sender: str = "MOTCUA"
    speedsms_bad_token_status: int = Field(default=404, ge=400, le=499)
    speedsms_balance: NonNegativeInt = 1_000_000_000
    speedsms_price: NonNegativeInt = 250
    speedsms_content_max: PositiveInt = 612
    speedsms_requests_per_minute: NonNegativeInt = 12_000  # 60 for an account that agreed on nothing else
    speedsms_webhook_url: str | None = None
    speedsms_webhook_timeout_seconds: PositiveFloat = 10.0
    speedsms_webhook_retries: NonNegativeInt = 5
    speedsms_webhook_retry_seconds: PositiveFloat = 60.0

    vnpt_api_user: str = "sim-vnpt-api"
    vnpt_api_pass: str = "sim-vnpt-api-pass"
    vnpt_username: str = "sim-vnpt-user"
    vnpt_agent_id: str = "9001"
    vnpt_label_id: str = "89001"
    vnpt_contract_id: str = "7001"
    vnpt_tps: NonNegativeInt = 500
    vnpt_parts_max: PositiveInt = 4
    vnpt_package: NonNegativeInt = 1_000_000
    vnpt_missing_networks: tuple[int, ...] = ()

    smsc_port: int | None = Field(default=None, ge=0, le=65535)
    """Where the SMSC listens; 0: a port the system chooses; None: there is no SMSC."""
    smsc_tls_file: Path | None = None
    """PEM with certificate and key; None: the line is in clear."""
    smsc_system_id: str = "motcua"
    smsc_password: str = "sim-smsc"
    smsc_sender: str = "MOTCUA"
    smsc_tps: NonNegativeInt = 500
    smsc_price: NonNegativeInt = 400
    smsc_most_binds: PositiveInt = 8
    smsc_receipt_ids: Literal["same", "decimal"] = "same"
    """decimal: hexadecimal in the submit_sm_resp, decimal in the receipt, as some SMSCs do."""
    smsc_enroute_first: bool = False
    """An ENROUTE receipt before each final one."""
    smsc_failure_stats: dict[str, str] = {"84599999811": "EXPIRED", "84599999812": "REJECTD"}
    """What the receipt of a failure says, by phone; UNDELIV for all others."""
    smsc_receipt_timeout_seconds: PositiveFloat = 5.0
    smsc_receipt_retries: NonNegativeInt = 30
    smsc_receipt_retry_seconds: PositiveFloat = 2.0

    @model_validator(mode="after")
    def _delays_are_a_range(self) -> Self:
        if self.receipt_delay_min_ms > self.receipt_delay_max_ms:
            raise ValueError("receipt_delay_min_ms must not exceed receipt_delay_max_ms")
        return self
