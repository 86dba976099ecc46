"""Settings of pages and sign-in: what would be unsafe is refused at the start."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.kit.settings import Settings
from services.kit.web.addresses import safe_path
from services.kit.web.settings import OidcSettings, WebSettings

LOCAL = {"sites": {"intake": "http://127.0.0.1:8101"}}


def test_the_development_provider_is_refused_in_production() -> None:
    dev = OidcSettings(issuer="http://127.0.0.1:8180", development=True)
    assert Settings(oidc=dev).oidc.development
    with pytest.raises(ValidationError, match="OIDC_DEVELOPMENT must be off in production"):
        Settings(environment="production", oidc=dev)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"issuer": "http://127.0.0.1:8180"}, "must be https"),
        ({"issuer": "http://id.example"}, "must be https"),
        ({"issuer": "https://id.example", "development": True}, "lives on this machine only"),
        ({"issuer": "id.example"}, "must be the provider's address"),
    ],
)
def test_a_provider_that_may_be_anybody_must_be_allowed_aloud(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        OidcSettings(**values)


@pytest.mark.parametrize(
    "url", ["http://motcua.example", "https://motcua.example/x", "ftp://motcua.example", "motcua.example"]
)
def test_a_site_is_https_or_this_machine(url: str) -> None:
    with pytest.raises(ValidationError):
        WebSettings(sites={"intake": url})


def test_plain_http_on_this_machine_is_for_development_or_said_aloud() -> None:
    assert Settings(web=LOCAL).web.sites  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="WEB_SITES must be https"):
        Settings(environment="production", web=LOCAL)  # type: ignore[arg-type]
    assert Settings(environment="production", web=LOCAL | {"http_on_localhost": True}).web.sites  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/can-bo", "/quay/ho-so/H12.970.00-260302-0001?tab=giay-to", "/tìm?q=khai+sinh"])
def test_an_address_of_ours_is_kept(path: str) -> None:
    assert safe_path(path) == path
