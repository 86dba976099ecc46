"""Whose slips these are: names for the header, and names of offices, of which intake otherwise knows only codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.slips import words
from services.kit.clock import VIETNAM


@dataclass(frozen=True)
class Letterhead:
    """From the settings; what is not set is a dotted line to fill in by hand, or the code."""

    organisation: str = ""
    """Đơn vị chủ quản."""
    place: str = ""
    """Địa danh, before the date."""
    offices: Mapping[str, str] = field(default_factory=dict)
    """Names of counters and agencies by code."""
    phones: Mapping[str, str] = field(default_factory=dict)
    """Telephones of counters and agencies by code, for who is asked to bring papers."""
    public_base_url: str = "http://127.0.0.1:8101"

    def counter(self, code: str) -> str:
        return self.offices.get(code, f"Bộ phận Một cửa {code}")

    def agency(self, code: str) -> str:
        return self.offices.get(code, f"Cơ quan {code}")

    def dated(self, at: datetime) -> str:
        """Địa danh, ngày tháng năm."""
        return f"{self.place or '……'}, {words.day(at.astimezone(VIETNAM).date())}"

    def tracking_url(self, dossier_code: str) -> str:
        """What the receipt's QR code opens."""
        return f"{self.public_base_url.rstrip('/')}/tra-cuu/{dossier_code}"
