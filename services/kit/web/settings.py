"""Settings of pages and of sign-in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Site = Literal["intake", "routing", "notify"]


def is_loopback(host: str) -> bool:
    """Whether this name means this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class WebSettings(BaseSettings):
    """Pages and sessions. Environment prefix `WEB_`."""

    model_config = SettingsConfigDict(hide_input_in_errors=True, env_prefix="WEB_", frozen=True)

    sites: Mapping[Site, str] = Field(default_factory=dict)
    """What browsers reach the services by (JSON object): `{"intake": "https://motcua.example.gov.vn", ...}`. Without
    its own address a service takes `http://127.0.0.1:<its port>`; the others' make the links between them."""
    http_on_localhost: bool | None = None
    """Whether a site may be plain HTTP on this very machine: its cookies then lack `Secure`. Unset: in development."""
    idle_minutes: int = Field(default=60, ge=1, le=1440)
    """A session ends when nothing was asked for so long."""
    longest_hours: int = Field(default=12, ge=1, le=72)
    """And after so long whatever was asked; a right that was taken away works at most so much longer."""
    kept_minutes: int = Field(default=60, ge=5, le=1440)
    """What was typed into a form whose session had ended is kept so long."""

    @field_validator("sites")
    @classmethod
    def _are_addresses(cls, sites: Mapping[Site, str]) -> Mapping[Site, str]:
        for url in sites.values():
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
                raise ValueError("WEB_SITES holds addresses like https://motcua.example.gov.vn, without a path")
            if parts.scheme == "http" and not is_loopback(parts.hostname):
                raise ValueError("WEB_SITES: plain http is for this machine only (127.0.0.1, localhost)")
        return sites

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        return timedelta(hours=self.longest_hours)

    @property
    def kept(self) -> timedelta:
        return timedelta(minutes=self.kept_minutes)


class OidcSettings(BaseSettings):
    """Sign-in of staff by OpenID Connect. Environment prefix `OIDC_`."""

    model_config = SettingsConfigDict(
        hide_input_in_errors=True, env_prefix="OIDC_", frozen=True, secrets_dir=os.environ.get("SECRETS_DIR")
    )

    issuer: str = ""
    """The provider, as its discovery document names itself; empty: nobody can sign in."""
    client_id: str = "motcua"
    client_secret: SecretStr = SecretStr("")
    """Empty: a public client, held by PKCE alone."""
    scope: str = "openid profile"
    roles_claim: str = Field(default="roles", min_length=1)
    """Where the roles stand in the ID token; dots lead inwards: `realm_access.roles`."""
    units_claim: str = Field(default="units", min_length=1)
    """Where the codes of counters and agencies stand: `H12.970.00`, or plainly `counter:H12.970.00`."""
    role_names: Mapping[str, str] = Field(default_factory=dict)
    """The provider's names of our roles (JSON object): `{"mot-cua-can-bo": "clerk"}`; our own names always hold."""
    subject_claim: str = Field(default="sub", min_length=1)
    """Who it is, for good; only its hash is kept."""
    subject_key: SecretStr = SecretStr("")
    """Keys that hash. Needed where the provider's subjects are personal themselves (identity numbers, telephones)."""
    development: bool = False
    """Whether the provider may be the one made for trying things out, where everybody may be anybody."""
    timeout_s: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _a_provider_is_a_real_one(self) -> Self:
        if not self.issuer:
            return self
        parts = urlsplit(self.issuer)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("OIDC_ISSUER must be the provider's address")
        if parts.scheme == "http" and not self.development:
            raise ValueError("OIDC_ISSUER must be https; only the development provider (OIDC_DEVELOPMENT) may be http")
        if self.development and not is_loopback(parts.hostname):
            raise ValueError("OIDC_DEVELOPMENT: the development provider lives on this machine only (127.0.0.1)")
        return self
