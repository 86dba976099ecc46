"""Settings of SpeedSMS and VNPT: off unless said, and safe in production."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from services.notify.settings import NotifySettings


def test_both_are_off_where_nothing_is_said() -> None:
    settings = NotifySettings()
    assert not settings.speedsms_token.get_secret_value()
    assert settings.vnpt_base_url == ""


def test_speedsms_is_https_in_production() -> None:
    assert NotifySettings(environment="production").speedsms_base_url.startswith("https://")
    with pytest.raises(ValidationError, match="SPEEDSMS_BASE_URL"):
        NotifySettings(environment="production", speedsms_base_url="http://api.speedsms.vn")


def test_vnpt_s_plain_http_must_be_said_in_production() -> None:
    url = "http://203.0.113.5:8888"
    with pytest.raises(ValidationError, match="VNPT_ALLOW_HTTP"):
        NotifySettings(environment="production", vnpt_base_url=url)
    assert NotifySettings(environment="production", vnpt_base_url=url, vnpt_allow_http=True).vnpt_base_url == url
    assert NotifySettings(environment="production", vnpt_base_url="https://sms.example.vn").vnpt_base_url
    assert NotifySettings(vnpt_base_url=url).vnpt_base_url == url


@pytest.mark.parametrize("url", ["203.0.113.5:8888", "ftp://x", "http://a b"])
def test_an_address_of_vnpt_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        NotifySettings(vnpt_base_url=url)


def test_its_secrets_are_not_shown() -> None:
    settings = NotifySettings(speedsms_token=SecretStr("seen-1"), vnpt_api_pass=SecretStr("seen-2"))
    assert "seen-" not in repr(settings)
