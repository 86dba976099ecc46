"""The wish of whoever holds a phone (tùy chọn nhận thông báo), and what gateways said of that phone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.types import NoticeChannel, NoticeKind
from services.notify.domain.kinds import KINDS, Audience

REFUSAL_HOLDS = timedelta(days=90)
"""So long Zalo is not tried again after its user refused us."""
REFUSAL_CODES = frozenset({"-139", "-141"})
"""Zalo ZBS: the user refused this kind of message; the user refuses messages of this official account."""
ENOUGH = timedelta(days=1)
"""A refusal that is learned again within a day is not written again."""


class Wants(StrEnum):
    """What the citizen asked for."""

    ZALO_AND_SMS = "zalo-and-sms"
    """Zalo, then SMS; by SMS alone where the dossier says so. As if nothing had been asked for, and on record."""
    ZALO_FIRST = "zalo-first"
    """Zalo, then SMS, also where a dossier says SMS."""
    SMS_ONLY = "sms-only"
    NONE = "none"
    """No notices (từ chối nhận thông báo); one-time codes still come, because the citizen asks for each."""


class Why(StrEnum):
    """On what ground. A closed list: free words would sooner or later hold a name or a number."""

    CITIZEN_ASKED = "citizen-asked"
    OTHER_OWNER = "other-owner"
    """Whoever answers is not the applicant (số điện thoại đã đổi chủ)."""
    COMPLAINT = "complaint"
    CORRECTION = "correction"
    """An earlier entry was a mistake."""


@dataclass(frozen=True)
class Preference:
    """The aggregate of one phone; empty where nothing was asked for and nothing learned."""

    wants: Wants | None = None
    why: Why | None = None
    set_by: str = ""
    """Id of the key that set it."""
    set_at: datetime | None = None
    zalo_refused_until: datetime | None = None
    changed_at: datetime | None = None

    def silences(self, kind: NoticeKind) -> bool:
        """Whether this notice must not go to this phone. Officers' notices belong to an office, not to a person."""
        return self.wants is Wants.NONE and kind is not NoticeKind.ONE_TIME_CODE and _for_citizens(kind)

    def sms_only(self, kind: NoticeKind, said: NoticeChannel, now: datetime) -> bool:
        """Whether Zalo is left out.

        Args:
            said: the channel that came with the contact.
        """
        if self.refused_by_zalo(now):
            return True
        match self.wants if _for_citizens(kind) else None:
            case Wants.SMS_ONLY:
                return True
            case Wants.ZALO_FIRST:
                return False
            case _:
                return said is NoticeChannel.SMS

    def refused_by_zalo(self, now: datetime) -> bool:
        return self.zalo_refused_until is not None and now < self.zalo_refused_until

    @property
    def says_nothing(self) -> bool:
        return self.wants is None and self.zalo_refused_until is None

    def asked(self, wants: Wants | None, why: Why, by: str, now: datetime) -> Preference:
        """A new wish; None: none any more. Who asks for Zalo has made peace with it, so it is tried again."""
        refused = None if wants is Wants.ZALO_FIRST else self.zalo_refused_until
        return replace(self, wants=wants, why=why, set_by=by, set_at=now, zalo_refused_until=refused, changed_at=now)

    def learned(self, until: datetime, now: datetime) -> Preference:
        """Zalo's user refuses our messages."""
        known = self.zalo_refused_until
        if known is not None and known >= until - ENOUGH:
            return self
        return replace(self, zalo_refused_until=until, changed_at=now)


def _for_citizens(kind: NoticeKind) -> bool:
    return KINDS[kind].audience is Audience.CITIZEN
