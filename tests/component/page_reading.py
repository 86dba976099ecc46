"""Pages as a reader of HTML sees them: fields with their labels, headings, ids, what is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

NO_LABEL = frozenset({"hidden", "submit", "button"})
VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})


@dataclass
class Read(HTMLParser):
    """One page."""

    html: str
    ids: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    fields: list[dict[str, str]] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        if tag not in VOID:
            self._open.append(tag)
        if "id" in said:
            self.ids.append(said["id"])
        self.described += [id for name in ("aria-describedby", "aria-labelledby") for id in said.get(name, "").split()]
        if tag == "label" and "for" in said:
            self.labels.add(said["for"])
        if tag in ("input", "select", "textarea") and said.get("type") not in NO_LABEL:
            self.fields.append(said | {"inside": "label" if "label" in self._open else ""})
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag in ("header", "nav", "main", "footer"):
            self.landmarks.append(tag)
        if tag == "form":
            self.forms.append(said)
        self.loads += [said[name] for name in ("src", "href") if tag in ("link", "script", "img") and name in said]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag, tag

    @property
    def faults(self) -> list[str]:
        """What a screen reader would stumble over."""
        unnamed = [
            said.get("name", "?")
            for said in self.fields
            if said.get("id") not in self.labels and not said["inside"] and "aria-label" not in said
        ]
        skipped = [pair for pair in pairwise([0, *self.headings]) if pair[1] > pair[0] + 1]
        return [
            *(f"no label: {name}" for name in unnamed),
            *(f"id twice: {id}" for id in {id for id in self.ids if self.ids.count(id) > 1}),
            *(f"described by nothing: {id}" for id in self.described if id not in self.ids),
            *(f"headings skip: {pair}" for pair in skipped),
            *(["not one h1"] if self.headings.count(1) != 1 else []),
            *(f"no {name}" for name in ("header", "nav", "main", "footer") if name not in self.landmarks),
        ]
