"""What every message of the system has in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.types import DossierCode, Moment

NAMESPACE = "vn.motcua"


class Message(BaseModel):
    """Data part of a CloudEvent. Producers forbid unknown fields; consumers ignore them (`parse`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    TYPE: ClassVar[str]
    """CloudEvents `type`, with its major version at the end."""

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Read data written by any producer of the same major version.

        Raises:
            pydantic.ValidationError: not JSON, or a required field is absent or wrong.
        """
        return cls.model_validate_json(data, extra="ignore")

    def to_json(self) -> bytes:
        """The bytes that travel: UTF-8 JSON, absent optional fields left out."""
        return self.model_dump_json(exclude_none=True).encode()


class DossierEvent(Message):
    """Something that happened to one dossier (hồ sơ)."""

    code: DossierCode
    """Mã hồ sơ: one code for the dossier's whole life (NĐ 309/2026/NĐ-CP)."""
    occurred_at: Moment
    """Business time: when it happened at the desk, not when it was sent."""
    backfill: bool = Field(default=False)
    """True for registers migrated from paper or offline batches: no timers, no notices."""
