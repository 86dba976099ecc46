"""A dossier was received: remember whom to tell, and tell them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.envelope import Envelope
from contracts.events.intake import DossierSubmitted
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.make_notice import add_notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.rules import notice_id
from services.notify.store import NOTICES, RECIPIENTS


@dataclass(frozen=True)
class StoreRecipient:
    """Keep the sealed contact as it came; a dossier migrated from paper is remembered too, and told nothing."""

    event: DossierSubmitted
    envelope: Envelope
    lifetime: timedelta

    def needs(self) -> Iterable[Ref]:
        return Ref(RECIPIENTS, self.event.code), Ref(NOTICES, notice_id(self.envelope.id))

    def decide(self, work: Work, now: datetime) -> None:
        event = self.event
        known = work.get(RECIPIENTS, event.code)
        if known is not None:
            return  # a dossier is submitted once; whatever says so again is a repeat
        recipient = Recipient(event.code, event.contact, event.procedure_name, event.counter, event.due_at)
        recipient = add_notice(work, recipient, event, self.envelope, now, self.lifetime)
        work.put(RECIPIENTS, event.code, recipient)
