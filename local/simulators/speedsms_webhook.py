"""What SpeedSMS calls back with: an unsigned POST to the URL that stands in its dashboard (SpeedSMS: webhook)."""

from collections.abc import Callable

import orjson

from local.simulators.courier import Outcome, Parcel
from local.simulators.messages import Message
from local.simulators.settings import SimulatorSettings

DELIVERED, TEMPORARY, FAILED = 0, 1, 64
"""0 delivered, under 64 a failure that may pass, from 64 on a failure for good."""


def speedsms_report(
    settings: SimulatorSettings, message: Message, note: Callable[[bool, bool], None], status: int | None = None
) -> Parcel | None:
    """Return the report of a message, or None when the dashboard holds no URL."""
    if settings.speedsms_webhook_url is None:
        return None
    final = DELIVERED if message.plan.outcome == "delivered" else FAILED
    return Parcel(
        method="POST",
        url=settings.speedsms_webhook_url,
        timeout_seconds=settings.speedsms_webhook_timeout_seconds,
        retry_after=(settings.speedsms_webhook_retry_seconds,) * settings.speedsms_webhook_retries,
        redeliver=_unless_taken,
        on_attempt=note,
        body=orjson.dumps(
            {
                "type": "report",
                "tranId": int(message.provider_id),
                "phone": message.phone,
                "status": final if status is None else status,
            }
        ),
        headers={"Content-Type": "application/json"},
    )


def _unless_taken(outcome: Outcome) -> bool:
    """Silence and every answer but 2xx earn another attempt."""
    return outcome.status is None or not 200 <= outcome.status < 300
