"""Settings of the intake processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from services.kit.client_address import NetworkText
from services.kit.limiter import RateText
from services.kit.settings import Settings


class IntakeSettings(Settings):
    """Environment variables as the fields are named, in capitals."""

    intake_api_port: int = Field(default=8101, ge=1, le=65535)
    intake_worker_port: int = Field(default=8111, ge=1, le=65535)
    intake_private_key: SecretStr | None = None
    """Opens what counters' software seals for intake (URL-safe base64, Curve25519)."""
    notify_public_key: str = ""
    """Seals the citizen's contact for notify; empty: no notices are possible, and registration says so."""
    online_form: tuple[str, ...] = ()
    """Counters that take filings by our own form (JSON list of codes); empty: that door is closed. The legal channel is
    the national portal (NĐ 118/2025/NĐ-CP); a form of one's own is for places that may use one."""
    max_file_bytes: int = Field(default=10 * 2**20, ge=1024)
    """Of one file: a scan of some pages, a photo."""
    max_files_bytes: int = Field(default=50 * 2**20, ge=1024)
    """Of all files of a dossier or draft."""
    max_catalogue_bytes: int = Field(default=20 * 2**20, ge=1024)
    draft_starts: RateText = "20/hour"
    """Drafts of the online form that one address may begin."""
    wrong_codes: RateText = "5/15minutes"
    """Wrong one-time codes for one dossier."""
    portal_door: bool = True
    """Whether filings of the national portal are taken (`FileDossier` with its code, on `counter.intake.v1`)."""
    answer_check_seconds: float = Field(default=30.0, gt=0, le=3600)
    """How often filings are looked for that nobody answered in time."""
    backfill_counters: tuple[str, ...] = ()
    """Counters whose own software may send `backfill` registrations over Kafka (JSON list of codes)."""
    tracking_attempts: RateText = "5/15minutes"
    """Wrong last digits for one dossier before tracking by digits pauses for it."""
    tracking_attempts_per_address: RateText = "30/hour"
    """Wrong digits and codes of one client address, whichever dossiers they are for."""
    public_requests: RateText = "60/minute"
    """Requests of one client address to what citizens use without a key."""
    code_requests: RateText = "10/day"
    """One-time codes that citizens have sent for one dossier; each is a message that costs money."""
    code_requests_per_address: RateText = "10/hour"
    """One-time codes that one client address may ask for, whichever dossiers they are for."""
    draft_uploads: RateText = "120/hour"
    """Files that one client address may upload to drafts."""
    feedback_requests: RateText = "10/hour"
    """Complaints and suggestions of one client address."""
    trusted_proxies: tuple[NetworkText, ...] = ()
    """Proxies whose `X-Forwarded-For` is believed (JSON list of addresses or networks); empty: none."""
    invitation_days: int = Field(default=90, ge=1, le=3650)
    """How long the invitation in the last message is good."""
    follow_up_working_days: int = Field(default=5, ge=1, le=250)
    """A low score is followed up within so many working days."""
    feedback_working_days: int = Field(default=10, ge=1, le=250)
    """A complaint or suggestion is answered within so many working days (QĐ 163/2025/QĐ-CTUBND Ninh Bình Art 19)."""

    public_base_url: str = Field(default="http://127.0.0.1:8101", pattern=r"^https?://[^\s/]+(/\S*)?$")
    """What citizens reach us by; the QR code of the receipt opens its page `/tra-cuu/<code>`."""
    org_name: str = ""
    """Đơn vị chủ quản, in the header of slips."""
    place_name: str = ""
    """Địa danh, before the date of slips."""
    office_names: Mapping[str, str] = Field(default_factory=dict)
    """Names of counters and agencies by code, for slips (JSON object); a code without a name is printed itself."""
    office_phones: Mapping[str, str] = Field(default_factory=dict)
    """Telephones of counters and agencies by code, for requests for papers and citizens' pages (JSON object)."""
    office_addresses: Mapping[str, str] = Field(default_factory=dict)
    """Addresses of counters by code (JSON object): where citizens' pages send people, in this order."""
    form_set: Literal["2018", "2025"] | None = None
    """Forms to print whatever the day, for places that still use the old ones; unset: those in force on the day."""

    @model_validator(mode="after")
    def _citizens_can_be_told(self) -> Self:
        if self.environment == "production" and not self.notify_public_key:
            raise ValueError("NOTIFY_PUBLIC_KEY must be set in production: without it no citizen is ever told anything")
        return self
