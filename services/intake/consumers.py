"""Kafka in: what routing and notify tell, and commands of counters' own software."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Message, counter, notify
from contracts.events.base import DossierEvent
from contracts.problems import Denied, Invalid
from contracts.topics import COUNTER_INTAKE
from services.intake.applicants import open_applicant
from services.intake.commands.hand_over_result import HandOverResult
from services.intake.commands.learn_fact import LearnFact
from services.intake.commands.note_told import NoteTold
from services.intake.commands.register_dossier import RegisterDossier, fingerprint
from services.intake.commands.supplement_dossier import SupplementDossier
from services.intake.domain.dossier import FACTS
from services.kit.clock import Now
from services.kit.consumer import Handler, Refusal
from services.kit.sealing import Opener, Sealer
from services.kit.work import Decision

COMMAND_TOPICS = frozenset({COUNTER_INTAKE.name})
GROUP = "intake"


def handlers(
    opener: Opener | None, sealer: Sealer | None, now: Now, backfill_counters: frozenset[str] = frozenset()
) -> Mapping[type[Message], Handler]:
    """What intake does about each message type it cares for."""

    def register(message: counter.RegisterDossier, envelope: Envelope) -> Decision[Any]:
        try:
            if opener is None:
                raise Invalid("sealing-not-configured", "Máy chủ chưa có khóa để mở dữ liệu đã niêm phong.")
            if message.backfill and message.counter not in backfill_counters:
                raise Denied("backfill-not-allowed", "Quầy này không được phép nhập sổ cũ (backfill).")
            applicant = open_applicant(opener.open(message.applicant))
        except (Invalid, Denied) as error:
            return Refusal(error)
        # The seal differs each time it is made: compare what is inside.
        content = message.model_dump_json(exclude={"applicant"}) + applicant.model_dump_json()
        return RegisterDossier(
            request_id=f"kafka|{message.counter}|{message.external_ref}",
            fingerprint=fingerprint(content.encode()),
            counter=message.counter,
            procedure_code=message.procedure_code,
            channel=message.channel,
            applicant=applicant.applicant(),
            contact=applicant.contact(sealer),
            received_at=message.occurred_at or min(envelope.time or now(), now()),
            external_ref=message.external_ref,
            backfill=message.backfill,
            said_at=envelope.time,
        )

    def supplement(message: counter.SupplementDossier, envelope: Envelope) -> Decision[Any]:
        return SupplementDossier(message.code, frozenset({message.counter}), message.occurred_at, envelope.time)

    def hand_over(message: counter.HandOverResult, envelope: Envelope) -> Decision[Any]:
        return HandOverResult(
            message.code,
            frozenset({message.counter}),
            message.method,
            message.received_by,
            message.proof,
            message.occurred_at,
            envelope.time,
        )

    def learn(message: DossierEvent, _: Envelope) -> Decision[Any]:
        return LearnFact(message)

    def note(message: notify.NoticeSent | notify.NoticeDelivered, _: Envelope) -> Decision[Any]:
        return NoteTold(message)

    facts: dict[type[Message], Handler] = {fact: learn for fact in FACTS}
    return facts | {
        notify.NoticeSent: note,
        notify.NoticeDelivered: note,
        counter.RegisterDossier: register,
        counter.SupplementDossier: supplement,
        counter.HandOverResult: hand_over,
    }
