"""Zalo's webhook events, their signature and their timetable of redelivery (Zalo webhook: verification)."""

import hashlib
from collections.abc import Callable

import orjson

from local.simulators.clock import Clock
from local.simulators.courier import Outcome, Parcel
from local.simulators.messages import Message
from local.simulators.settings import SimulatorSettings


def signature(app_id: str, raw_body: bytes, timestamp: str, oa_secret_key: str) -> str:
    """Return the hex digest behind `mac=`: plain SHA-256 over the concatenation, not an HMAC."""
    return hashlib.sha256(app_id.encode() + raw_body + timestamp.encode() + oa_secret_key.encode()).hexdigest()


class ZaloWebhook:
    """Words events for the one URL of the application; without a URL nobody is told anything."""

    def __init__(self, settings: SimulatorSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def receipt(self, message: Message, note: Callable[[bool, bool], None]) -> Parcel | None:
        """Return `user_received_message`. The time of delivery is in `message`, `timestamp` is that of the event."""
        return self._event(
            {
                "sender": {"id": self._settings.zalo_oa_id},
                "recipient": {"id": message.phone},
                "event_name": "user_received_message",
                "message": {
                    "delivery_time": str(self._clock.moved(message.delivered_at or 0)),
                    "msg_id": message.provider_id,
                    "tracking_id": message.tracking_id,
                },
            },
            note,
        )

    def daily_quota(self, previous: int, new: int) -> Parcel | None:
        """Return `change_oa_daily_quota`, the one event that spells `oaId` in camel case."""
        return self._event(
            {
                "event_name": "change_oa_daily_quota",
                "oaId": self._settings.zalo_oa_id,
                "quota": {"prev_value": str(previous), "new_value": str(new)},
            }
        )

    def template_status(self, template_id: str, previous: str, new: str) -> Parcel | None:
        """Return `change_template_status`."""
        return self._event(
            {
                "event_name": "change_template_status",
                "oa_id": self._settings.zalo_oa_id,
                "template_id": template_id,
                "status": {"prev_status": previous, "new_status": new},
                "reason": "",
            }
        )

    def _event(self, event: dict[str, object], note: Callable[[bool, bool], None] = lambda *_: None) -> Parcel | None:
        settings, timestamp = self._settings, str(self._clock.wall_ms())
        if settings.zalo_webhook_url is None:
            return None
        body = orjson.dumps(event | {"app_id": settings.zalo_app_id, "timestamp": timestamp})
        mac = signature(settings.zalo_app_id, body, timestamp, settings.zalo_oa_secret_key)
        return Parcel(
            method="POST",
            url=settings.zalo_webhook_url,
            timeout_seconds=settings.zalo_webhook_timeout_seconds,
            retry_after=settings.zalo_webhook_schedule_seconds,
            redeliver=_unless_200,
            on_attempt=note,
            body=body,
            headers={
                "Content-Type": "application/json",
                "X-ZEvent-Signature": f"mac={mac}",
                "X-ZEvent-Timestamp": timestamp,
                "X-ZEvent-Server": "ZNS",
            },
            attempt_header="num_retry",
        )


def _unless_200(outcome: Outcome) -> bool:
    return outcome.status != 200
