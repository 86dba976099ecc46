"""SpeedSMS's codes by what they mean for us (SpeedSMS: SMS API, error codes)."""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.domain.results import Verdict

_CODES: Mapping[Verdict, tuple[str, ...]] = {
    Verdict.TAKEN: ("00",),
    Verdict.TRANSIENT: ("500",),
    Verdict.RECIPIENT: ("105",),
    # IP not allowed, account locked, account may not use the API
    Verdict.CONFIGURATION: ("007", "008", "009"),
    Verdict.BILLING: ("300",),
    # parameter missing or wrong, encoding of the text, text too long
    Verdict.PAYLOAD: ("101", "110", "113"),
}
VERDICTS: Mapping[str, Verdict] = {code: verdict for verdict, codes in _CODES.items() for code in codes}
_SENDER = "sender"


def verdict_of(code: str, message: str = "") -> Verdict:
    """101 is also said of a sender nobody registered, and only the message tells. A code nobody published is a refusal
    all the same: whatever it means, another gateway may take the text."""
    if code == "101" and _SENDER in message.casefold():
        return Verdict.CONFIGURATION
    return VERDICTS.get(code, Verdict.ELSEWHERE)
