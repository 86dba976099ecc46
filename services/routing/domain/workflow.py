"""The workflow of a procedure version (quy trình nội bộ): who acts, in which order, with which share of the limit."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.problems import NotYet
from contracts.types import Mechanism
from services.routing.domain.directory import Directory, unit_of


@dataclass(frozen=True)
class WorkflowStep:
    """One agency's turn."""

    agency_name: str
    """As published; the directory says which agency that is for the receiving counter."""
    share: float
    """Part of the whole limit, above 0; the shares of a workflow need not add up to 1."""


@dataclass(frozen=True)
class Workflow:
    """A case keeps the version it began with."""

    procedure_code: str
    version: int
    mechanism: Mechanism
    steps: tuple[WorkflowStep, ...]


def derive(procedure_code: str, version: int, mechanism: Mechanism, agencies: tuple[str, ...]) -> Workflow:
    """The default workflow: the catalogue's agencies in turn, equal shares of the limit."""
    return Workflow(procedure_code, version, mechanism, tuple(WorkflowStep(name, 1.0) for name in agencies))


@dataclass(frozen=True)
class Turn:
    """A workflow step with its agency found."""

    agency: str
    share: float


def turns(
    workflow: Workflow, directory: Directory, counter: str, competent: str | None = None, *, closed: bool = False
) -> tuple[Turn, ...]:
    """Who acts on a dossier received at `counter`. Neighbouring turns of one agency are one.

    Args:
        competent: takes the first turn, and its unit decides who takes the others (phi địa giới).
        closed: resolved already, so nobody is handed anything: a unit that the directory does not know (any more; old
            registers name abolished ones) stands for the agency.

    Raises: NotYet `agency-unknown`: neither the named agency nor the unit is in the directory.
    """
    if competent is not None and competent not in directory.by_code() and not closed:
        raise NotYet("agency-unknown", f"Danh mục cơ quan chưa có cơ quan {competent}.")
    unit = unit_of(counter) if competent is None else directory.unit_of_agency(competent)
    found: list[Turn] = []
    for number, step in enumerate(workflow.steps):
        named = competent if number == 0 and competent is not None else directory.find(step.agency_name, unit)
        agency = named or directory.authority(unit) or (unit if closed else None)
        if agency is None:
            raise NotYet("agency-unknown", f"Danh mục cơ quan chưa có đơn vị của quầy {counter}.")
        if found and found[-1].agency == agency:
            found[-1] = Turn(agency, found[-1].share + step.share)
        else:
            found.append(Turn(agency, step.share))
    return tuple(found)
