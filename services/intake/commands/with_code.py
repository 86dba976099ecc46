"""What needs a one-time code: look, or act. The code is used up in the same transaction as what it allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from contracts.types import CodePurpose
from services.intake.commands.one_time_codes import code_id, use_code
from services.intake.store import ONE_TIME_CODES
from services.kit.store import Ref
from services.kit.work import Decision, Work

R = TypeVar("R")


@dataclass(frozen=True)
class UseCode:
    """Use up a code; it allows to look."""

    code: str
    digits: str

    def needs(self) -> Iterable[Ref]:
        yield Ref(ONE_TIME_CODES, code_id(self.code, CodePurpose.TRACKING))

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: Denied `one-time-code-wrong`: also where there is no such dossier."""
        use_code(work, self.code, CodePurpose.TRACKING, self.digits, now)


@dataclass(frozen=True)
class WithCode(Generic[R]):
    """Another decision of the citizen, allowed by a code."""

    proof: UseCode
    then: Decision[R]

    def needs(self) -> Iterable[Ref]:
        yield from self.proof.needs()
        yield from self.then.needs()

    def decide(self, work: Work, now: datetime) -> R:
        """Raises: Denied `one-time-code-wrong`, before anything is said of the dossier; and as the other decision, when
        the code stays good.
        """
        self.proof.decide(work, now)
        return self.then.decide(work, now)
