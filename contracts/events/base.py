"""What every message of the system has in common."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.types import DossierCode, Moment, ReasonCode, ShortText

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


class TrailLine(BaseModel):
    """One step of how a due date came about (căn cứ tính thời hạn)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: ReasonCode
    """`received`, `counted-from`, `first-day-excluded`, `limit`, `day-off`, `stopped`, `resumed`, `due` ..."""
    at: Moment
    text: ShortText
    """In words for citizens."""
    legal_basis: ShortText | None = None


Trail = Annotated[tuple[TrailLine, ...], Field(max_length=120)]
"""The steps in order; the last one is the due date itself."""
