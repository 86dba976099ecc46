"""Kafka in: what intake tells, the catalogue, and actions of agencies' own software."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.events import Message, agency, catalogue, intake
from contracts.topics import AGENCY_ACTIONS
from services.kit.consumer import Handler
from services.routing.commands.act_on_step import PARTNER, ActOnStep
from services.routing.commands.count_event import COUNTED, CountEvent, Counting
from services.routing.commands.open_case import OpenCase
from services.routing.commands.publish_workflow import PublishWorkflow
from services.routing.commands.resume_case import ResumeCase
from services.routing.commands.withdraw_case import WithdrawCase
from services.routing.webhooks.telling import telling

GROUP = "routing"
COMMAND_TOPICS = frozenset({AGENCY_ACTIONS.name})

DECIDED: Mapping[type[Message], Handler] = {
    catalogue.ProcedurePublished: lambda message, _: PublishWorkflow(message),
    intake.DossierSubmitted: lambda message, _: Counting(OpenCase(message), message.code),
    intake.DossierSupplemented: lambda message, _: ResumeCase(message),
    intake.DossierPaid: lambda message, _: ResumeCase(message),
    intake.DossierWithdrawn: lambda message, _: Counting(WithdrawCase(message), message.code),
    **{event: lambda message, envelope: CountEvent(message, envelope.time) for event in COUNTED},
    **{action: lambda message, _: ActOnStep(message, PARTNER) for action in agency.ACTIONS},
}
"""What routing decides about each message type it cares for; filings before acceptance are the desk's business."""
HANDLERS: Mapping[type[Message], Handler] = telling(DECIDED)
"""The same with deliveries for the events that partners subscribed to."""
