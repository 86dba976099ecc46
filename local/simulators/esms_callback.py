"""The delivery callback of eSMS: an unsigned GET whose query tells the result (eSMS: callback URL)."""

from collections.abc import Callable
from urllib.parse import urlencode

from local.simulators.courier import Outcome, Parcel
from local.simulators.messages import Message
from local.simulators.phone_numbers import telco_of
from local.simulators.settings import SimulatorSettings


def esms_callback(settings: SimulatorSettings, message: Message, note: Callable[[bool, bool], None]) -> Parcel | None:
    """Return the callback of a message, or None when its sender named no URL.

    `RequestId` stays empty as in every sample of the vendor: only the SMSID, and whatever the sender put into the
    URL, tells the message.
    """
    if message.callback_url is None:
        return None
    succeeded = message.plan.outcome == "delivered"
    query = urlencode(
        {
            "SMSID": message.provider_id,
            "SendFailed": int(not succeeded),
            "SendStatus": 5,
            "SendSuccess": int(succeeded),
            "TotalPrice": f"{message.price:.1f}",
            "TotalReceiver": 1,
            "TotalSent": 1,
            "RequestId": "",
            "TypeId": 2,
            "telcoid": telco_of(message.phone),
            "phonenumber": "0" + message.phone[2:],
        }
    )
    joint = "&" if "?" in message.callback_url else "?"
    return Parcel(
        method="GET",
        url=f"{message.callback_url}{joint}{query}",
        timeout_seconds=settings.esms_callback_timeout_seconds,
        retry_after=(settings.esms_callback_retry_seconds,) * settings.esms_callback_retries,
        redeliver=_only_after_silence,
        on_attempt=note,
    )


def _only_after_silence(outcome: Outcome) -> bool:
    """A receiver that answers, even with an error, is never asked again."""
    return outcome.timed_out
