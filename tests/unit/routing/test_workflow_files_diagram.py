"""A workflow as a diagram: who, with which share, after whom; nothing in a name is taken for Mermaid's own signs."""

from __future__ import annotations

import re
from dataclasses import replace

import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.types import Mechanism
from services.routing.domain.workflow import Guard, Workflow, WorkflowStep, derive
from services.routing.workflows import as_data, as_mermaid

NODE = re.compile(r'    (\w+)(\(\[|\[|\{)"([^"]*)"(?:\]\)|\]|\})')
EDGE = re.compile(r'    (\w+) -->(?:\|"([^"]*)"\|)? (\w+)')
WORKFLOW = Workflow(
    "1.000001",
    2,
    Mechanism.INTERLINKED,
    (
        WorkflowStep("Ủy ban nhân dân cấp xã", 0.1, "Tiếp nhận", "công chức", id="a"),
        WorkflowStep("Phòng Một", 0.4, "Thẩm định", after=(1,), guard=Guard(("online", "post"), ("H12.970",))),
        WorkflowStep("Phòng Hai", 0.2, after=(1,), guard=Guard(cases=("Cấp mới",))),
        WorkflowStep("Phòng Ba", 0.2, after=(1,)),
        WorkflowStep("Phòng Một", 0.5, "Ký", "lãnh đạo", after=(2, 3, 4), needs=2),
        WorkflowStep("Phòng Một", 0.0, "Trả", after=(5,)),
    ),
    name="Cấp giấy phép",
    revision=3,
)


def nodes(text: str) -> dict[str, str]:
    return {match[1]: match[3] for match in map(NODE.fullmatch, text.splitlines()) if match}


def edges(text: str) -> list[tuple[str, str, str]]:
    return [(match[1], match[3], match[2] or "") for match in map(EDGE.fullmatch, text.splitlines()) if match]


def test_steps_joins_and_guards_are_drawn() -> None:
    text = as_mermaid(WORKFLOW)
    assert text.splitlines()[3] == "flowchart LR"
    assert nodes(text) == {
        "begin": "Tiếp nhận",
        "s1": "Bước 1: Tiếp nhận<br/>Ủy ban nhân dân cấp xã<br/>10% · công chức",
        "s2": "Bước 2: Thẩm định<br/>Phòng Một<br/>40%",
        "s3": "Bước 3: Phòng Hai<br/>20%",
        "s4": "Bước 4: Phòng Ba<br/>20%",
        "s5": "Bước 5: Ký<br/>Phòng Một<br/>50% · lãnh đạo",
        "s6": "Bước 6: Trả<br/>Phòng Một<br/>không tính thời gian",
        "finish": "Trả kết quả",
        "j5": "2 trong 3",
    }
    assert edges(text) == [
        ("begin", "s1", ""),
        ("s1", "s2", "kênh: trực tuyến, bưu chính; đơn vị: H12.970"),
        ("s1", "s3", "trường hợp: Cấp mới"),
        ("s1", "s4", ""),
        ("s2", "j5", ""),
        ("s3", "j5", ""),
        ("s4", "j5", ""),
        ("j5", "s5", ""),
        ("s5", "s6", ""),
        ("s6", "finish", ""),
    ]


def test_joins_are_labelled_as_people_say_them() -> None:
    for needs, label in ((0, "tất cả"), (1, "bất kỳ"), (2, "2 trong 3")):
        steps = (*WORKFLOW.steps[:4], replace(WORKFLOW.steps[4], needs=needs), WORKFLOW.steps[5])
        assert nodes(as_mermaid(replace(WORKFLOW, steps=steps)))["j5"] == label


def test_hours_are_shown_as_hours_and_days() -> None:
    steps = (WorkflowStep("A", 4.0), WorkflowStep("B", 12.0, after=(1,)), WorkflowStep("C", 8.0, after=(2,)))
    drawn = nodes(as_mermaid(replace(WORKFLOW, steps=steps, in_hours=True)))
    assert [drawn[f"s{n}"].split("<br/>")[1] for n in (1, 2, 3)] == ["4 giờ", "1,5 ngày", "1 ngày"]


def test_the_title_names_procedure_version_and_where_the_workflow_comes_from() -> None:
    for workflow, source in (
        (WORKFLOW, "quy trình nội bộ lần 3"),
        (
            replace(derive("1.000001", 2, Mechanism.ONE_STOP, ("A",)), name="Cấp giấy phép"),
            "theo thứ tự cơ quan của danh mục",
        ),
    ):
        front = as_mermaid(workflow).split("---\n")[1]
        assert yaml.safe_load(front) == {"title": f"1.000001 Cấp giấy phép (phiên bản 2; {source})"}


def test_branches_that_begin_at_once_or_end_side_by_side_are_joined_to_begin_and_finish() -> None:
    drawn = edges(as_mermaid(replace(WORKFLOW, steps=(WorkflowStep("A", 1.0), WorkflowStep("B", 1.0)))))
    assert drawn == [("begin", "s1", ""), ("s1", "finish", ""), ("begin", "s2", ""), ("s2", "finish", "")]


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_breaks_out_of_its_quotes(name: str, case: str) -> None:
    """Undoing the entities gives the name back, but for spaces."""
    step = WorkflowStep(name, 1.0, name, name, guard=Guard(cases=(case,)))
    text = as_mermaid(replace(WORKFLOW, name=name, steps=(step,)))
    title, *lines = text.splitlines()[1:]
    assert title.startswith('title: "')
    assert len(lines) == 7
    [(*_, label)] = [edge for edge in edges(text) if edge[1] == "s1"]
    assert _plain(label) == f"trường hợp: {' '.join(case.split())}".strip()
    drawn = nodes(text)["s1"]
    assert "%%" not in drawn
    assert "`" not in drawn
    assert _plain(drawn.split("<br/>")[0]) == f"Bước 1: {' '.join(name.split())}".strip()


def _plain(text: str) -> str:
    return re.sub(r"#([0-9]+);", lambda match: chr(int(match[1])), text).strip()


def test_as_data_a_step_shows_its_part_of_the_whole_and_its_hours_where_the_file_states_them() -> None:
    shown = as_data(WORKFLOW)
    assert (shown["procedure_code"], shown["version"], shown["revision"], shown["source"]) == ("1.000001", 2, 3, "file")
    assert shown["steps"][4] == {
        "step": 5, "id": "5", "name": "Ký", "agency": "Phòng Một", "role": "lãnh đạo", "share": 0.5, "hours": None,
        "after": [2, 3, 4], "join": 2, "accept_hours": None, "channels": [], "units": [], "cases": [],
    }  # fmt: skip
    assert [step["join"] for step in shown["steps"]] == [None, None, None, None, 2, None]
    thirds = as_data(derive("1.000001", 1, Mechanism.ONE_STOP, ("A", "B", "C")))
    assert (thirds["source"], [step["share"] for step in thirds["steps"]]) == ("catalogue", [0.333333] * 3)
    hours = as_data(
        replace(WORKFLOW, in_hours=True, steps=(WorkflowStep("A", 4.0), WorkflowStep("B", 12.0, after=(1,))))
    )
    assert [(step["share"], step["hours"]) for step in hours["steps"]] == [(0.25, 4.0), (0.75, 12.0)]
