"""Settings of notify: from the environment, from files, and refused when they do not fit together."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.notify.settings import NotifySettings


@pytest.mark.parametrize("url", ["danhgia.example.vn", "ftp://x.vn/r", "https://x.vn/r t", "https://" + "x" * 120])
def test_an_address_for_ratings_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        NotifySettings(rating_base_url=url)


def test_the_address_for_ratings_is_taken_without_its_last_slash_and_is_safe_in_production() -> None:
    assert NotifySettings(rating_base_url="https://x.vn/danh-gia/").rating_base == "https://x.vn/danh-gia"
    assert NotifySettings().rating_base == ""
    with pytest.raises(ValidationError, match="RATING_BASE_URL"):
        NotifySettings(environment="production", rating_base_url="http://x.vn/danh-gia")


def test_a_callback_address_without_its_secret_is_refused() -> None:
    with pytest.raises(ValidationError):
        NotifySettings(esms_callback_url="https://x.vn/v1/webhooks/esms/", esms_callback_secret="")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        NotifySettings(esms_callback_url="https://x.vn/v1/webhooks/esms/a", esms_callback_secret="b")  # type: ignore[arg-type]


def test_secrets_come_from_files_and_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "zalo_app_secret").write_text("from-a-file")
    code = (
        "from services.notify.settings import NotifySettings as S; s = S();"
        "print(s.zalo_app_secret.get_secret_value()); print(s)"
    )
    environ = {**os.environ, "SECRETS_DIR": str(tmp_path)}
    shown = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    first, _, rest = shown.stdout.partition("\n")
    assert first == "from-a-file"
    assert "from-a-file" not in rest


def test_the_longest_time_of_a_contact_is_never_shorter_than_the_usual_one() -> None:
    assert NotifySettings().longest_retention == timedelta(days=400)
    assert NotifySettings(notice_retention_days=0, contact_longest_days=30).longest_retention == timedelta(days=30)
    assert NotifySettings(notice_retention_days=1000).longest_retention == timedelta(days=1000)
    with pytest.raises(ValidationError):
        NotifySettings(contact_longest_days=0)


def test_a_wrong_secret_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMPP_PASSWORD", "much-too-long-a-password")
    with pytest.raises(ValidationError) as caught:
        NotifySettings()
    assert "SMPP_PASSWORD" in str(caught.value).upper()
    assert "much-too-long" not in str(caught.value)
