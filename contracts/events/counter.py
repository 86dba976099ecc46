"""Commands of counters' own software on `counter.intake.v1` (key: counter code).

Personal data never travels in clear: the applicant is sealed with intake's public key (`GET /v1/keys/intake`).
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from contracts.events.base import NAMESPACE, Message
from contracts.types import (
    Channel,
    DossierCode,
    HandOverMethod,
    HandOverProof,
    Moment,
    ProcedureCode,
    ReceivedBy,
    Reference,
    Sealed,
    UnitCode,
)


class RegisterDossier(Message):
    """Register a complete dossier at the counter (tiếp nhận hồ sơ)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.register-dossier.v1"

    counter: UnitCode
    external_ref: Reference
    """Unique per counter: the same reference again gives the same dossier, never a second one."""
    procedure_code: ProcedureCode
    channel: Channel = Channel.COUNTER
    applicant: Sealed
    """JSON of the applicant (see `POST /v1/dossiers`), sealed for intake."""
    occurred_at: Moment | None = None
    """When it was received; in the past only for trusted counters, and then `backfill`."""
    backfill: bool = Field(default=False)


class SupplementDossier(Message):
    """The citizen brought the missing papers (bổ sung hồ sơ)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.supplement-dossier.v1"

    counter: UnitCode
    code: DossierCode
    occurred_at: Moment | None = None


class HandOverResult(Message):
    """The result was handed over at the counter (trả kết quả)."""

    TYPE: ClassVar[str] = f"{NAMESPACE}.counter.hand-over-result.v1"

    counter: UnitCode
    code: DossierCode
    method: HandOverMethod = HandOverMethod.COUNTER
    received_by: ReceivedBy = ReceivedBy.OWNER
    proof: HandOverProof = HandOverProof.SIGNATURE
    occurred_at: Moment | None = None
