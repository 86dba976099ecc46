"""A procedure (thủ tục hành chính) as published."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contracts.types import LimitUnit, Mechanism


@dataclass(frozen=True)
class Procedure:
    """One version. An open dossier keeps the version it was filed under."""

    code: str
    """Mã TTHC."""
    version: int
    name: str
    field: str
    """Lĩnh vực."""
    level: str
    agencies: tuple[str, ...]
    """Names of the agencies in the order in which they act."""
    limit_value: float | None = None
    limit_unit: LimitUnit | None = None
    fee_vnd: int | None = None
    result: str = ""
    """Kết quả thực hiện."""

    @property
    def mechanism(self) -> Mechanism:
        """Several agencies in turn: một cửa liên thông."""
        return Mechanism.INTERLINKED if len(self.agencies) > 1 else Mechanism.ONE_STOP

    def next_version(self, published: Procedure) -> Procedure | None:
        """`published` as the version after this one; None when nothing changed."""
        candidate = replace(published, version=self.version)
        return None if candidate == self else replace(published, version=self.version + 1)
