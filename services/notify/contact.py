"""The citizen's contact: opened only for the moment of sending, never stored or logged in clear."""

from __future__ import annotations

from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from contracts.problems import Invalid
from contracts.types import NoticeChannel
from services.kit.sealing import Opener
from services.notify.sealed import Unsendable, opened


class ContactUnusable(Unsendable):
    """No message can go to this contact."""


@dataclass(frozen=True)
class Contact:
    """A phone that a message can go to."""

    phone: str = field(repr=False)
    """`84…` without a plus sign."""
    channel: NoticeChannel
    """What the citizen prefers; Zalo when nothing was said."""

    @property
    def national(self) -> str:
        """`0…`, as eSMS writes it."""
        return "0" + self.phone[2:]


def open_contact(opener: Opener, sealed: str) -> Contact:
    """Open the sealed `{"phone": …, "channel": …}`.

    Raises: ContactUnusable `contact-unreadable`, `contact-malformed`, `phone-not-mobile`.
    """
    said = opened(opener, sealed, "contact", ContactUnusable)
    wanted = NoticeChannel.SMS if said.get("channel") == NoticeChannel.SMS else NoticeChannel.ZALO
    return Contact(mobile(said.get("phone")), wanted)


def mobile(phone: object) -> str:
    """A Vietnamese mobile number as `84…`, from `0…`, `84…`, `+84…` or with spaces.

    Raises: ContactUnusable `phone-not-mobile`: fixed lines, old 11-digit numbers, foreign numbers, anything else.
    """
    try:
        number = phonenumbers.parse(str(phone or ""), "VN")
    except NumberParseException:
        raise ContactUnusable("phone-not-mobile", ours=False) from None
    kind = phonenumbers.number_type(number)
    if number.country_code != 84 or kind != PhoneNumberType.MOBILE:
        raise ContactUnusable("phone-not-mobile", ours=False)
    return f"84{number.national_number}"


def checked_mobile(phone: str) -> str:
    """As `mobile`, for what a person enters. Raises: Invalid `phone-not-mobile`."""
    try:
        return mobile(phone)
    except ContactUnusable:
        raise Invalid("phone-not-mobile", "Số này không phải số di động Việt Nam. Hãy kiểm tra lại số.") from None
