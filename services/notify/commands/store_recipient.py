"""A dossier was filed or received: remember whom to tell, and tell them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.envelope import Envelope
from contracts.events.intake import DossierRegistered, DossierSubmitted
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.make_notice import add_notice
from services.notify.domain.recipient import Recipient
from services.notify.domain.rules import ON_THE_SPOT, RULES, notice_id
from services.notify.store import NOTICES, RECIPIENTS


@dataclass(frozen=True)
class StoreRecipient:
    """Keep the sealed contact as it came; a dossier migrated from paper is remembered too, and told nothing."""

    event: DossierRegistered | DossierSubmitted
    envelope: Envelope
    lifetime: timedelta

    def needs(self) -> Iterable[Ref]:
        return Ref(RECIPIENTS, self.event.code), Ref(NOTICES, notice_id(self.envelope.id))

    def decide(self, work: Work, now: datetime) -> None:
        event = self.event
        known = work.get(RECIPIENTS, event.code)
        recipient = _received(known, event) if isinstance(event, DossierSubmitted) else _filed(known, event)
        if recipient is None:
            return  # a dossier is filed and submitted once; whatever says so again is a repeat
        recipient = replace(recipient.heard(RULES[type(event)]), contact_since=recipient.contact_since or now)
        if isinstance(event, DossierSubmitted) and event.resolved_at is not None:
            recipient = recipient.heard(ON_THE_SPOT)
        recipient = add_notice(work, recipient, event, self.envelope, now, self.lifetime)
        work.put(RECIPIENTS, event.code, recipient)


def _filed(known: Recipient | None, event: DossierRegistered) -> Recipient | None:
    if known is not None:
        return None
    return Recipient(event.code, event.contact, event.procedure_name or event.procedure_code, event.counter, None)


def _received(known: Recipient | None, event: DossierSubmitted) -> Recipient | None:
    if known is None:
        return Recipient(event.code, event.contact, event.procedure_name, event.counter, event.due_at)
    if known.due_at is not None:
        return None
    return replace(
        known,
        contact=event.contact or known.contact,
        procedure_name=event.procedure_name,
        counter=event.counter,
        due_at=event.due_at,
    )
