"""A procedure (thủ tục hành chính) as published."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from contracts.types import Channel, LimitUnit, Mechanism

MOST_PAPERS = 200
MOST_LIMITS = 40


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
class LimitRule:
    """A limit of its own for a channel, a case (trường hợp), or both."""

    value: float
    unit: LimitUnit
    channel: Channel | None = None
    """None: every channel."""
    case: str = ""
    """Empty: every case."""

    def fits(self, channel: Channel, case: str | None) -> bool:
        return self.channel in (None, channel) and plain_case(self.case) in ("", plain_case(case or ""))


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
    limits: tuple[LimitRule, ...] = ()
    """Limits that differ from `limit_value` by channel or case."""

    @property
    def mechanism(self) -> Mechanism:
        """Several agencies in turn: một cửa liên thông."""
        return Mechanism.INTERLINKED if len(self.agencies) > 1 else Mechanism.ONE_STOP

    @property
    def may_be_solved_on_the_spot(self) -> bool:
        """Whether a desk may solve it at once, where channel and case make no difference."""
        return solvable_on_the_spot(self.limit_value, self.limit_unit)

    @property
    def cases(self) -> tuple[str, ...]:
        """The published cases (trường hợp), of limits and of papers, each once."""
        spellings: dict[str, str] = {}
        for case in (*(rule.case for rule in self.limits), *(paper.case for paper in self.papers)):
            if case:
                spellings.setdefault(plain_case(case), case)
        return tuple(spellings.values())

    def known_case(self, case: str) -> str | None:
        """The case as it is published, however it is written; None: there is none of that name."""
        return {plain_case(known): known for known in self.cases}.get(plain_case(case))

    def limit_for(self, channel: Channel, case: str | None) -> LimitRule | None:
        """The limit that is promised: the rule for channel and case, else for the case, else for the channel, else
        the one for all; None where none is published."""
        fitting = [rule for rule in self.limits if rule.fits(channel, case)]
        if fitting:
            return max(fitting, key=lambda rule: (bool(rule.case), rule.channel is not None))
        if self.limit_value is None or self.limit_unit is None:
            return None
        return LimitRule(self.limit_value, self.limit_unit)

    def next_version(self, published: Procedure) -> Procedure | None:
        """`published` as the version after this one; None when nothing changed."""
        candidate = replace(published, version=self.version)
        return None if candidate == self else replace(published, version=self.version + 1)


def solvable_on_the_spot(value: float | None, unit: LimitUnit | None) -> bool:
    """Whether a desk may solve at once what has this limit (NĐ 61/2018 Art 17.4): same day, or no limit published."""
    if unit is None or value is None:
        return True
    days = (LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS)
    return (
        unit is LimitUnit.SAME_DAY or (unit is LimitUnit.WORKING_HOURS and value <= 8) or (unit in days and value <= 1)
    )


def plain_case(case: str) -> str:
    """A case as it is compared: spelling that nobody sees or means makes no difference."""
    return " ".join(unicodedata.normalize("NFC", case).casefold().split())
