"""A workflow as a diagram (Mermaid): who, with which share, after whom, and what a join needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction

from services.routing.domain.workflow import Guard, Workflow, WorkflowStep
from services.routing.workflows.text import number_vi
from services.routing.workflows.ways import whole

_CHANNELS = {"counter": "trực tiếp", "online": "trực tuyến", "post": "bưu chính"}
_SPECIAL = str.maketrans({sign: f"#{ord(sign)};" for sign in '"#&<>`\\*_[]'})
"""Mermaid reads these inside quotes too: they end a text, begin an entity, a tag or Markdown."""


def as_mermaid(workflow: Workflow) -> str:
    """A flowchart from left to right, one node a step."""
    source = f"quy trình nội bộ lần {workflow.revision}" if workflow.revision else "theo thứ tự cơ quan của danh mục"
    title = f"{workflow.procedure_code} {workflow.name} (phiên bản {workflow.version}; {source})"
    lines = ["---", f"title: {json.dumps(_one_line(title), ensure_ascii=False)}", "---", "flowchart LR"]
    lines += (f"    {line}" for line in _lines(workflow))
    return "\n".join(lines) + "\n"


def _lines(workflow: Workflow) -> Iterator[str]:
    total = whole(workflow)
    followed = {number for step in workflow.steps for number in step.after}
    yield f"begin([{_quoted('Tiếp nhận')}])"
    for number, step in enumerate(workflow.steps, start=1):
        yield f"s{number}[{_step(number, step, workflow, total)}]"
    yield f"finish([{_quoted('Trả kết quả')}])"
    for number, step in enumerate(workflow.steps, start=1):
        before = [f"s{other}" for other in step.after] or ["begin"]
        if len(before) > 1:
            yield f"j{number}{{{_quoted(_join(step))}}}"
            yield from (f"{other} --> j{number}" for other in before)
            before = [f"j{number}"]
        label = f"|{_quoted(_guard(step.guard))}|" if step.guard != Guard() else ""
        yield f"{before[0]} -->{label} s{number}"
        if number not in followed:
            yield f"s{number} --> finish"


def _step(number: int, step: WorkflowStep, workflow: Workflow, total: Fraction) -> str:
    parts = [
        f"Bước {number}: {step.name or step.agency_name}",  # "1." would be taken for a list of Markdown
        *([step.agency_name] if step.name else []),
        " · ".join(filter(None, (_share(step, workflow, total), step.role))),
    ]
    return f'"{"<br/>".join(_escaped(part) for part in parts)}"'


def _share(step: WorkflowStep, workflow: Workflow, total: Fraction) -> str:
    if not step.share or not total:
        return "không tính thời gian"
    if workflow.in_hours:
        return f"{number_vi(step.share)} giờ" if step.share < 8 else f"{number_vi(Fraction(str(step.share)) / 8)} ngày"
    return f"{number_vi(Fraction(str(step.share)) / total * 100, 2)}%"


def _join(step: WorkflowStep) -> str:
    words = {0: "tất cả", 1: "bất kỳ"}
    return words.get(step.needs, f"{step.needs} trong {len(step.after)}")


def _guard(guard: Guard) -> str:
    said = [
        ("kênh", [_CHANNELS.get(channel, channel) for channel in guard.channels]),
        ("đơn vị", guard.units),
        ("trường hợp", guard.cases),
    ]
    return "; ".join(f"{what}: {', '.join(values)}" for what, values in said if values)


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return _one_line(text).translate(_SPECIAL).replace("%%", "#37;#37;")  # would begin a directive


def _one_line(text: str) -> str:
    return " ".join(text.split())
