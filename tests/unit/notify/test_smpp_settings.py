"""Settings of the SMPP line: off unless named, and in production never readable by others without saying so."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.notify.settings import NotifySettings

LINE: dict[str, Any] = {"smpp_host": "smsc.example.vn", "smpp_system_id": "motcua", "smpp_password": "geheim"}


def test_the_line_is_off_by_default() -> None:
    assert NotifySettings(environment="production").smpp_host == ""


def test_in_production_a_line_in_clear_must_be_said_to_be_private() -> None:
    with pytest.raises(ValidationError, match="SMPP_PRIVATE_LINE"):
        NotifySettings(environment="production", **LINE)
    ways: tuple[dict[str, Any], ...] = ({"smpp_tls": True}, {"smpp_private_line": True})
    for said in ways:
        assert NotifySettings(environment="production", **LINE, **said).smpp_host
    assert NotifySettings(**LINE).smpp_host


@pytest.mark.parametrize(
    "wrong",
    [
        {"smpp_system_id": ""},
        {"smpp_system_id": "x" * 16},
        {"smpp_system_id": "mộtcửa"},
        {"smpp_system_id": "mot\0cua"},
        {"smpp_system_type": "x" * 13},
        {"smpp_system_type": "sốMS"},
        {"smpp_password": "mật"},
        {"smpp_sender": "MOTCUA\n"},
        {"smpp_password": "x" * 9},
        {"smpp_sender": "x" * 12},
        {"smpp_sender": "MỘT CỬA"},
        {"smpp_receipt_ids": "octal"},
        {"smpp_window": 0},
        {"smpp_rate": 0},
    ],
)
def test_what_the_protocol_has_no_room_for_stops_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NotifySettings(**(LINE | wrong))


def test_the_protocol_s_lengths_are_taken_whole() -> None:
    widest = {"smpp_system_id": "x" * 15, "smpp_system_type": "x" * 12, "smpp_password": "x" * 8}
    assert NotifySettings(**(LINE | widest)).smpp_system_id == "x" * 15


def test_the_password_is_not_shown() -> None:
    assert "geheim" not in repr(NotifySettings(**LINE))
