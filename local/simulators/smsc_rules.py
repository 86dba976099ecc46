"""What the SMSC checks of a bind and of a submit_sm, and how it joins the parts of a long message (SMPP 3.4)."""

import hmac
from dataclasses import dataclass
from typing import Final

from smpp34 import SubmitSm, Tlv

from local.simulators.magic import Manners, Quirk, manners_of
from local.simulators.phone_numbers import esms_phone
from local.simulators.rate import RateWindow
from local.simulators.settings import SimulatorSettings
from local.simulators.smsc_text import Garbled, Place, fits_the_air, gsm_text, place_and_body, ucs2_text

OK: Final = 0x00
INVALID_LENGTH: Final = 0x01
INVALID_COMMAND_LENGTH: Final = 0x02
INVALID_COMMAND: Final = 0x03
NOT_BOUND: Final = 0x04
ALREADY_BOUND: Final = 0x05
SYSTEM_ERROR: Final = 0x08
INVALID_SENDER: Final = 0x0A
INVALID_PHONE: Final = 0x0B
WRONG_PASSWORD: Final = 0x0E
WRONG_SYSTEM_ID: Final = 0x0F
INVALID_ESM_CLASS: Final = 0x43
SUBMIT_FAILED: Final = 0x45
THROTTLED: Final = 0x58

ALPHANUMERIC, INTERNATIONAL = 5, 1
UDH_PRESENT, RECEIPT_WANTED = 0x40, 0x03
USER_REFERENCE, PAYLOAD = 0x0204, 0x0424
GSM, UCS2 = 0, 8


class SmscRefusal(Exception):
    """The SMSC does not take this; the status goes into the header of its answer."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"0x{status:02x}")


@dataclass(frozen=True, slots=True)
class Part:
    """One submit_sm that is in order."""

    phone: str
    sender: str
    text: str
    place: Place | None
    message_id: str
    wants_receipt: bool
    only_failures: bool
    user_reference: int | None
    manners: Manners

    def wish(self) -> dict[str, str | int | bool | None]:
        """Return what its receipt must say, in a form that the journal keeps."""
        return {
            "id": self.message_id, "reference": self.user_reference, "only_failures": self.only_failures,
            "text": self.text[:20],
        }  # fmt: skip


class SmscRules:
    """The checks, with the settings and the little they remember."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._rate = RateWindow(settings.smsc_tps, 1)
        self._begun: dict[tuple[str, str, str, int, int], dict[int, Part]] = {}

    @property
    def begun(self) -> int:
        """Return how many long messages still miss a part."""
        return len(self._begun)

    def forget(self) -> None:
        """Drop the parts of messages that were never completed."""
        self._begun.clear()

    def admit(self, system_id: str, password: str) -> None:
        """Check a bind.

        Raises:
            SmscRefusal: ESME_RINVSYSID or ESME_RINVPASWD.
        """
        if system_id != self._settings.smsc_system_id:
            raise SmscRefusal(WRONG_SYSTEM_ID)
        if not hmac.compare_digest(password.encode(), self._settings.smsc_password.encode()):
            raise SmscRefusal(WRONG_PASSWORD)

    def count_rate(self) -> None:
        """Count a submit_sm against the rate of the account.

        Raises:
            SmscRefusal: ESME_RTHROTTLED.
        """
        if self._rate.exceeded():
            raise SmscRefusal(THROTTLED)

    def check(self, pdu: SubmitSm, message_id: str) -> Part:
        """Return a submit_sm in its checked form.

        Raises:
            SmscRefusal: with the status of the first rule that it breaks.
        """
        if (pdu.source_addr_ton, pdu.source_addr) != (ALPHANUMERIC, self._settings.smsc_sender):
            raise SmscRefusal(INVALID_SENDER)
        digits = pdu.destination_addr
        known = pdu.dest_addr_ton == INTERNATIONAL and pdu.dest_addr_npi == 1 and digits.startswith("84")
        phone = esms_phone(digits) if known else None
        if phone is None:
            raise SmscRefusal(INVALID_PHONE)
        manners = manners_of(phone, self._settings.no_zalo_every)
        if (code := manners.codes.get("smpp")) is not None:
            raise SmscRefusal(int(code, 16))
        if manners.sms is Quirk.BAD_GATEWAY:
            raise SmscRefusal(SYSTEM_ERROR)
        place, text = _content(pdu)
        wanted = pdu.registered_delivery & RECEIPT_WANTED
        return Part(
            phone=phone,
            sender=pdu.source_addr,
            text=text,
            place=place,
            message_id=message_id,
            wants_receipt=wanted in (1, 2),
            only_failures=wanted == 2,
            user_reference=_user_reference(pdu.tlvs),
            manners=manners,
        )

    def join(self, system_id: str, part: Part) -> list[Part]:
        """Return all parts of a message in order once its last one is here; before that nothing.

        A part that comes again replaces the first one, as on a phone.
        """
        if part.place is None:
            return [part]
        key = (system_id, part.sender, part.phone, part.place.reference, part.place.total)
        parts = self._begun.setdefault(key, {})
        parts[part.place.number] = part
        if len(parts) < part.place.total:
            return []
        del self._begun[key]
        return [parts[number] for number in sorted(parts)]


def _content(pdu: SubmitSm) -> tuple[Place | None, str]:
    payload = next((bytes(tlv.value) for tlv in pdu.tlvs if tlv.tag == PAYLOAD), b"")
    octets = bytes(pdu.short_message) or payload
    if not octets:
        raise SmscRefusal(INVALID_LENGTH)
    if pdu.data_coding not in (GSM, UCS2):
        raise SmscRefusal(SUBMIT_FAILED)
    try:
        place, body = place_and_body(octets, has_header=bool(pdu.esm_class & UDH_PRESENT))
    except Garbled as error:
        raise SmscRefusal(INVALID_ESM_CLASS) from error
    if not payload and not fits_the_air(len(body), len(octets) - len(body), gsm=pdu.data_coding != UCS2):
        raise SmscRefusal(INVALID_LENGTH)
    try:
        return place, ucs2_text(body) if pdu.data_coding == UCS2 else gsm_text(body)
    except Garbled as error:
        raise SmscRefusal(SUBMIT_FAILED) from error


def _user_reference(tlvs: list[Tlv]) -> int | None:
    return next((tlv.as_int() for tlv in tlvs if tlv.tag == USER_REFERENCE), None)
