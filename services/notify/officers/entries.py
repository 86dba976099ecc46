"""The contacts of a unit as people enter them, checked and sealed: a phone is in clear only on its way through here."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.problems import Invalid
from contracts.types import NoticeChannel, NoticeKind
from services.kit.sealing import Sealer
from services.notify.contact import checked_mobile
from services.notify.off import Off
from services.notify.officers.officer import MOST_OFFICERS, OFFICER_KINDS, OfficerContact, UnitOfficers, officer_ids

MOST_LETTERS = 60
_NUMBER = re.compile(r"\d([ .-]?\d){5}")
"""Six digits are no part of a role's name."""


@dataclass(frozen=True)
class OfficerEntry:
    """One contact in clear."""

    label: str
    phone: str = field(repr=False)
    """`84…`."""
    channel: NoticeChannel
    kinds: tuple[NoticeKind, ...]


def officer_entry(label: str, phone: str, channel: NoticeChannel, kinds: Sequence[NoticeKind]) -> OfficerEntry:
    """
    Raises: Invalid `officer-label-missing`, `officer-label-unfit`, `officer-kind-unknown`, `phone-not-mobile`.
    """
    role = " ".join(label.split())
    if not role:
        raise Invalid("officer-label-missing", "Thiếu chức danh, ví dụ “Trưởng phòng”.")
    if len(role) > MOST_LETTERS or _NUMBER.search(role):
        words = f"Chức danh dài tối đa {MOST_LETTERS} ký tự và không chứa số điện thoại, số giấy tờ."
        raise Invalid("officer-label-unfit", words)
    if not OFFICER_KINDS.issuperset(kinds):
        raise Invalid("officer-kind-unknown", "Loại thông báo phải là due_soon (sắp đến hạn), overdue (quá hạn).")
    return OfficerEntry(role, checked_mobile(phone), channel, tuple(dict.fromkeys(kinds)))


def sealed_officers(unit: str, entries: Sequence[OfficerEntry], public_key: str) -> UnitOfficers:
    """The unit's contacts as they are stored.

    Raises: Off `officers-off`; Invalid `officers-too-many`, `officer-phone-repeated`.
    """
    sealer = officers_sealer(public_key)
    if len(entries) > MOST_OFFICERS:
        raise Invalid("officers-too-many", f"Mỗi đơn vị có tối đa {MOST_OFFICERS} đầu mối nhận thông báo.")
    if len({entry.phone for entry in entries}) < len(entries):
        raise Invalid("officer-phone-repeated", "Một số điện thoại chỉ được ghi một lần trong một đơn vị.")
    ids = officer_ids(unit, [entry.label for entry in entries])
    return UnitOfficers(
        unit,
        tuple(
            OfficerContact(id, _sealed(sealer, entry), entry.kinds, entry.label)
            for id, entry in zip(ids, entries, strict=True)
        ),
    )


def officers_sealer(public_key: str) -> Sealer:
    """Raises: Off `officers-off`."""
    if not public_key:
        raise Off("officers-off", "Thiếu khóa công khai của notify (NOTIFY_PUBLIC_KEY) nên không niêm phong được số.")
    return Sealer(public_key)


def _sealed(sealer: Sealer, entry: OfficerEntry) -> str:
    return sealer.seal(json.dumps({"phone": entry.phone, "channel": entry.channel}).encode())
