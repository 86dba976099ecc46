"""An event of a dossier becomes a notice, or ends notices that are no longer true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.envelope import Envelope
from contracts.events import DossierEvent
from contracts.problems import NotYet
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.commands.stored import keep
from services.notify.domain.recipient import Recipient
from services.notify.domain.rules import new_notice, notice_id, rule_of
from services.notify.domain.steps import Step, cancel
from services.notify.store import NOTICES, RECIPIENTS


@dataclass(frozen=True)
class MakeNotice:
    """Apply one event of a dossier whose recipient is known."""

    event: DossierEvent
    envelope: Envelope
    lifetime: timedelta

    def needs(self) -> Iterable[Ref]:
        return Ref(RECIPIENTS, self.event.code), Ref(NOTICES, notice_id(self.envelope.id))

    def decide(self, work: Work, now: datetime) -> None:
        """Raises: NotYet `recipient-unknown`: `registered` or `submitted` has not been applied; the dossier waits."""
        rule = rule_of(self.event)
        recipient = work.get(RECIPIENTS, self.event.code)
        if recipient is None:
            # Nobody was told anything, nothing to take back; records of paper registers begin anywhere in a dossier's
            # life.
            if rule.makes is None or self.event.backfill:
                return
            raise NotYet("recipient-unknown", "Chưa biết người nhận thông báo của hồ sơ này.")
        # What is untrue itself (a withdrawal after the result) changes nothing of what is true.
        heard = recipient if rule.makes in recipient.untrue else recipient.heard(rule)
        after = add_notice(work, heard, self.event, self.envelope, now, self.lifetime)
        if after != recipient:
            work.put(RECIPIENTS, after.code, after)


def add_notice(
    work: Work, recipient: Recipient, event: DossierEvent, envelope: Envelope, now: datetime, lifetime: timedelta
) -> Recipient:
    """The notice of an event, unless it was made before, is history, or nobody wants it.

    One of an untrue kind ends at once: its trace shows that the event was seen and why nobody heard of it.
    """
    kind, id = rule_of(event).makes, notice_id(envelope.id)
    if kind is None or event.backfill or recipient.contact is None or work.get(NOTICES, id) is not None:
        return recipient
    correlation = envelope.correlation_id or envelope.id
    notice = new_notice(event, kind, envelope.id, correlation, recipient.counter, now, lifetime, envelope.time)
    keep(work, cancel(notice, now) if kind in recipient.untrue else Step(notice))
    return recipient.with_notice(notice)
