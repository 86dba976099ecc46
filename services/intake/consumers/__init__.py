"""Kafka in: commands of counters' own software, and what routing and notify tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.envelope import Envelope
from contracts.events import Message, calendar, notify, routing
from contracts.events.base import DossierEvent
from contracts.topics import COUNTER_INTAKE
from services.intake.commands.invite import Invite
from services.intake.commands.keep_calendar import KeepCalendar
from services.intake.commands.learn_fact import LearnFact
from services.intake.commands.note_told import NoteTold
from services.intake.commands.rate_dossier import RatingPolicy
from services.intake.consumers.counter_door import CounterDoor
from services.intake.consumers.replies import reply
from services.intake.domain.ending import FACTS
from services.kit.clock import Now
from services.kit.consumer import Handler
from services.kit.sealing import Opener, Sealer
from services.kit.work import Decision

COMMAND_TOPICS = frozenset({COUNTER_INTAKE.name})
GROUP = "intake"


def handlers(
    opener: Opener | None,
    sealer: Sealer | None,
    now: Now,
    backfill_counters: frozenset[str] = frozenset(),
    *,
    rating_policy: RatingPolicy,
    portal_door: bool = True,
) -> Mapping[type[Message], Handler]:
    """What intake does about each message type it cares for."""

    def learn(message: DossierEvent, _: Envelope) -> Decision[Any]:
        # Only a resolved dossier can turn out to be handed over already; a seal costs more than all the rest.
        invite = Invite.make(sealer) if isinstance(message, routing.DossierResolved) else None
        return LearnFact(message, invite)

    def note(message: notify.NoticeSent | notify.NoticeDelivered | notify.NoticeEnded, _: Envelope) -> Decision[Any]:
        return NoteTold(message)

    facts: dict[type[Message], Handler] = {fact: learn for fact in FACTS}
    told: dict[type[Message], Handler] = dict.fromkeys(
        (notify.NoticeSent, notify.NoticeDelivered, notify.NoticeEnded), note
    )
    calendars: dict[type[Message], Handler] = {calendar.CalendarPublished: lambda message, _: KeepCalendar(message)}
    door = CounterDoor(opener, sealer, now, backfill_counters, portal_door, rating_policy)
    return facts | told | calendars | dict(door.handlers())


__all__ = ["COMMAND_TOPICS", "GROUP", "handlers", "reply"]
