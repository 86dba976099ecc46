"""A workflow as people read it: JSON, and the YAML that can be changed and imported again."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import yaml

from services.routing.domain.workflow import Workflow, WorkflowStep
from services.routing.workflows.entries import ids_of
from services.routing.workflows.shares import limit_vi
from services.routing.workflows.text import number_vi
from services.routing.workflows.values import ALL, ANY
from services.routing.workflows.ways import whole

_PLACES = 6
"""Of a fraction: twenty rounded ones still add up to 1."""


def as_data(workflow: Workflow) -> dict[str, Any]:
    """JSON values. `share` is the part of the whole limit, `hours` stands beside it where the file states hours."""
    total = whole(workflow)
    return {
        "procedure_code": workflow.procedure_code,
        "version": workflow.version,
        "revision": workflow.revision,
        "source": "file" if workflow.revision else "catalogue",
        "name": workflow.name,
        "field": workflow.field,
        "mechanism": workflow.mechanism.value,
        "limits": [
            {"value": limit.value, "unit": limit.unit.value, "channel": limit.channel, "case": limit.case}
            for limit in workflow.limits
        ],
        "steps": [
            {
                "step": number,
                "id": id,
                "name": step.name,
                "agency": step.agency_name,
                "role": step.role,
                "share": _part(step, total),
                "hours": step.share if workflow.in_hours else None,
                "after": list(step.after),
                "join": join_of(step),
                "accept_hours": step.accept_hours,
                "channels": list(step.guard.channels),
                "units": list(step.guard.units),
                "cases": list(step.guard.cases),
            }
            for number, (id, step) in enumerate(zip(ids_of(workflow.steps), workflow.steps, strict=True), start=1)
        ],
    }


def as_yaml(workflow: Workflow) -> str:
    """A file that says the same; what is not stated is as a file means it."""
    ids = ids_of(workflow.steps)
    total = Fraction(1) if workflow.revision else whole(workflow)  # as the file said it, within its tolerance
    steps = [
        _stated(step, number, [ids[other - 1] for other in step.after], _share(step, workflow, total))
        for number, step in enumerate(workflow.steps, start=1)
    ]
    said = {"procedure": workflow.procedure_code, "version": workflow.version, "steps": steps}
    limits = "; ".join(limit_vi(limit) for limit in workflow.limits[:1]) or "chưa công bố"
    head = f"# {' '.join(workflow.name.split())}\n# Thời hạn: {limits}.\n"
    return head + yaml.dump({"workflows": [said]}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def _stated(step: WorkflowStep, number: int, after: list[str], share: str | float) -> dict[str, Any]:
    """The keys that say something other than their absence."""
    keys: dict[str, Any] = {"id": step.id, "name": step.name, "agency": step.agency_name, "role": step.role}
    stated = {key: value for key, value in keys.items() if value} | {"share": share}
    if step.after != ((number - 1,) if number > 1 else ()):
        stated["after"] = _Short(after)
    if step.needs:
        stated["join"] = join_of(step)
    if step.accept_hours is not None:
        stated["accept_hours"] = _plain(step.accept_hours)
    guard = {"channels": step.guard.channels, "units": step.guard.units, "cases": step.guard.cases}
    return stated | {key: _Short(values) for key, values in guard.items() if values}


def _share(step: WorkflowStep, workflow: Workflow, total: Fraction) -> str | float:
    return f"{number_vi(step.share)} giờ" if workflow.in_hours and step.share else _plain(_part(step, total))


def _plain(number: float) -> float:
    """Without a point where there is nothing behind it."""
    return int(number) if number == int(number) else number


class _Short(list[str]):
    """Written on one line."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Short, lambda dumper, values: dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)
)


def join_of(step: WorkflowStep) -> str | int | None:
    """`all`, `any` or a quorum; None where there is nothing to join."""
    if len(step.after) < 2:
        return None
    return {0: ALL, 1: ANY}.get(step.needs, step.needs)


def _part(step: WorkflowStep, total: Fraction) -> float:
    return round(float(Fraction(str(step.share)) / total), _PLACES) if total else 0.0
