"""Where the development provider leads back to."""

from __future__ import annotations

import pytest

from local.oidc.settings import OidcDevSettings


@pytest.mark.parametrize(
    ("url", "led"),
    [
        ("http://127.0.0.1:8101/dang-nhap/xong", True),
        ("http://127.0.0.1:@elsewhere.example/", False),
        ("http://127.0.0.1:80@elsewhere.example/", False),
        ("https://elsewhere.example/", False),
        ("", False),
    ],
)
def test_only_to_this_machine(url: str, led: bool) -> None:
    assert OidcDevSettings().leads_back(url) is led
