"""Every message type by name: the registry that decoding, schemas, AsyncAPI and tests read."""

from __future__ import annotations

from contracts.events import agency, calendar, catalogue, counter, intake, notify, routing
from contracts.events.base import DossierEvent, Message

MESSAGES: tuple[type[Message], ...] = (
    intake.DossierRegistered,
    intake.DossierCompletionRequested,
    intake.DossierResubmitted,
    intake.DossierAnswerOverdue,
    intake.DossierSubmitted,
    intake.DossierRefused,
    routing.DossierTransferred,
    routing.DossierTransferAccepted,
    routing.DossierTransferDeclined,
    routing.DossierSupplementRequested,
    intake.DossierSupplemented,
    routing.DossierPaymentRequested,
    intake.DossierPaid,
    intake.DossierWithdrawn,
    routing.DossierHalted,
    routing.DossierResumed,
    routing.DossierDueChanged,
    routing.DossierStepCompleted,
    routing.DossierSentBack,
    routing.DossierStepRecalled,
    routing.DossierDueSoon,
    routing.DossierOverdue,
    routing.DossierEscalated,
    routing.DossierApologyPrepared,
    routing.DossierExtended,
    routing.DossierResolved,
    intake.DossierReturned,
    intake.DossierCodeIssued,
    intake.DossierRated,
    routing.AgencyTransferOpened,
    notify.NoticeSent,
    notify.NoticeDelivered,
    notify.NoticeEnded,
    catalogue.ProcedurePublished,
    calendar.CalendarPublished,
    *counter.COMMANDS,
    *counter.ANSWERS,
    *agency.ACTIONS,
)
BY_TYPE: dict[str, type[Message]] = {message.TYPE: message for message in MESSAGES}

__all__ = ["BY_TYPE", "MESSAGES", "DossierEvent", "Message"]
