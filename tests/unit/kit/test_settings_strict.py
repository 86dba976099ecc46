"""Settings: invalid combinations are refused at start, and secrets may be files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from services.intake.settings import IntakeSettings
from services.kit.settings import KafkaSettings, Settings, read_secret


def test_production_refuses_a_moved_clock() -> None:
    with pytest.raises(ValidationError, match="CLOCK_OFFSET_SECONDS"):
        Settings(environment="production", clock_offset_seconds=1)
    assert Settings(environment="production").clock().offset == timedelta(0)
    assert Settings(clock_offset_seconds=-3600).clock().offset == timedelta(hours=-1)


def test_secrets_are_read_from_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mongodb_url").write_text("mongodb://user:pass@host\n")
    (tmp_path / "intake_private_key").write_text("key-from-file\n")
    settings = IntakeSettings(_secrets_dir=tmp_path)  # type: ignore[call-arg]
    assert settings.mongodb_url.get_secret_value() == "mongodb://user:pass@host"
    assert settings.intake_private_key == SecretStr("key-from-file")


def test_the_environment_wins_over_a_secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mongodb_url").write_text("mongodb://file")
    monkeypatch.setenv("MONGODB_URL", "mongodb://environment")
    settings = Settings(_secrets_dir=tmp_path)  # type: ignore[call-arg]
    assert settings.mongodb_url.get_secret_value() == "mongodb://environment"


def test_secrets_are_not_shown() -> None:
    settings = IntakeSettings(mongodb_url="mongodb://user:pass@host", intake_private_key="private")  # type: ignore[arg-type]
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "pass" not in text
        assert '"private"' not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB_PREFIX", "Bad Prefix"),
        ("MONGO_DRIVER", "mongoose"),
        ("MAX_BODY_BYTES", "12"),
        ("ENVIRONMENT", "test"),
        ("GRACEFUL_SECONDS", "0"),
        ("CLOCK_OFFSET_SECONDS", "soon"),
        ("KAFKA_BATCH_RECORDS", "5000"),
        ("KAFKA_SESSION_TIMEOUT_MS", "10"),
    ],
)
def test_a_value_that_makes_no_sense_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValidationError):
        Settings().mongo_pool = 5  # type: ignore[misc]
    with pytest.raises(ValidationError):
        KafkaSettings().epoch = "9"  # type: ignore[misc]


def test_a_secret_file_wins_over_a_value_and_a_missing_file_is_said(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" from file \n")
    assert read_secret(SecretStr("value"), file) == "from file"
    assert read_secret(SecretStr("value"), None) == "value"
    assert read_secret(None, None) is None
    with pytest.raises(FileNotFoundError):
        read_secret(SecretStr("value"), tmp_path / "absent")
