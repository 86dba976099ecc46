"""A procedure (thủ tục hành chính) as published."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contracts.types import LimitUnit, Mechanism

MOST_PAPERS = 200


@dataclass(frozen=True)
class Paper:
    """A paper that must be handed in (thành phần hồ sơ). Its number is its place in the list, from 1."""

    name: str
    originals: int = 0
    """Số bản chính."""
    copies: int = 0
    """Số bản sao."""
    form: str = ""
    """Mẫu đơn, tờ khai: the form to fill in."""
    case: str = ""
    """Trường hợp: required only in this case; empty: always."""

    @property
    def always(self) -> bool:
        return not self.case


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
    """The limit that is promised: the statutory one, or the locally reduced one (cắt giảm thời gian)."""
    limit_unit: LimitUnit | None = None
    fee_vnd: int | None = None
    result: str = ""
    """Kết quả thực hiện."""
    statutory_limit_value: float | None = None
    """The limit of the law, where the promised one is shorter; None: they are the same."""
    statutory_limit_unit: LimitUnit | None = None
    papers: tuple[Paper, ...] = ()

    @property
    def mechanism(self) -> Mechanism:
        """Several agencies in turn: một cửa liên thông."""
        return Mechanism.INTERLINKED if len(self.agencies) > 1 else Mechanism.ONE_STOP

    @property
    def may_be_solved_on_the_spot(self) -> bool:
        """Whether a desk may solve it at once (NĐ 61/2018 Art 17.4): same day, or no limit published."""
        if self.limit_unit is None or self.limit_value is None:
            return True
        days = (LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS)
        return (
            self.limit_unit is LimitUnit.SAME_DAY
            or (self.limit_unit is LimitUnit.WORKING_HOURS and self.limit_value <= 8)
            or (self.limit_unit in days and self.limit_value <= 1)
        )

    def next_version(self, published: Procedure) -> Procedure | None:
        """`published` as the version after this one; None when nothing changed."""
        candidate = replace(published, version=self.version)
        return None if candidate == self else replace(published, version=self.version + 1)
