"""Where a page ended, as the next one is asked for: a moment and an id, in letters that need no escaping in a URL."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.problems import Invalid

Place = tuple[datetime, str]


def written(place: Place) -> str:
    moment, id = place
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')}~{id}"


def read(text: str) -> Place:
    """Raises: Invalid `page-unknown`."""
    moment, _, id = text.partition("~")
    try:
        found = datetime.fromisoformat(moment)
        if found.tzinfo is not None:
            return found.astimezone(UTC), id
    except (ValueError, OverflowError):
        pass
    raise Invalid("page-unknown", "Trang này không có: hãy dùng giá trị `next` của trang trước.")
