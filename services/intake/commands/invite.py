"""The one invitation to rate, in the citizen's last message (mời đánh giá)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import orjson

from services.intake.domain.rating import Invitation
from services.intake.store import INVITATIONS
from services.kit.sealing import Sealer
from services.kit.tokens import token_hash
from services.kit.work import Work


@dataclass(frozen=True)
class Invite:
    """A fresh token, made outside of decisions: its hash is stored, a sealed copy travels to notify."""

    hash: str
    sealed: str

    @classmethod
    def make(cls, sealer: Sealer | None) -> Invite | None:
        """None where nobody can be told."""
        if sealer is None:
            return None
        token = secrets.token_urlsafe(12)
        return cls(token_hash(token), sealer.seal(orjson.dumps({"token": token})))

    def keep(self, work: Work, code: str, at: datetime) -> None:
        """Together with the hand-over."""
        work.put(INVITATIONS, self.hash, Invitation(code, at))
