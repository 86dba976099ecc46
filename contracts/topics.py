"""The topics: who writes, who reads, how they are kept. Created by `motcua init`, never by a client's first use."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.events import agency, calendar, catalogue, counter, intake, notify, routing
from contracts.events.base import Message

DAY_MS = 86_400_000
CALENDAR_KEY = "calendar"
MAX_BODY_BYTES = 900 * 1024
"""Largest data part a producer may write. Kafka's default limit is 1 MiB for the record with its headers."""


@dataclass(frozen=True)
class Topic:
    """A Kafka topic: one ordered log per partition, records of one key in one partition."""

    name: str
    key: str
    """What the record key is."""
    partitions: int
    messages: tuple[type[Message], ...]
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    compacted: bool = False
    retention_ms: int = 30 * DAY_MS
    constant_key: str | None = None
    """Every record has this key: compaction keeps the newest one only."""

    def config(self) -> dict[str, str]:
        """Topic configuration as Kafka names it."""
        if self.compacted:
            return {"cleanup.policy": "compact"}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


DOSSIER_EVENTS = Topic(
    name="dossier.events.v1",
    key="dossier code",
    partitions=12,
    messages=(
        intake.DossierRegistered,
        intake.DossierCompletionRequested,
        intake.DossierResubmitted,
        intake.DossierAnswerOverdue,
        intake.DossierSubmitted,
        intake.DossierRefused,
        intake.DossierSupplemented,
        intake.DossierPaid,
        intake.DossierWithdrawn,
        intake.DossierReturned,
        intake.DossierCodeIssued,
        intake.DossierRated,
        routing.DossierTransferred,
        routing.DossierTransferAccepted,
        routing.DossierTransferDeclined,
        routing.DossierSupplementRequested,
        routing.DossierPaymentRequested,
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
    ),
    written_by=("intake", "routing"),
    read_by=("intake", "routing", "notify", "agencies' own software", "province systems"),
)
AGENCY_TRANSFERS = Topic(
    name="agency.transfers.v1",
    key="agency code",
    partitions=6,
    messages=(routing.AgencyTransferOpened,),
    written_by=("routing",),
    read_by=("agencies' own software",),
)
COUNTER_INTAKE = Topic(
    name="counter.intake.v1",
    key="counter code",
    partitions=6,
    messages=counter.COMMANDS,
    written_by=("counters' own software",),
    read_by=("intake",),
)
COUNTER_REPLIES = Topic(
    name="counter.replies.v1",
    key="counter code",
    partitions=6,
    messages=counter.ANSWERS,
    written_by=("intake",),
    read_by=("counters' own software",),
)
AGENCY_ACTIONS = Topic(
    name="agency.actions.v1",
    key="dossier code",
    partitions=6,
    messages=agency.ACTIONS,
    written_by=("agencies' own software",),
    read_by=("routing",),
)
NOTICE_EVENTS = Topic(
    name="notice.events.v1",
    key="dossier code",
    partitions=6,
    messages=(notify.NoticeSent, notify.NoticeDelivered, notify.NoticeEnded),
    written_by=("notify",),
    read_by=("intake", "reports"),
)
CATALOGUE_PROCEDURES = Topic(
    name="catalogue.procedures.v1",
    key="procedure code",
    partitions=1,
    messages=(catalogue.ProcedurePublished,),
    written_by=("intake",),
    read_by=("routing", "partners"),
    compacted=True,
)

CALENDAR = Topic(
    name="calendar.v1",
    key="the word calendar",
    partitions=1,
    messages=(calendar.CalendarPublished,),
    written_by=("routing",),
    read_by=("intake", "partners"),
    compacted=True,
    constant_key=CALENDAR_KEY,
)

TOPICS: tuple[Topic, ...] = (
    DOSSIER_EVENTS,
    AGENCY_TRANSFERS,
    COUNTER_INTAKE,
    COUNTER_REPLIES,
    AGENCY_ACTIONS,
    NOTICE_EVENTS,
    CATALOGUE_PROCEDURES,
    CALENDAR,
)
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}

CONSUMERS: dict[str, tuple[Topic, ...]] = {
    "intake": (CALENDAR, DOSSIER_EVENTS, COUNTER_INTAKE, NOTICE_EVENTS),
    "routing": (CATALOGUE_PROCEDURES, DOSSIER_EVENTS, AGENCY_ACTIONS),
    "notify": (DOSSIER_EVENTS,),
}
"""Our own consumer groups: one per service, each over all topics it reads, so that a process joins one group only."""


def dead_letter_topic(source: str, group: str) -> Topic:
    """Where records of `source` that `group` cannot apply are copied with their original bytes and headers."""
    return Topic(
        name=f"{source}.dlq.{group}",
        key="as source",
        partitions=1,
        messages=(),
        written_by=(group,),
        read_by=("operators",),
    )


def all_topics() -> tuple[Topic, ...]:
    """Every topic to create: the business ones and the dead-letter topic of each of our consumer groups."""
    dead = tuple(dead_letter_topic(t.name, group) for group, topics in CONSUMERS.items() for t in topics)
    return TOPICS + dead
