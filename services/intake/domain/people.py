"""The people of a dossier. Personal data: never leaves this service in clear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Applicant:
    """A citizen or organisation: owner (chủ hồ sơ), submitter (người nộp) or mandated person (người được ủy quyền)."""

    kind: str
    """`citizen` or `organisation`."""
    full_name: str
    id_number: str | None = None
    """Số định danh cá nhân (12 digits) or mã số thuế."""
    phone: str | None = None
    """Ten digits, `0…`."""
    address: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Mandate:
    """What entitles somebody to act for the owner (giấy tờ ủy quyền; NĐ 61/2018 Art 6)."""

    paper: str
    """Giấy ủy quyền, hợp đồng ủy quyền, giấy giới thiệu …"""
    number: str | None = None
    signed_on: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True)
class Receiver:
    """Who took the result, when it was nobody of the dossier."""

    full_name: str
    id_number: str | None = None
