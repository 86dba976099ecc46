"""A YAML file to a policy: whole, or refused whole with every faulty line named.

A key that is not there means its default: the file says everything that differs from a district as the software
knows it, and an empty list says "none".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.problems import Invalid
from services.routing.domain.policy import ABOVE, ITSELF, AcceptWithin, EscalationRule, Policy, Substitute
from services.routing.policies.nodes import Nodes, Part
from services.routing.policies.values import Values
from services.routing.workflows.entries import Cell, RefusedRow
from services.routing.workflows.text import decoded, quoted
from services.routing.workflows.yaml_file import composed

HOURS = (
    "accept_hours",
    "due_soon_hours",
    "step_due_soon_hours",
    "apology_hours",
    "extension_hours",
    "reminder_hours",
)
TOP = (HOURS[0], "accept_within", *HOURS[1:], "rules", "substitutes")
OF_AGENCY = ("agency", "hours")
OF_RULE = ("name", "when", "after_hours", "to", "agencies")
OF_SUBSTITUTE = ("agency", "officer", "substitute", "first_day", "last_day")
MOST = {"accept_within": 500, "rules": 100, "substitutes": 500}
"""The policy is read with every decision."""


@dataclass(frozen=True)
class PolicyFile:
    """Taken whole or not at all."""

    policy: Policy
    agencies: tuple[Cell, ...]
    """Everywhere that an agency is named: the directory must know it."""
    refused: tuple[RefusedRow, ...] = ()


def read_policy(content: bytes) -> PolicyFile:
    """
    Raises: Invalid `file-too-big`, `file-empty`, `file-not-utf8`, `file-too-long`, `yaml-malformed`,
        `yaml-not-allowed`, when it cannot be read at all; other faults are in the result.
    """
    root = composed(decoded(content))
    if root is None:
        raise Invalid("file-empty", "Tệp không có nội dung.")
    reading = _Reading()
    top = reading.nodes.part(root, TOP, "tệp quy định")
    policy = Policy() if top is None else reading.policy(top)
    return PolicyFile(policy, tuple(reading.agencies), tuple(reading.nodes.refused))


@dataclass
class _Reading:
    nodes: Nodes = field(default_factory=Nodes)
    agencies: list[Cell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = Values(self.nodes.refused)

    def policy(self, top: Part) -> Policy:
        said: dict[str, Any] = {}
        for key in HOURS:
            cell = self.nodes.text(top, key)
            if cell is not None and (hours := self.values.hours(cell, key)) is not None:
                said[key] = hours
        for key, known, what, read in (
            ("accept_within", OF_AGENCY, "mục accept_within", self._accept_within),
            ("rules", OF_RULE, "quy tắc", self._rules),
            ("substitutes", OF_SUBSTITUTE, "người thay thế", self._substitutes),
        ):
            parts = self.nodes.parts(top, key, known, what)
            if parts is not None and len(parts) > MOST[key]:
                raise Invalid("file-too-long", f"Tệp có hơn {MOST[key]} mục {key}.")
            if parts is not None:
                said[key] = tuple(read(parts))
        return Policy(**said)

    def _accept_within(self, parts: Sequence[Part]) -> Iterator[AcceptWithin]:
        lines: dict[str, int] = {}
        for part in parts:
            agency = self._agency(part, "mục accept_within")
            cell = self.nodes.required(part, "hours", "mục accept_within")
            hours = self.values.hours(cell, "hours") if cell else None
            if agency is not None:
                self._once(agency, lines, "policy-agency-repeated", "cơ quan")
            if agency is not None and hours is not None:
                yield AcceptWithin(agency.text, hours)

    def _rules(self, parts: Sequence[Part]) -> Iterator[EscalationRule]:
        lines: dict[str, int] = {}
        for part in parts:
            named = self.nodes.required(part, "name", "quy tắc")
            name = self.values.name(named) if named else None
            when = self.nodes.required(part, "when", "quy tắc")
            trigger = self.values.trigger(when) if when else None
            after = self.nodes.text(part, "after_hours")
            hours = self.values.hours(after, "after_hours") if after else 0.0
            agencies = self.nodes.texts(part, "agencies")
            to = self.nodes.text(part, "to")
            self.agencies += agencies
            if to is not None and to.text not in {ABOVE, ITSELF}:
                self.agencies.append(to)
            if named is not None and name is not None:
                self._once(named, lines, "policy-rule-repeated", "quy tắc")
            if name is not None and trigger is not None and hours is not None:
                codes = tuple(cell.text for cell in agencies)
                yield EscalationRule(name, trigger, hours, to.text if to else ABOVE, codes)

    def _substitutes(self, parts: Sequence[Part]) -> Iterator[Substitute]:
        known: list[tuple[int, Substitute]] = []
        for part in parts:
            row = self._substitute(part)
            if row is None:
                continue
            self._check_substitute(part.line, row, known)
            known.append((part.line, row))
            yield row

    def _substitute(self, part: Part) -> Substitute | None:
        what = "người thay thế"
        agency = self._agency(part, what)
        officer, other, first, last = (self.nodes.required(part, key, what) for key in OF_SUBSTITUTE[1:])
        away = self.values.account(officer, "officer") if officer else None
        instead = self.values.account(other, "substitute") if other else None
        begins = self.values.day(first, "first_day") if first else None
        ends = self.values.day(last, "last_day") if last else None
        if agency is None or away is None or instead is None or begins is None or ends is None:
            return None
        return Substitute(agency.text, away, instead, begins, ends)

    def _check_substitute(self, line: int, row: Substitute, known: Sequence[tuple[int, Substitute]]) -> None:
        if row.substitute == row.officer:
            words = f"Dòng {line}: {quoted(row.officer)} không thay thế chính mình được."
            self.nodes.refused.append(RefusedRow(line, "policy-substitute-himself", words))
        if row.last_day < row.first_day:
            words = f"Dòng {line}: ngày cuối {row.last_day:%d/%m/%Y} trước ngày đầu {row.first_day:%d/%m/%Y}."
            self.nodes.refused.append(RefusedRow(line, "policy-dates-reversed", words))
        for other_line, other in known:
            same = (row.agency, row.officer) == (other.agency, other.officer)
            if same and row.first_day <= other.last_day and other.first_day <= row.last_day:
                words = f"Dòng {line}: {quoted(row.officer)} đã có người thay thế những ngày đó ở dòng {other_line}."
                self.nodes.refused.append(RefusedRow(line, "policy-substitutes-overlap", words))

    def _agency(self, part: Part, what: str) -> Cell | None:
        cell = self.nodes.required(part, "agency", what)
        if cell is not None:
            self.agencies.append(cell)
        return cell

    def _once(self, cell: Cell, lines: dict[str, int], slug: str, what: str) -> None:
        if cell.text in lines:
            words = f"Dòng {cell.line}: {what} {quoted(cell.text)} đã có ở dòng {lines[cell.text]}."
            self.nodes.refused.append(RefusedRow(cell.line, slug, words))
        lines.setdefault(cell.text, cell.line)
