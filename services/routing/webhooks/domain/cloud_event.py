"""CloudEvents 1.0 in structured JSON mode: the attributes and the data that travel on Kafka, in one object."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

from contracts.envelope import CONTENT_TYPE, Envelope
from contracts.events.base import DossierEvent
from contracts.events.routing import AgencyTransferOpened, DossierTransferred
from services.routing.webhooks.domain.catalogue import SEALED_FIELDS

MEDIA_TYPE = "application/cloudevents+json"
PROBE_TYPE = "vn.motcua.webhook.probe.v1"
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def structured(envelope: Envelope, data: bytes) -> str:
    """The body of a delivery. The data goes in as it is, so that numbers and words are those of Kafka's record."""
    attributes = {name.removeprefix("ce_"): value for name, value in envelope.headers().items()}
    del attributes["content-type"]
    head = json.dumps({**attributes, "datacontenttype": CONTENT_TYPE}, ensure_ascii=False, separators=(",", ":"))
    return f'{head[:-1]},"data":{data.decode()}}}'


def data_of(event: DossierEvent) -> bytes:
    """The data part as on Kafka, but for boxes that the receiver could not open."""
    return event.model_dump_json(exclude_none=True, exclude=set(SEALED_FIELDS)).encode()


def event_key(envelope: Envelope) -> str:
    """What stands for an event in addresses and headers: its id where that is fit for both."""
    if _SAFE_ID.fullmatch(envelope.id):
        return envelope.id
    return "sha256-" + hashlib.sha256(f"{envelope.source}|{envelope.id}".encode()).hexdigest()[:48]


def opened(event: DossierTransferred, envelope: Envelope, procedure_code: str) -> tuple[AgencyTransferOpened, Envelope]:
    """The agency's own notice of a transfer. Its id follows from the event's, so that it is the same every time."""
    notice = AgencyTransferOpened(
        code=event.code,
        occurred_at=event.occurred_at,
        backfill=event.backfill,
        agency=event.agency,
        transfer=event.transfer,
        step=event.step,
        steps=event.steps,
        procedure_code=procedure_code,
        step_due_at=event.step_due_at,
        due_at=event.due_at,
    )
    return notice, replace(envelope, id=f"{event_key(envelope)}-opened", type=notice.TYPE, sequence=None)
