"""What eSMS checks of a customer-care text before it takes it (eSMS: SendMultipleMessage_V4, CodeResult table)."""

import re
import time
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.simulators.clock import VIETNAM, Clock
from local.simulators.magic import Manners, manners_of
from local.simulators.messages import Ledger
from local.simulators.phone_numbers import esms_phone, telco_of
from local.simulators.settings import SimulatorSettings

CUSTOMER_CARE = "2"
REQUEST_ID_MAX, CAMPAIGN_MAX = 50, 254
REQUEST_BLOCK_MS = 24 * 3_600_000
SAME_TEXT_BLOCK_MS = 5 * 60_000

MESSAGES: dict[str, str] = {
    "99": "Phone is blocked in the system",
    "101": "Authorize Failed",
    "103": "Balance not enough",
    "104": "Brand name code is not exist",
    "105": "SMSID not found",
    "108": "Phone format is wrong",
    "110": "Request data is wrong",
    "118": "Message type is not supported",
    "124": "Request exist 1",
    "146": "Sai template Brandname CSKH",
    "160": "Over TPS",
    "177": "Network is not registered for this brandname",
    "300": "Message type is missing",
}


class EsmsRefusal(Exception):
    """A business error: it leaves the gateway as HTTP 200 with a CodeResult other than 100."""

    def __init__(self, code: str, **extra: str) -> None:
        self.code = code
        self.extra = extra
        super().__init__(MESSAGES[code])

    def as_json(self) -> dict[str, Any]:
        """Return the body of the reply; there is no SMSID unless the refusal itself carries one."""
        return {"CodeResult": self.code, "CountRegenerate": 0, "ErrorMessage": MESSAGES[self.code], **self.extra}


@dataclass(frozen=True, slots=True)
class CheckedText:
    """A text that the gateway takes."""

    phone: str
    content: str
    request_id: str | None
    callback_url: str | None
    not_before_ms: int | None
    sandbox: bool
    manners: Manners


class EsmsRules:
    """The checks, with the settings and the ledger they depend on."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger, clock: Clock) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._prefixes = tuple(prefix.casefold() for prefix in settings.esms_prefixes)
        self._patterns = tuple(re.compile(pattern, re.DOTALL) for pattern in settings.esms_patterns)
        self._second, self._in_second = 0, 0

    def authorise(self, fields: dict[str, Any]) -> None:
        """Check the keys, which travel in the body or the query.

        Raises:
            EsmsRefusal: 101.
        """
        keys = (fields.get("ApiKey"), fields.get("SecretKey"))
        if keys != (self._settings.esms_api_key, self._settings.esms_secret_key):
            raise EsmsRefusal("101")

    def count_rate(self) -> None:
        """Count a send against the rate of the account; the vendor agrees the figure with each customer.

        Raises:
            EsmsRefusal: 160.
        """
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        if self._settings.esms_tps and self._in_second > self._settings.esms_tps:
            raise EsmsRefusal("160")

    def check(self, body: dict[str, Any], new_sms_id: str) -> CheckedText:
        """Return the text in its checked form.

        Raises:
            EsmsRefusal: with the code of the first rule that the request breaks.
        """
        self._check_kind(body)
        phone = esms_phone(body.get("Phone"))
        if phone is None:
            raise EsmsRefusal("108")
        content, request_id = body.get("Content"), _optional(body, "RequestId", REQUEST_ID_MAX)
        _optional(body, "campaignid", CAMPAIGN_MAX)
        if not isinstance(content, str) or not content.strip():
            raise EsmsRefusal("110")
        not_before = _send_date(body.get("SendDate"))
        if not self._matches_template(content, accented=str(body.get("IsUnicode", "0")) == "1"):
            raise EsmsRefusal("146", SMSID=new_sms_id)
        self._refuse_duplicates(phone, content, request_id)
        manners = manners_of(phone, self._settings.no_zalo_every)
        if manners.sms_code is not None:
            raise EsmsRefusal(manners.sms_code)
        if telco_of(phone) in self._settings.esms_missing_networks:
            raise EsmsRefusal("177")
        callback_url = _optional(body, "CallbackUrl", 2_000)
        sandbox = str(body.get("Sandbox", "0")) == "1"
        return CheckedText(phone, content, request_id, callback_url, not_before, sandbox, manners)

    def _check_kind(self, body: dict[str, Any]) -> None:
        if not body.get("SmsType"):
            raise EsmsRefusal("300")
        if body["SmsType"] != CUSTOMER_CARE:
            raise EsmsRefusal("118")
        # A brandname is not case sensitive.
        if str(body.get("Brandname", "")).casefold() != self._settings.esms_brandname.casefold():
            raise EsmsRefusal("104")

    def _matches_template(self, content: str, *, accented: bool) -> bool:
        """Match against the registered texts.

        Without IsUnicode no accented letter is in any of them, not even `à è é ì ò ù`, which GSM-7 could carry.
        """
        if not accented and not content.isascii():
            return False
        composed = unicodedata.normalize("NFC", content)  # decomposed letters cost parts, they change no wording
        return composed.casefold().startswith(self._prefixes) or any(one.match(composed) for one in self._patterns)

    def _refuse_duplicates(self, phone: str, content: str, request_id: str | None) -> None:
        """Block a RequestId for 24 hours, and the same text to the same phone for 5 minutes.

        For the second block the vendor states the rule but no code. 124 is taken, without SMSID: among the
        published codes it is the only one of a send that means "this exists already", and a client that treats it
        as "the first one was taken, never send again" does the right thing in both cases.
        """
        now = self._clock.now_ms()
        first = self._ledger.by_request_id("esms", request_id) if request_id else None
        same = self._ledger.by_text(phone, content)
        if (first is not None and now - first.block_from < REQUEST_BLOCK_MS) or (
            same is not None and now - same.block_from < SAME_TEXT_BLOCK_MS
        ):
            raise EsmsRefusal("124", SendStatus="5")


def _optional(body: dict[str, Any], name: str, limit: int) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > limit:
        raise EsmsRefusal("110")
    return value


def _send_date(value: object) -> int | None:
    """Return the wished time of sending (Vietnamese time) in epoch milliseconds."""
    if value is None or value == "":
        return None
    try:
        moment = datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=VIETNAM)
    except ValueError as error:
        raise EsmsRefusal("110") from error
    return int(moment.timestamp() * 1000)
