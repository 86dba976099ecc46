"""What SpeedSMS checks of a call before it takes it (SpeedSMS: SMS API, error codes)."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from typing import Any

from local.simulators.magic import SPEEDSMS_LEFT_OUT, Manners, Quirk, manners_of
from local.simulators.phone_numbers import esms_phone
from local.simulators.settings import SimulatorSettings

PASSWORD = "x"
PHONES_MAX = 100
RANDOM_NUMBER, BRANDNAME, SHARED_BRANDNAME = 2, 3, 4
SMS_TYPES = range(RANDOM_NUMBER, 9)
SHARED_SENDERS = frozenset({"verify", "notify"})

MESSAGES: dict[str, str] = {
    "007": "IP locked",
    "008": "Account blocked",
    "009": "Account not allow to call the API",
    "101": "Invalid or missing parameters",
    "105": "Phone number invalid",
    "110": "Not support sms content encoding",
    "113": "Sms content too long",
    "300": "Your account balance not enough to send sms",
    "500": "Internal error, please try again",
}


class SpeedsmsRefusal(Exception):
    """A business error: it leaves the gateway as HTTP 200 with status "error"."""

    def __init__(self, code: str, message: str = "", invalid: list[Any] | None = None) -> None:
        self.code = code
        self.invalid = invalid or []
        super().__init__(message or MESSAGES.get(code, "Unknown error"))

    def as_json(self) -> dict[str, Any]:
        """Return the body of the reply."""
        return {"status": "error", "code": self.code, "message": str(self), "invalidPhone": self.invalid}


@dataclass(frozen=True, slots=True)
class CheckedSms:
    """A text that the gateway takes, for the phones that are left."""

    phones: tuple[str, ...]
    invalid: tuple[Any, ...]
    content: str
    quirk: Quirk


class SpeedsmsRules:
    """The checks; they depend on nothing but the settings, for SpeedSMS knows no repeats."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings

    def authorised(self, header: str | None) -> bool:
        """Tell whether HTTP Basic names the token as user, with the password `x`."""
        scheme, _, credentials = (header or "").partition(" ")
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        right = secrets.compare_digest(user.encode(), self._settings.speedsms_token.encode())
        return scheme.casefold() == "basic" and right and password == PASSWORD

    def check(self, body: dict[str, Any] | None) -> CheckedSms:
        """Return the text in its checked form.

        Raises:
            SpeedsmsRefusal: with the code of the first rule that the call breaks.
        """
        if body is None:
            raise SpeedsmsRefusal("101")
        given, content = body.get("to"), body.get("content")
        if not isinstance(given, list) or not 0 < len(given) <= PHONES_MAX:
            raise SpeedsmsRefusal("101")
        if not isinstance(content, str) or not content.strip():
            raise SpeedsmsRefusal("101")
        self._check_sender(body)
        if len(content) > self._settings.speedsms_content_max:
            raise SpeedsmsRefusal("113")
        return self._sorted_out(given, content)

    def _check_sender(self, body: dict[str, Any]) -> None:
        kind, sender = body.get("sms_type"), str(body.get("sender") or "").casefold()
        if type(kind) is not int or kind not in SMS_TYPES:
            raise SpeedsmsRefusal("101")
        allowed = {
            RANDOM_NUMBER: True,
            BRANDNAME: sender == self._settings.speedsms_sender.casefold(),
            SHARED_BRANDNAME: not sender or sender in SHARED_SENDERS,
        }
        if not allowed.get(kind, False):  # this account has no phone and no number of its own
            raise SpeedsmsRefusal("101", "sender not found")

    def _sorted_out(self, given: list[Any], content: str) -> CheckedSms:
        """Part the phones that can get the text from those that cannot; only where none can is the call refused."""
        phones, invalid, left_out, quirk = [], [], [], Quirk.NONE
        for one in given:
            phone = esms_phone(one)
            manners = Manners() if phone is None else manners_of(phone, self._settings.no_zalo_every)
            code = manners.codes.get("speedsms")
            if phone is None or code == "105":
                invalid.append(one)
            elif code == SPEEDSMS_LEFT_OUT:
                left_out.append(one)
            else:
                phones.append(phone)
                quirk = quirk if manners.sms is Quirk.NONE else manners.sms
        if not phones and not left_out:
            raise SpeedsmsRefusal("105", invalid=invalid)
        return CheckedSms(tuple(phones), (*invalid, *left_out), content, quirk)
