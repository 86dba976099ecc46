"""Where a page ended, as the next one is asked for: a moment and an id, in letters that need no escaping in a URL."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.problems import Invalid


def written(moment: datetime, id: str, *more: datetime) -> str:
    """The place, with further moments that belong to it."""
    return "~".join((_iso(moment), id, *map(_iso, more)))


def read(place: str) -> tuple[datetime, str, datetime | None]:
    """Raises: Invalid `page-unknown`."""
    moment, id, further = [*place.split("~", 2), "", ""][:3]
    try:
        return _moment(moment), id, _moment(further) if further else None
    except (ValueError, OverflowError):
        raise Invalid("page-unknown", "Trang này không có: hãy dùng giá trị `next` của trang trước.") from None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    """Raises: ValueError, OverflowError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)
