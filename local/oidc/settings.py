"""Settings of the development provider. Environment prefix `OIDC_DEV_`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OidcDevSettings(BaseSettings):
    """Where it listens; the address is never another than the loopback one."""

    model_config = SettingsConfigDict(env_prefix="OIDC_DEV_", frozen=True)

    port: int = Field(default=8180, ge=1, le=65535)
    back: str = "http://127.0.0.1:"
    """What addresses that it leads back to begin with."""

    secret: str = ""
    """What clients must show when they fetch a token; empty: PKCE is enough."""

    def leads_back(self, url: str) -> bool:
        """Whether somebody may be sent there; what stands before an @ is a name, not a host."""
        return url.startswith(self.back) and urlsplit(url).hostname == urlsplit(self.back).hostname

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def templates(self) -> Path:
        return Path(__file__).parent / "templates"
