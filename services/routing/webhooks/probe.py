"""A signed event that tells nothing: whether the address answers, and whether it is the partner's to give."""

from __future__ import annotations

import json
from datetime import datetime

from contracts.envelope import Envelope
from services.routing.webhooks.courier import Courier
from services.routing.webhooks.domain.attempts import Answer
from services.routing.webhooks.domain.cloud_event import PROBE_TYPE, structured
from services.routing.webhooks.domain.signature import signed_headers


async def send_probe(
    courier: Courier, url: str, secrets: tuple[str, ...], *, id: str, subscription: str, agency: str, now: datetime
) -> Answer:
    """One probe.

    Args:
        id: of the event; new for each probe.
        secrets: in clear, the present one first.
    """
    envelope = Envelope(id, "/routing", PROBE_TYPE, now, subscription)
    data = json.dumps({"subscription": subscription, "agency": agency}).encode()
    body = structured(envelope, data).encode()
    return await courier.post(url, body, signed_headers(secrets, id, int(now.timestamp()), body))
