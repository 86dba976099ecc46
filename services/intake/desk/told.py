"""Whether and by which channel the citizen was informed, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.types import NoticeEnd
from services.intake.domain.dossier import Dossier
from services.intake.domain.informed import Informed, Told, Untold
from services.intake.queries import words
from services.intake.queries.track import vietnam_time

ENDS: Mapping[NoticeEnd, tuple[str, str]] = {
    NoticeEnd.UNDELIVERABLE: ("Không gửi được, cần gọi điện", "bad"),
    NoticeEnd.FAILED: ("Lỗi gửi, cần người vận hành", "bad"),
    NoticeEnd.EXPIRED: ("Quá hạn gửi", "warn"),
}
"""How a notice ended, in notify's words; and the kind of a badge. What was cancelled is not noted."""


@dataclass(frozen=True)
class ToldLine:
    """One notice that went out."""

    text: str
    words: str
    """What is known of it."""
    kind: str
    """Of a badge."""


@dataclass(frozen=True)
class ToldView:
    """The latest first."""

    words: str
    """The short answer."""
    kind: str
    lines: tuple[ToldLine, ...]
    settled: bool
    """No news is to be expected soon."""


def told_view(dossier: Dossier, informed: Informed | None) -> ToldView:
    """What a clerk says to who asks "was I told?"."""
    untold = informed.untold if informed else ()
    lost = {one.notice_id for one in untold}
    # A gateway took it, and in the end it reached nobody: the end is what counts.
    told = [one for one in (informed.told if informed else ()) if one.delivered or one.notice_id not in lost]
    found: list[Told | Untold] = sorted((*told, *untold), key=lambda one: one.at, reverse=True)
    lines = tuple(_untold(one) if isinstance(one, Untold) else _told(one) for one in found)
    if not found:
        if not dossier.can_be_told:
            return ToldView("Không nhận tin nhắn", "warn", (), True)
        return ToldView("Chưa có tin nào được gửi", "warn", (), False)
    latest = found[0]
    if isinstance(latest, Untold):
        return ToldView(*ENDS[latest.end], lines, True)
    channel = _capital(words.CHANNEL_WORDS[latest.channel])
    if latest.delivered:
        return ToldView(f"{channel}: công dân đã nhận", "good", lines, True)
    return ToldView(f"{channel}: đã gửi", "", lines, False)


def _told(one: Told) -> ToldLine:
    how = f"qua {words.CHANNEL_WORDS[one.channel]} lúc {vietnam_time(one.at)}"
    known = ("Máy đã nhận", "good") if one.delivered else ("Đã gửi, chưa báo nhận", "")
    return ToldLine(f"{_capital(words.NOTICE_WORDS[one.kind])}: {how}", *known)


def _untold(one: Untold) -> ToldLine:
    return ToldLine(f"{_capital(words.NOTICE_WORDS[one.kind])}: lúc {vietnam_time(one.at)}", *ENDS[one.end])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
