"""Hand the result to the citizen (trả kết quả)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Invalid
from contracts.types import CodePurpose, HandOverMethod, HandOverProof, IdentityCheck, ReceivedBy
from services.intake.commands.access import dossier_of
from services.intake.commands.invite import Invite
from services.intake.commands.moments import business_time
from services.intake.commands.one_time_codes import code_id, use_code
from services.intake.commands.returning import hand_over
from services.intake.domain.dossier import Dossier, HandOver
from services.intake.domain.people import Receiver
from services.intake.store import DOSSIERS, ONE_TIME_CODES
from services.kit.store import Ref
from services.kit.work import Work


@dataclass(frozen=True)
class HandOverResult:
    """`counters` are those the caller acts for; None: all (operator)."""

    code: str
    counters: frozenset[str] | None
    method: HandOverMethod = HandOverMethod.COUNTER
    received_by: ReceivedBy = ReceivedBy.OWNER
    proof: HandOverProof = HandOverProof.SIGNATURE
    identity_check: IdentityCheck | None = None
    receiver: Receiver | None = None
    one_time_code: str | None = None
    """What the citizen read out, where it is the proof."""
    invite: Invite | None = None
    """The invitation to rate; None: none can be sent."""
    occurred_at: datetime | None = None
    said_at: datetime | None = None
    """When the command was sent, for those that came by Kafka."""

    def needs(self) -> Iterable[Ref]:
        yield Ref(DOSSIERS, self.code)
        yield Ref(ONE_TIME_CODES, code_id(self.code, CodePurpose.HAND_OVER))

    def decide(self, work: Work, now: datetime) -> Dossier:
        """
        Raises: Missing `dossier-unknown`, Conflict `result-not-ready`, Denied `one-time-code-wrong`,
            Invalid `proof-does-not-fit`, `moment-…`.
        """
        dossier = dossier_of(work.get(DOSSIERS, self.code), self.counters)
        after = dossier.resolved_at
        at = business_time(self.occurred_at, now, backfill=dossier.backfill, said_at=self.said_at, after=after)
        how = HandOver(at, self.method, self.received_by, self.proof, self.identity_check, self.receiver)
        _check(how)
        changed = hand_over(work, dossier, how, self.invite)
        if self.proof is HandOverProof.ONE_TIME_CODE:
            use_code(work, self.code, CodePurpose.HAND_OVER, self.one_time_code, self.said_at or now)
        return changed


def _check(how: HandOver) -> None:
    """The proof fits the way: at the counter somebody signs or reads out a code, the post gives its own receipt."""
    by_post = how.method is HandOverMethod.POST
    if by_post != (how.proof is HandOverProof.POSTAL_RECEIPT):
        raise Invalid(
            "proof-does-not-fit", "Trả qua bưu chính thì bằng chứng là biên nhận bưu chính, và chỉ khi đó.",
            method=how.method.value, proof=how.proof.value,
        )  # fmt: skip
