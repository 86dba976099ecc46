"""Telephone numbers as each gateway takes them, kept inside as `84…` without a plus sign."""

import re
from functools import lru_cache

import phonenumbers

_ZALO_FORM = re.compile(r"\+?84\d{9}")
_ESMS_FORM = re.compile(r"(\+?84|0)\d{9}")

# eSMS: telcoid of the delivery callback. Numbers are portable, so a prefix is only a hint of the network.
TELCO_PREFIXES: dict[int, tuple[str, ...]] = {
    1: ("32", "33", "34", "35", "36", "37", "38", "39", "86", "96", "97", "98"),  # Viettel
    2: ("70", "76", "77", "78", "79", "89", "90", "93"),  # MobiFone
    3: ("81", "82", "83", "84", "85", "88", "91", "94"),  # VinaPhone
    4: ("52", "56", "58", "92"),  # Vietnamobile
    5: ("59", "99"),  # Gtel
    6: ("87",),  # Itel
    7: ("55",),  # Reddi
}
_TELCO_OF = {prefix: telco for telco, prefixes in TELCO_PREFIXES.items() for prefix in prefixes}


@lru_cache(maxsize=50_000)
def _mobile(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return f"84{number.national_number}" if number.country_code == 84 and mobile else None


def zalo_phone(text: object) -> str | None:
    """Return a phone in a form Zalo documents (`84…` or `+84…`), or None. The local form `0…` is not among them."""
    if not isinstance(text, str) or not _ZALO_FORM.fullmatch(text):
        return None
    return _mobile("+" + text.removeprefix("+"))


def esms_phone(text: object) -> str | None:
    """Return a phone as eSMS takes it (its sample is `0901888484`; `84…` is taken too), or None."""
    if not isinstance(text, str) or not _ESMS_FORM.fullmatch(text):
        return None
    return _mobile(text if text.startswith("0") else "+" + text.removeprefix("+"))


def telco_of(phone: str) -> int:
    """Return the eSMS telcoid that the prefix of `84…` hints at."""
    return _TELCO_OF.get(phone[2:4], 1)
