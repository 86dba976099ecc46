"""The checklist on a form: a row a paper (`giay.3.state`, `giay.3.reason`), and what the rows say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from contracts.problems import Refused
from contracts.types import PaperState
from services.intake.desk.words import REASONS_OF_STATES
from services.intake.domain.checklist import Line
from services.intake.domain.procedure import Paper
from services.kit.web import forms
from services.kit.web.forms import Form, Typed

M = TypeVar("M", bound=BaseModel)
ALL_AS_LISTED = "du_giay_to"
"""Ticked: everything that is always required is there as the list asks for it, where its row says nothing else."""
_ROW = re.compile(r"giay\.([0-9]{1,3})\.(state|reason|wanted)")
_LINE = re.compile(r"checklist\.([0-9]+)(?:\.(\w+))?")
_MONEY = re.compile(r"[\s.,đ]")


@dataclass(frozen=True)
class PaperRow:
    """One paper of the published list, as a form shows it."""

    number: int
    paper: Paper

    @property
    def asks(self) -> str:
        """`1 bản chính, 2 bản sao`."""
        parts = ((self.paper.originals, "bản chính"), (self.paper.copies, "bản sao"))
        return ", ".join(f"{count} {words}" for count, words in parts if count)


def rows(papers: Sequence[Paper]) -> tuple[PaperRow, ...]:
    return tuple(PaperRow(number, paper) for number, paper in enumerate(papers, start=1))


def stated(lines: Iterable[Line]) -> dict[str, str]:
    """Fields as they are now, for a form that begins with them."""
    fields = {}
    for line in lines:
        fields[f"giay.{line.paper}.state"] = line.state.value
        if line.reason:
            fields[f"giay.{line.paper}.reason"] = line.reason
    return fields


def read(model: type[M], typed: Typed, papers: Sequence[Paper], page_only: Iterable[str] = ()) -> Form[M]:
    """The form as this model of the API, whose `checklist` the rows become. What was typed stays as it was typed.

    Args:
        page_only: fields that the page has for itself.
    """
    lines = _lines(typed, papers)
    left_out = {ALL_AS_LISTED, *page_only}
    fields = {
        name: [_plain(name, value) for value in values]
        for name, values in typed.own.items()
        if name not in left_out and not _ROW.fullmatch(name)
    }
    for place, (number, parts) in enumerate(lines.items()):
        fields[f"checklist.{place}.paper"] = [str(number)]
        fields |= {f"checklist.{place}.{part}": [value] for part, value in parts.items()}
    found = forms.read(model, Typed(fields))
    numbers = list(lines)
    errors = {_beside(name, numbers): words for name, words in found.errors.items()}
    return Form(typed.own, errors, found.value)


def refused(form: Form[M], refusal: Refused, fields: Mapping[str, str] | None = None) -> Form[M]:
    """A refusal beside its paper, where it is about one (or several that lack)."""
    paper = refusal.facts.get("paper")
    if isinstance(paper, int):
        part = "reason" if refusal.slug == "paper-reason-missing" else "state"
        return form.wrong(f"giay.{paper}.{part}", refusal.message)
    if refusal.slug == "checklist-incomplete":
        for number, name in zip(_listed(refusal, "papers"), _listed(refusal, "names"), strict=True):
            form.wrong(f"giay.{number}.state", f"Còn thiếu: {name}")
    return form.refused(refusal, fields)


def _listed(refusal: Refused, name: str) -> list[object]:
    found = refusal.facts.get(name)
    return found if isinstance(found, list) else []


def _lines(typed: Typed, papers: Sequence[Paper]) -> dict[int, dict[str, str]]:
    """What the rows say, by number of the paper."""
    lines: dict[int, dict[str, str]] = {}
    for name in typed.own:
        found = _ROW.fullmatch(name)
        if found and found[2] != "wanted" and typed.first(name).strip():
            lines.setdefault(int(found[1]), {})[found[2]] = typed.first(name).strip()
    lines = {number: parts for number, parts in lines.items() if "state" in parts}
    if typed.first(ALL_AS_LISTED):
        for row in rows(papers):
            if row.paper.always:
                lines.setdefault(row.number, {"state": _as_listed(row.paper).value})
    for parts in lines.values():
        if parts["state"] in REASONS_OF_STATES:
            parts.setdefault("reason", REASONS_OF_STATES[parts["state"]])
    return dict(sorted(lines.items()))


def _as_listed(paper: Paper) -> PaperState:
    return PaperState.COPY if paper.copies and not paper.originals else PaperState.ORIGINAL


def _plain(name: str, value: str) -> str:
    """Amounts as people write them: `700.000 đ`."""
    return _MONEY.sub("", value) if name.endswith("_vnd") else value


def _beside(name: str, numbers: Sequence[int]) -> str:
    """The page's field for the model's."""
    found = _LINE.fullmatch(name)
    if found and int(found[1]) < len(numbers):
        part = found[2] if found[2] in ("state", "reason") else "state"
        return f"giay.{numbers[int(found[1])]}.{part}"
    return _WHOLE.get(name, name)


_WHOLE: Mapping[str, str] = {
    "applicant": "applicant.id_number",
    "submitter": "submitter.id_number",
    "mandated": "mandated.id_number",
    "mandate": "mandate.valid_until",
    "receiver": "receiver.id_number",
    "": "mandate.paper",
}
"""What is wrong with a person as a whole is their number, with a mandate its dates, with all the people its paper."""
