"""Long lists, a page at a time: by what comes after, never by counting rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True)
class Paging:
    """Links below a list; the macro `paging` of `parts.html` draws them."""

    path: str
    next: str | None = None
    """The query's mark for what comes after; None: this is the end."""
    is_first: bool = True
    keep: Mapping[str, str] = field(default_factory=dict)
    """What was asked for besides: filters stay."""

    @property
    def first_url(self) -> str:
        return self._url({})

    @property
    def next_url(self) -> str | None:
        return None if self.next is None else self._url({"sau": self.next})

    def _url(self, more: Mapping[str, str]) -> str:
        query = urlencode({name: value for name, value in self.keep.items() if value} | dict(more))
        return f"{self.path}?{query}" if query else self.path
