"""Names on slips come from the environment."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.intake.settings import IntakeSettings


def test_names_of_offices_are_a_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_NAMES", '{"H12.970.00": "Bộ phận Một cửa huyện Thử"}')
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://motcua.example.gov.vn/mc")
    monkeypatch.setenv("FORM_SET", "2018")
    settings = IntakeSettings()
    assert settings.office_names == {"H12.970.00": "Bộ phận Một cửa huyện Thử"}
    assert (settings.form_set, settings.public_base_url) == ("2018", "https://motcua.example.gov.vn/mc")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PUBLIC_BASE_URL", "motcua.example.gov.vn"), ("PUBLIC_BASE_URL", "javascript://x"), ("FORM_SET", "2020")],
)
def test_what_makes_no_sense_is_refused_at_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        IntakeSettings()
