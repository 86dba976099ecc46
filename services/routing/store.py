"""Where routing keeps its aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.kit.store import Store
from services.routing.domain.case import Case, CaseState
from services.routing.domain.directory import Directory
from services.routing.domain.workflow import Workflow

THE_DIRECTORY = "current"


def inbox_place(agency: str, state: str) -> str:
    """One equality finds an agency's work in one state."""
    return f"{agency}|{state}"


def _inbox(case: Case) -> Mapping[str, Any]:
    """Set only while an agency has something to do or to wait for: the index holds open work, not the past."""
    if case.state is CaseState.OPEN:
        return {"inbox": inbox_place(case.step.agency, case.step.state.value)}
    if case.state in {CaseState.SUPPLEMENT, CaseState.UNPLACED}:
        return {"inbox": inbox_place(case.step.agency, case.state.value)}
    return {}


CASES: Store[Case] = Store(
    "cases",
    Case,
    indexes=(
        IndexModel(
            [("inbox", ASCENDING), ("due_at", ASCENDING)],
            name="inbox",
            partialFilterExpression={"inbox": {"$exists": True}},
        ),
    ),
    derived=_inbox,
)
WORKFLOWS: Store[Workflow] = Store("workflows", Workflow)
"""By `procedure code@version`."""
DIRECTORY: Store[Directory] = Store("directory", Directory)
"""One document: a province has some hundred agencies, read as a whole with each batch."""

STORES = (CASES, WORKFLOWS, DIRECTORY)


def workflow_id(procedure_code: str, version: int) -> str:
    return f"{procedure_code}@{version}"
